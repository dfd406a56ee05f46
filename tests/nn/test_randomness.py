"""Random draws: one generator per purpose, the same numbers always."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np

from nn.initializers import initial_parameters
from nn.layout import Layout
from nn.randomness import Purpose, generator, shuffled
from nn.reference import flat_parameters, network_of
from tests.nn.jobs import JOBS


def test_purpose_seed_and_epoch_each_give_another_generator() -> None:
    keys = [
        (purpose, seed, epoch) for purpose in Purpose for seed in (0, 1, 2**64 - 1) for epoch in (0, 1, 2)
    ]
    assert len({generator(*key).getrandbits(64) for key in keys}) == len(keys)
    assert generator(*keys[5]).random() == generator(*keys[5]).random()


def test_shuffled_is_what_the_standard_library_does_today() -> None:
    for count in (0, 1, 2, 3, 8, 100, 1025):
        order = list(range(count))
        Random(count).shuffle(order)
        assert shuffled(count, Random(count)) == order


def test_every_order_is_equally_likely() -> None:
    source = Random(0)
    seen = Counter(tuple(shuffled(3, source)) for _ in range(6000))
    assert len(seen) == 6
    assert all(850 < count < 1150 for count in seen.values())


def test_initial_parameters_are_those_of_a_new_network() -> None:
    for job in JOBS.values():
        inputs = job.dataset.inputs.shape[1]
        drawn = [value.data for value in flat_parameters(network_of(job.spec, inputs))]
        layout = Layout((inputs, *job.spec.model.layers))
        assert initial_parameters(job.spec, layout).tolist() == drawn


def test_weights_stay_within_their_initializers_limit_and_biases_are_zero() -> None:
    job = JOBS["three classes"]  # xavier
    layout = Layout((3, *job.spec.model.layers))
    for weights, biases in layout.split(initial_parameters(job.spec, layout)):
        outputs, inputs = weights.shape
        assert np.abs(weights).max() < (6.0 / (inputs + outputs)) ** 0.5
        assert not biases.any()
