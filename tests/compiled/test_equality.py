"""The compiled trainer gives the reference's bits: weights, curves, checkpoints, whatever the training."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nn.training import Diverged
from tests.compiled.trainings import Training, finish, generated, run, trainings


@generated(150)
@given(trainings())
def test_any_training_ends_with_the_same_bits(training: Training) -> None:
    assert run(training, "compiled") == run(training, "reference")


@generated(10)
@given(trainings(rows=st.integers(120, 300), epochs=2))
def test_more_samples_than_go_through_the_layers_at_once_change_no_bit(training: Training) -> None:
    assert run(training, "compiled") == run(training, "reference")


@generated(60)
@given(trainings(), st.integers(1, 5000))
def test_short_calls_give_the_bits_of_a_long_one(training: Training, work: int) -> None:
    assert finish(training.start("compiled"), [], work) == run(training, "reference")


@generated(60)
@given(
    trainings(),
    st.lists(st.tuples(st.sampled_from(["reference", "compiled"]), st.integers(1, 20_000)), min_size=1),
)
def test_a_training_handed_from_trainer_to_trainer_ends_with_the_same_bits(
    training: Training, hands: list[tuple[str, int]]
) -> None:
    checkpoint, curves = None, []
    for trainer, work in hands:
        begun = training.start(trainer, checkpoint)
        try:
            curves.append(begun.advance(work).curve)
        except Diverged as diverged:
            curves.append(diverged.progress.curve)
        checkpoint = begun.checkpoint()
    assert finish(training.start("compiled", checkpoint), curves) == run(training, "reference")
