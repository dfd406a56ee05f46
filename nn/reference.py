"""The reference trainer: the network run on `Value`s, one sample after the other. It is the definition.

Read `_train` from the top: epochs of steps of samples. It is a generator that yields wherever the training
may be interrupted, with the work done since, and so `advance` can come back in the middle of anything.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from engine import Value
from nn.layout import Layout
from nn.losses import LOSSES, loss_scale, network_activations
from nn.metrics import metric_names, monitored_metric, total_squares
from nn.network import MLP
from nn.optimizers import rule_of
from nn.randomness import Purpose, generator, shuffled
from nn.regularization import add_penalty_gradient, clip, penalty
from nn.schedules import learning_rate
from nn.state import TrainingState, initial_state
from nn.tally import Tally, mean_loss, score
from nn.training import Diverged, Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from nn.numerics import Floats
    from nn.preparation import Prepared
    from nn.spec import Spec
    from nn.training import TrainerName


class ReferenceTrainer:
    """Trains on `Value`s; see `nn.training.Trainer`.

    Args:
        spec: what to train.
        prepared: the data, from `nn.preparation.prepare`.
        checkpoint: where to go on, from `checkpoint()` of either trainer; None begins afresh.

    Raises:
        Unreadable: the checkpoint is damaged or belongs to another training.
    """

    name: TrainerName = "reference"

    def __init__(self, spec: Spec, prepared: Prepared, checkpoint: bytes | None = None) -> None:
        self._spec, self._training, self._data = spec, spec.training, prepared
        self._layout = Layout((prepared.train_inputs.shape[1], *spec.model.layers))
        self._loss = LOSSES[spec.training.loss]
        self._rule = rule_of(spec.training.optimizer)
        self._fresh = initial_state(spec, self._layout)
        self._state = TrainingState.from_bytes(checkpoint, self._fresh) if checkpoint else copy(self._fresh)
        self._network = network_of(spec, self._layout.widths[0])
        self._values = flat_parameters(self._network)
        self._show(self._state.parameters)
        self._names = metric_names(spec.problem, prepared.validation_inputs is not None)
        self._train_squares = total_squares(prepared.train_targets)
        held_out = prepared.validation_targets
        self._validation_squares = [] if held_out is None else total_squares(held_out)
        self._curve: list[dict[str, float]] = []
        self._running = self._train()

    def advance(self, work: int) -> Progress:
        """Train on for about `work` multiply-adds; see `nn.training.Trainer.advance`."""
        self._curve = []
        for done in self._running:
            work -= done
            if work <= 0:
                break
        progress = self._progress()
        if self._state.diverged_in:
            raise Diverged(self._state.diverged_in, progress)
        return progress

    def checkpoint(self) -> bytes:
        """Return the state as of the last completed step."""
        return self._state.to_bytes()

    @property
    def kept_epoch(self) -> int:
        """The epoch whose parameters `parameters()` returns."""
        return self._state.kept_epoch

    def parameters(self) -> Floats:
        """Return a copy of the parameters (count,) of the last completed epoch, or the best once stopped."""
        return self._state.kept.copy()

    def _progress(self) -> Progress:
        curve = {name: np.array([metrics[name] for metrics in self._curve]) for name in self._names}
        return Progress(self._state.epoch, curve, self._state.best_epoch, self._state.stop_reason)

    def _train(self) -> Iterator[int]:
        while not self._state.is_over:
            yield from self._epoch()

    def _epoch(self) -> Iterator[int]:
        state, training = self._state, self._training
        samples = len(self._data.train_inputs)
        size = training.batch_size or samples
        steps = -(-samples // size)
        epoch = state.epoch + 1
        rate = learning_rate(training, epoch)
        order: Sequence[int] = range(samples)
        if training.shuffle:
            order = shuffled(samples, generator(Purpose.SHUFFLE, training.seed, epoch))
        while state.step < steps:
            scalars = self._rule.scalars(rate, state.epoch * steps + state.step + 1)
            yield from self._step(order[state.step * size : (state.step + 1) * size], scalars)
        validation = yield from self._validate()
        self._end_epoch(validation, steps)

    def _step(self, batch: Sequence[int], scalars: tuple[float, ...]) -> Iterator[int]:
        for value in self._values:
            value.grad = 0.0
        scale = loss_scale(self._training, len(batch), self._layout.widths[-1])
        tally = self._state.tally.copy()
        for sample in batch:
            loss = self._sample(self._data.train_inputs[sample], self._data.train_targets[sample], tally)
            (loss * scale).backward()
            yield self._layout.training_work
        self._update(scalars, tally)
        yield self._layout.count

    def _sample(self, inputs: Floats, targets: Floats, tally: Tally) -> Value:
        """Return the sample's loss as the root of its graph; add the sample to `tally`."""
        predictions = self._network.outputs([Value(x) for x in inputs.tolist()])
        wanted = targets.tolist()
        loss = self._loss.function(predictions, wanted)
        tally.add(loss.data, [prediction.data for prediction in predictions], wanted)
        return loss

    @np.errstate(all="ignore")  # a number that overflows is found at the end of its epoch
    def _update(self, scalars: tuple[float, ...], tally: Tally) -> None:
        """Complete a step: all samples of its batch have added to the gradients."""
        state, training = self._state, self._training
        gradients = np.array([value.grad for value in self._values])
        tally.penalty += penalty(training, self._layout, state.parameters)
        add_penalty_gradient(training, self._layout, state.parameters, gradients)
        if training.gradient_clip_norm is not None:
            gradients = clip(gradients, training.gradient_clip_norm)
        state.parameters, memory = self._rule.update(
            state.parameters, gradients, tuple(state.memory), scalars, np.sqrt
        )
        state.memory = np.array(memory).reshape(state.memory.shape)
        state.tally, state.step = tally, state.step + 1
        self._show(state.parameters)

    def _validate(self) -> Generator[int, None, Tally]:
        """Return the sums over the validation samples with the parameters as they are."""
        tally = self._fresh.tally.copy()
        inputs, targets = self._data.validation_inputs, self._data.validation_targets
        if inputs is not None and targets is not None:
            tally.penalty = penalty(self._training, self._layout, self._state.parameters)
            for row, wanted in zip(inputs, targets, strict=True):
                self._sample(row, wanted, tally)
                yield self._layout.weight_count
        return tally

    @np.errstate(all="ignore")
    def _end_epoch(self, validation: Tally, steps: int) -> None:
        """Note the epoch's metrics, or go back to the epoch before it if one of its numbers is not finite."""
        training, data, state = self._training, self._data, self._state
        losses = [mean_loss(training, state.tally, data.train_targets.shape, steps)]
        scores = [score(state.tally, len(data.train_targets), self._train_squares)]
        if data.validation_targets is not None:
            losses.append(mean_loss(training, validation, data.validation_targets.shape, 1))
            scores.append(score(validation, len(data.validation_targets), self._validation_squares))
        metrics = dict(zip(self._names, losses + scores, strict=True))
        if np.isfinite(losses + scores).all() and np.isfinite(state.parameters).all():
            self._curve.append(metrics)
            state.end_epoch(training, metrics[monitored_metric(training, self._names)])
        else:
            state.diverge(self._fresh.memory)

    def _show(self, parameters: Floats) -> None:
        """Write the flat parameters into the network."""
        for value, number in zip(self._values, parameters.tolist(), strict=True):
            value.data = number


def network_of(spec: Spec, inputs: int) -> MLP:
    """Return the network as it is trained: its outputs are what the loss takes."""
    *hidden, last = network_activations(spec)
    return MLP(
        inputs,
        spec.model.layers,
        activation=hidden,
        output_activation=last,
        initializer=spec.model.initializer,
        generator=generator(Purpose.INITIALIZATION, spec.training.seed),
    )


def flat_parameters(network: MLP) -> list[Value]:
    """Return the parameters in the flat order: of each layer the weights row by row, then the biases."""
    values: list[Value] = []
    for layer in network.layers:
        values += [weight for neuron in layer.neurons for weight in neuron.weights]
        values += [neuron.bias for neuron in layer.neurons]
    return values
