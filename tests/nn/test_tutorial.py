"""The tutorial's listings about networks, typed against us: names, printed forms, the training run."""

from __future__ import annotations

import random

import pytest

from engine import Value
from nn import MLP, Layer, Module, Neuron
from nn.reference import ReferenceTrainer, flat_parameters, network_of
from tests.nn.jobs import JOBS, TUTORIAL_DATA

XS = TUTORIAL_DATA.inputs.tolist()
YS = [0.0, 1.0, 0.0]


def test_a_module_has_no_parameters() -> None:
    assert Module().parameters() == []


def test_a_neuron_prints_its_name_inputs_and_activation() -> None:
    assert repr(Neuron(number_inputs=2, name=1)) == "Neuron 1(Number=2, Non-Linearity=ReLU)"
    assert repr(Neuron(2, 1, is_nonlinear=False)) == "Neuron 1(Number=2, Non-Linearity=None)"
    assert repr(Neuron(2, 1, activation="tanh")) == "Neuron 1(Number=2, Non-Linearity=Tanh)"


def test_a_layer_prints_its_neurons() -> None:
    assert repr(Layer(number_inputs=2, number_outputs=2, name=0)) == (
        "Layer 0 \n"
        "    - Neuron 0(Number=2, Non-Linearity=ReLU)\n"
        "    - Neuron 1(Number=2, Non-Linearity=ReLU)\n"
    )


def test_an_mlp_prints_its_layers_and_its_last_one_is_linear() -> None:
    assert repr(MLP(number_inputs=2, list_number_outputs=[2, 1])) == (
        "MLP of \n"
        "  - Layer 0 \n"
        "    - Neuron 0(Number=2, Non-Linearity=ReLU)\n"
        "    - Neuron 1(Number=2, Non-Linearity=ReLU)\n"
        "\n"
        "  - Layer 1 \n"
        "    - Neuron 0(Number=2, Non-Linearity=None)\n"
    )


def test_a_neuron_is_bias_plus_products_in_order_then_relu() -> None:
    neuron = Neuron(3, "n")
    for weight, number in zip(neuron.weights, (0.1, 0.2, 0.3), strict=True):
        weight.data = number
    neuron.bias.data = 0.4
    assert neuron([1.5, 2.5, 3.5]).data == ((0.4 + 0.1 * 1.5) + 0.2 * 2.5) + 0.3 * 3.5
    neuron.bias.data = -4.0
    assert neuron([1.5, 2.5, 3.5]).data == 0.0


def test_a_new_neuron_has_weights_between_minus_one_and_one_and_no_bias() -> None:
    neuron = Neuron(200, 0, generator=random.Random(0))
    numbers = [weight.data for weight in neuron.weights]
    assert min(numbers) < -0.9
    assert max(numbers) > 0.9
    assert all(-1.0 <= number < 1.0 for number in numbers)
    assert neuron.bias.data == 0.0


def test_a_neuron_refuses_another_number_of_inputs() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Neuron(3, 0)([1.0, 2.0])


def test_parameters_are_weights_then_bias_neuron_by_neuron() -> None:
    layer = Layer(2, 2, 0)
    first, second = layer.neurons
    assert layer.parameters() == [*first.weights, first.bias, *second.weights, second.bias]
    network = MLP(2, [2, 1])
    assert network.parameters() == [*network.layers[0].parameters(), *network.layers[1].parameters()]


def test_zero_grad_sets_every_gradient_to_zero() -> None:
    network = MLP(2, [2, 1])
    for parameter in network.parameters():
        parameter.grad = 1.0
    network.zero_grad()
    assert {parameter.grad for parameter in network.parameters()} == {0.0}


def test_one_output_is_a_value_and_several_are_a_list() -> None:
    assert isinstance(Layer(2, 1, 0)([1.0, 2.0]), Value)
    several = MLP(2, [3, 2])([1.0, 2.0])
    assert isinstance(several, list)
    assert len(several) == 2


def test_a_hidden_layer_may_be_one_neuron_wide() -> None:
    """In micrograd the next layer is handed a bare value and fails."""
    assert isinstance(MLP(2, [1, 1])([1.0, 2.0]), Value)


def test_micrograds_names_work() -> None:
    neuron = MLP(3, [4, 4, 1]).layers[0].neurons[0]
    assert neuron.w is neuron.weights
    assert neuron.b is neuron.bias


def test_random_seed_decides_the_weights_of_a_network_without_a_generator() -> None:
    random.seed(1337)
    first = [parameter.data for parameter in MLP(2, [3, 1]).parameters()]
    random.seed(1337)
    expected = [random.uniform(-1, 1) for _ in range(2)]
    assert first[:2] == expected


def test_a_job_begins_with_the_weights_that_its_seed_gives_the_tutorials_reader() -> None:
    job = JOBS["tutorial"]
    random.seed(job.spec.training.seed)
    drawn = [parameter.data for parameter in flat_parameters(MLP(3, [3, 3, 1]))]
    assert drawn == [parameter.data for parameter in flat_parameters(network_of(job.spec, 3))]


def test_activations_may_differ_by_layer_and_must_be_as_many_as_the_hidden_layers() -> None:
    network = MLP(1, [2, 2, 1], activation=["tanh", "sigmoid"], output_activation="leaky_relu")
    assert [layer.neurons[0].activation for layer in network.layers] == ["tanh", "sigmoid", "leaky_relu"]
    with pytest.raises(ValueError, match="2 hidden layers"):
        MLP(1, [2, 2, 1], activation=["tanh"])


def test_the_trainer_does_what_the_tutorials_loop_does() -> None:
    """Its loop has one graph for all samples, which adds the same shares, last sample first."""
    job = JOBS["tutorial"]
    network = network_of(job.spec, 3)
    losses = []
    for _ in range(50):
        predictions = [network(x) for x in XS]
        loss = sum((y - prediction) ** 2 for y, prediction in zip(YS, predictions, strict=True))
        network.zero_grad()
        loss.backward()
        for layer in network.layers:
            for neuron in layer.neurons:
                for weight in neuron.weights:
                    weight.data -= 1e-2 * weight.grad
                neuron.bias.data -= 1e-2 * neuron.bias.grad
        losses.append(loss.data)

    trainer = ReferenceTrainer(job.spec, job.prepared)
    curve = trainer.advance(10**9).curve["train_loss"]
    assert curve.tolist() == pytest.approx(losses, rel=1e-12)
    weights = [value.data for value in flat_parameters(network)]
    assert trainer.parameters().tolist() == pytest.approx(weights, rel=1e-12)
    assert losses[-1] < losses[0]
