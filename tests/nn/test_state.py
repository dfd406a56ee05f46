"""Early stopping, the best epoch, and what a checkpoint holds."""

from __future__ import annotations

import numpy as np
import pytest

from nn.layout import Layout
from nn.packing import Unreadable, pack
from nn.spec import Adam, EarlyStopping, TrainingSpec
from nn.state import TrainingState, initial_state
from tests.nn.jobs import JOBS, model, regression, training

LAYOUT = Layout((3, 2, 1))
SPEC = regression(model(2, 1), optimizer=Adam())


def after(losses: list[float], spec: TrainingSpec) -> TrainingState:
    """Return the state after epochs with these losses; epoch k ends with every parameter k."""
    state = initial_state(SPEC, LAYOUT)
    for epoch, loss in enumerate(losses, start=1):
        assert not state.is_over
        state.parameters = np.full(LAYOUT.count, float(epoch))
        state.step = 1
        state.end_epoch(spec, loss)
    return state


def stopping(
    patience: int, min_delta: float = 0.0, restore_best: bool = True, epochs: int = 100
) -> TrainingSpec:
    return training(
        epochs=epochs, early_stopping=EarlyStopping("train_loss", patience, min_delta, restore_best)
    )


def test_training_stops_after_patience_epochs_without_a_lower_loss() -> None:
    state = after([5.0, 4.0, 4.5, 4.0], stopping(patience=2))
    assert state.stop_reason == "early_stopping"
    assert state.epoch == 4
    assert state.best_epoch == 2


def test_without_patience_training_stops_at_the_first_epoch_that_is_not_better() -> None:
    assert after([5.0, 4.0], stopping(patience=0)).stop_reason is None
    assert after([5.0, 4.0, 4.0], stopping(patience=0)).stop_reason == "early_stopping"


def test_a_lower_loss_begins_the_waiting_anew() -> None:
    assert after([5.0, 6.0, 4.0, 6.0], stopping(patience=2)).stop_reason is None


def test_a_loss_must_fall_by_more_than_min_delta_below_the_bar() -> None:
    """Small steps add up against the same bar, as in Keras."""
    assert after([5.0, 4.5, 4.0], stopping(patience=2, min_delta=1.0)).stop_reason == "early_stopping"
    assert after([5.0, 4.5, 3.9, 3.8], stopping(patience=2, min_delta=1.0)).stop_reason is None


def test_the_best_epoch_is_the_lowest_however_little() -> None:
    state = after([5.0, 4.9, 4.8], stopping(patience=2, min_delta=1.0))
    assert (state.best_epoch, state.best) == (3, 4.8)


def test_restore_best_brings_back_the_best_parameters_however_the_training_ends() -> None:
    for state in (after([5.0, 4.0, 6.0, 6.0], stopping(2)), after([5.0, 4.0, 6.0], stopping(9, epochs=3))):
        assert set(state.kept.tolist()) == set(state.parameters.tolist()) == {2.0}
        assert state.kept_epoch == 2


def test_without_restore_best_the_last_parameters_stay() -> None:
    state = after([5.0, 4.0, 6.0, 6.0], stopping(2, restore_best=False))
    assert set(state.kept.tolist()) == {4.0}
    assert state.kept_epoch == 4
    assert state.best_epoch == 2


def test_before_the_end_the_kept_parameters_are_the_last_epochs() -> None:
    state = after([5.0, 4.0, 6.0], stopping(9))
    assert set(state.kept.tolist()) == {3.0}
    assert state.kept_epoch == 3


def test_the_last_epoch_ends_the_training_by_itself() -> None:
    assert after([3.0, 2.0, 2.0], stopping(patience=1, epochs=3)).stop_reason == "max_epochs"
    assert after([3.0, 2.0], training(epochs=2)).stop_reason == "max_epochs"


def test_a_state_comes_back_from_its_bytes_between_and_inside_epochs() -> None:
    state = after([5.0, 4.0, 6.0], stopping(9))
    for step in (0, 4):
        state.step = step
        state.tally.loss, state.tally.penalty, state.tally.residual = 0.1 * step, 0.2 * step, [0.3 * step]
        state.memory = state.memory + 1.0
        if step:
            state.parameters = state.parameters + 1.0
        back = TrainingState.from_bytes(state.to_bytes(), initial_state(SPEC, LAYOUT))
        assert back.to_bytes() == state.to_bytes()
        assert back.kept.tolist() == state.kept.tolist()
        assert back.tally == state.tally
        assert back.memory.tolist() == state.memory.tolist()


def test_a_checkpoint_of_another_training_is_refused() -> None:
    checkpoint = initial_state(SPEC, LAYOUT).to_bytes()
    others = [
        (SPEC, Layout((4, 2, 1))),
        (regression(model(2, 1)), LAYOUT),
        (JOBS["xor"].spec, LAYOUT),
    ]
    for spec, layout in others:
        with pytest.raises(Unreadable, match="another"):
            TrainingState.from_bytes(checkpoint, initial_state(spec, layout))


def test_a_checkpoint_of_other_arithmetic_is_refused() -> None:
    with pytest.raises(Unreadable, match="numerics version 0"):
        TrainingState.from_bytes(pack("checkpoint", {"numerics_version": 0}, {}), initial_state(SPEC, LAYOUT))


def test_diverging_goes_back_to_the_last_epoch_and_keeps_no_number_that_is_not_finite() -> None:
    state = after([5.0, 4.0], training())
    state.parameters, state.memory = np.full(LAYOUT.count, np.nan), np.full_like(state.memory, np.inf)
    state.step, state.tally.loss = 3, np.inf
    initial = initial_state(SPEC, LAYOUT)
    state.diverge(initial.memory)
    assert (state.diverged_in, state.epoch, state.step, state.kept_epoch) == (3, 2, 0, 2)
    assert set(state.parameters.tolist()) == set(state.kept.tolist()) == {2.0}
    assert state.memory.tolist() == initial.memory.tolist()
    assert state.tally == initial.tally
    assert state.is_over
