"""The learning rate of every epoch."""

from __future__ import annotations

import mpmath
import pytest

from nn.schedules import learning_rate
from nn.spec import Constant, Cosine, InverseScaling, Linear, Schedule, Step
from tests.nn.jobs import training

ALL: list[Schedule] = [Constant(), Linear(0.001), Step(3, 0.1), Cosine(0.1), InverseScaling(0.25)]


def rates(schedule: Schedule, epochs: int) -> list[float]:
    spec = training(learning_rate=0.5, epochs=epochs, schedule=schedule)
    return [learning_rate(spec, epoch) for epoch in range(1, epochs + 1)]


@pytest.mark.parametrize("schedule", ALL, ids=lambda schedule: type(schedule).__name__)
def test_the_first_epoch_has_the_specs_learning_rate_and_none_is_above(schedule: Schedule) -> None:
    assert rates(schedule, 7)[0] == 0.5
    assert max(rates(schedule, 7)) == 0.5


def test_constant_stays() -> None:
    assert set(rates(Constant(), 9)) == {0.5}


def test_linear_falls_by_equal_steps_and_would_end_one_epoch_after_the_last() -> None:
    assert rates(Linear(0.1), 4) == pytest.approx([0.5, 0.4, 0.3, 0.2])


def test_step_multiplies_after_every_so_many_epochs() -> None:
    assert rates(Step(2, 0.5), 5) == [0.5, 0.5, 0.25, 0.25, 0.125]


def test_cosine_is_half_a_wave_down_to_alpha() -> None:
    exact = [0.5 * (0.9 * (1 + float(mpmath.cos(mpmath.pi * done / 8))) / 2 + 0.1) for done in range(8)]
    assert rates(Cosine(0.1), 8) == pytest.approx(exact, rel=1e-15)


def test_inverse_scaling_divides_by_a_power_of_the_epoch() -> None:
    assert rates(InverseScaling(0.5), 4) == pytest.approx([0.5, 0.5 / 2**0.5, 0.5 / 3**0.5, 0.25])
    assert rates(InverseScaling(1.0), 4) == [0.5, 0.5 / 2, 0.5 / 3, 0.5 / 4]
