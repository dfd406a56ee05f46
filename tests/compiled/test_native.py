"""What is written with `Value` runs natively, new or not; what cannot, runs on the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numba.core import event

from engine import Value
from nn import trainers
from nn.activations import ACTIVATIONS
from nn.compiled.programs import loss_program
from nn.data import Dataset
from nn.losses import LOSSES, Target
from nn.preparation import prepare
from tests.compiled.trainings import Training, run
from tests.nn.jobs import classification, model, regression


def swish(x: Value) -> Value:
    """Return x sigmoid(x); Ramachandran, Zoph, Le, "Searching for activation functions" (2017)."""
    return x * x.sigmoid()


def gelu(x: Value) -> Value:
    """Return the usual approximation with tanh of x times the normal distribution's function."""
    return x * 0.5 * ((x + x**3 * 0.044715) * 0.7978845608028654).tanh() + x * 0.5


def log_cosh(predictions: Any, targets: Any) -> Value:
    """Return the sum of log(cosh(p - t)), Keras's `LogCosh`."""
    total = Value(0.0)
    for prediction, target in zip(predictions, targets, strict=True):
        error = prediction - target
        total = total + ((error.exp() + (-error).exp()) * 0.5).log()
    return total


def cosine_distance(predictions: Any, targets: Any) -> Value:
    """Return 1 - the cosine of the angle between p and t, a loss that no output has a term of."""
    dot, lengths = Value(0.0), [Value(1e-3), Value(1e-3)]
    for prediction, target in zip(predictions, targets, strict=True):
        dot = dot + prediction * target
        lengths = [lengths[0] + prediction**2, lengths[1] + target**2.0]
    return 1.0 - dot / (lengths[0] * lengths[1]) ** 0.5


def leaky_by_hand(x: Value) -> Value:
    """Decide by the number, which a graph cannot."""
    return x if x.data > 0.0 else x * 0.3


def distance_by_hand(prediction: Value, target: Target) -> Value:
    error = prediction - target
    return error if error.data > 0.0 else -error


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
    """Add an activation, or a loss like the squared error, under a name of its own."""

    def add(name: str, thing: Any, **row: Any) -> None:
        if row:
            monkeypatch.setitem(LOSSES, name, replace(LOSSES["squared_error"], function=thing, **row))
        else:
            monkeypatch.setitem(ACTIVATIONS, name, thing)

    return add


@pytest.fixture
def compilations() -> Iterator[list[str]]:
    """What Numba compiles meanwhile."""
    names: list[str] = []

    class Listener(event.Listener):  # type: ignore[misc]
        def on_start(self, event: Any) -> None:
            names.append(str(event.data["dispatcher"]))

        def on_end(self, event: Any) -> None:
            pass

    trainers.warm()
    with event.install_listener("numba:compile", Listener()):
        yield names


def training(**changes: Any) -> Training:
    random = np.random.default_rng(40)
    dataset = Dataset(random.normal(size=(30, 4)), random.normal(size=(30, 3)))
    spec = regression(
        model(9, 8, 3, activation=changes.pop("activation", "relu"), initializer="xavier"),
        epochs=4,
        batch_size=7,
        shuffle=True,
        **changes,
    )
    return Training(spec, prepare(spec, dataset))


NEW: dict[str, Callable[[Any], dict[str, Any]]] = {
    "swish": lambda add: add("swish", swish) or {"activation": "swish"},
    "gelu": lambda add: add("gelu", gelu) or {"activation": "gelu"},
    "log_cosh": lambda add: add("log_cosh", log_cosh, elementwise=True) or {"loss": "log_cosh"},
    "cosine_distance": lambda add: (
        add("cosine_distance", cosine_distance, elementwise=False) or {"loss": "cosine_distance"}
    ),
}


@pytest.mark.parametrize("name", NEW)
def test_a_new_activation_or_loss_runs_natively_with_nothing_compiled(
    name: str, registered: Callable[[str, Any], None], compilations: list[str]
) -> None:
    new = training(**NEW[name](registered))

    outcome = run(new, "compiled")

    assert compilations == []
    assert trainers.start(new.spec, new.prepared).name == "compiled"
    assert outcome == run(new, "reference")
    assert outcome.epoch == 4
    assert outcome.parameters != run(training(), "compiled").parameters


@pytest.mark.parametrize(
    "by_hand",
    [
        lambda add: add("leaky_by_hand", leaky_by_hand) or {"activation": "leaky_by_hand"},
        lambda add: (
            add("distance", lambda p, t: sum(map(distance_by_hand, p, t)), elementwise=False)
            or {"loss": "distance"}
        ),
    ],
    ids=["activation", "loss"],
)
def test_what_decides_by_its_numbers_runs_on_the_reference(
    by_hand: Callable[[Any], dict[str, Any]], registered: Callable[[str, Any], None]
) -> None:
    """A recording would hold one side of the branch and be wrong on the other, without a sign of it."""
    by_hand_now = training(**by_hand(registered))
    spec, prepared = by_hand_now.spec, by_hand_now.prepared

    trainer = trainers.start(spec, prepared)

    assert trainer.name == "reference"
    progress = trainer.advance(10**9)
    assert (progress.epoch, progress.stop_reason) == (4, "max_epochs")
    again = trainers.start(spec, prepared, trainer.checkpoint())
    assert again.parameters().tobytes() == trainer.parameters().tobytes()


def test_a_cross_entropy_of_many_classes_is_concluded_from_few() -> None:
    """And is the loss that recording gives, in a training."""
    classes = 40
    random = np.random.default_rng(40)
    labels = np.arange(2 * classes, dtype=float).reshape(-1, 1) % classes
    dataset = Dataset(random.normal(size=(2 * classes, 3)), labels, tuple(range(classes)))
    spec = classification(model(4, classes, output="softmax"), loss="cross_entropy", epochs=2)
    training = Training(spec, prepare(spec, dataset))
    recorded = loss_program.cache_info().misses
    concluded = run(training, "compiled")
    assert loss_program.cache_info().misses <= recorded + 3, "not the wide one"
    assert concluded == run(training, "reference")
