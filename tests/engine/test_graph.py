"""The graph behind a `Value`: its order, its depth, its life."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
import time

import pytest

from engine import Value


def test_operands_are_kept_in_order():
    a, b = Value(1.0), Value(2.0)

    assert (a + b)._prev == (a, b)
    assert (b * a)._prev == (b, a)
    assert (a * a)._prev == (a, a)
    assert a in (a + b)._prev


def test_a_value_used_twice_gets_both_shares():
    a = Value(3.0)

    (a * a + a).backward()

    assert a.grad == 7.0


def depth_first(value: Value, seen: set[Value]) -> list[Value]:
    """The order as it would be written if Python's stack had no end."""
    if value in seen or not value._prev:
        return []
    seen.add(value)
    return [node for operand in value._prev for node in depth_first(operand, seen)] + [value]


def test_the_walk_is_depth_first_from_left_to_right():
    draw = random.Random(3)
    for _ in range(200):
        pool = [Value(draw.random()) for _ in range(3)]
        for _ in range(draw.randint(1, 25)):
            a, b = draw.choice(pool), draw.choice(pool)
            pool.append(
                draw.choice([lambda a=a, b=b: a + b, lambda a=a, b=b: a * b, a.tanh, lambda a=a: a**2])()
            )

        assert pool[-1]._operands_first() == depth_first(pool[-1], set())


def test_shares_are_added_in_the_reverse_of_depth_first_order():
    """1 + 2**-53 rounds to 1 whereas 2**-53 + 2**-53 + 1 does not, so the order is visible in the sum."""
    tiny = 2.0**-53
    x = Value(1.0)

    (((x * 1.0) + (x * tiny)) + (x * tiny)).backward()
    last_first = x.grad
    x.grad = 0.0
    (((x * tiny) + (x * tiny)) + (x * 1.0)).backward()

    assert last_first == 1.0 + 2.0**-52
    assert x.grad == 1.0


def test_leaves_accumulate_over_several_calls_and_the_rest_starts_afresh():
    a, b = Value(2.0), Value(3.0)
    product = a * b
    result = product**2

    result.backward()
    once = (a.grad, b.grad, product.grad, result.grad)
    result.backward()

    assert once == (36.0, 24.0, 12.0, 1.0)
    assert (a.grad, b.grad, product.grad, result.grad) == (72.0, 48.0, 12.0, 1.0)


def test_two_results_that_share_a_part_accumulate_on_the_leaves():
    a = Value(2.0)
    shared = a * 3.0
    first, second = shared * 5.0, shared * 7.0

    first.backward()
    second.backward()

    assert a.grad == 3.0 * 5.0 + 3.0 * 7.0
    assert shared.grad == 7.0


def test_backward_of_a_leaf_adds_one():
    a = Value(2.0)

    a.backward()
    a.backward()

    assert a.grad == 2.0


def test_a_sum_of_100_000_terms_runs_backward_in_seconds():
    terms = [Value(1.0) for _ in range(100_000)]
    started = time.process_time()

    total = sum(terms, Value(0.0))
    total.backward()

    assert total.data == 100_000.0
    assert all(term.grad == 1.0 for term in terms)
    assert time.process_time() - started < 5.0


def test_a_chain_of_300_000_is_freed_without_exhausting_the_stack():
    chain = Value(1.0)
    for _ in range(300_000):
        chain = chain.relu()

    del chain


@pytest.fixture
def garbage_collector_off():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("garbage_collector_off")
def test_a_graph_is_freed_when_it_goes_out_of_scope_without_the_garbage_collector():
    def alive() -> int:
        return sum(type(thing) is Value for thing in gc.get_objects())

    before = alive()
    x = Value(0.5)
    result = ((x * x + 3.0) / (x - 2.0)).tanh().exp().maximum(x.relu())
    result.backward()
    assert alive() > before + 10

    del x, result

    assert alive() == before


def test_the_engine_alone_does_not_load_numba():
    """Numba takes a quarter of a second to load, and a `Value` needs none of it."""
    check = "import sys, engine; sys.exit('numba' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


PROGRAM = """
import random
from engine import Value
draw = random.Random(7)
weights = [Value(draw.uniform(-1, 1)) for _ in range(40)]
hidden = [sum((w * draw.uniform(-1, 1) for w in weights[k:]), Value(0.1)).tanh() for k in range(20)]
for left, right in zip(hidden, hidden[1:]):
    (left * right / 3.0).exp().backward()
print([weight.grad.hex() for weight in weights])
"""


def test_results_do_not_depend_on_the_hash_seed_or_on_addresses():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={"PYTHONHASHSEED": seed, "PYTHONMALLOC": allocator},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed, allocator in [("0", "pymalloc"), ("1", "malloc"), ("4242", "pymalloc")]
    }

    assert len(outputs) == 1
