"""Products that leave out zero terms: the bits of those that do not, and when they may be used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit

from engine.kernels import skipping
from engine.kernels.machine import strip_panels
from engine.kernels.matmul import multiply_add
from engine.kernels.nonzero import WORD, all_finite, has_many_zeros, has_minus_zero, note_rows
from engine.kernels.skipping import multiply_add_some
from engine.kernels.vectors import VECTOR

UNTOUCHED = 12345.678

#: Up to whole strips and beyond; a word of terms, less, more, and several.
COLUMNS = (1, 8, 9, VECTOR * strip_panels(), VECTOR * strip_panels() + 1, 3 * VECTOR * strip_panels() - 3)
TERMS = (1, 31, WORD - 1, WORD, WORD + 1, 3 * WORD - 5)

#: What a factor that is not zero may be, and what a finite one may.
ANYTHING = np.array([1.0, -2.5, 5e-324, -1e-200, 1e300, np.inf, -np.inf, np.nan])
FINITE = np.array([0.0, -0.0, 1.0, -2.5, 5e-324, -1e-200, 1e300])


@njit(nogil=True, error_model="numpy")
def both(shape, a, b, start, dense, some, words, descends):
    """Run both kernels on arrays."""
    m, _, terms = shape
    note_rows(a.ctypes.data, a.shape[1], m, terms, words.ctypes.data, descends)
    factors, vectors = (a.ctypes.data, a.shape[1], 1), (b.ctypes.data, b.shape[1])
    begin, into = (start.ctypes.data, start.shape[1], VECTOR), (some.ctypes.data, some.shape[1])
    noted = (words.ctypes.data, words.shape[1], descends)
    multiply_add_some(shape, factors, vectors, begin, into, noted, (b.ctypes.data, 0))
    if descends:
        factors = (a.ctypes.data + 8 * (terms - 1), a.shape[1], -1)
        vectors = (b.ctypes.data + 8 * (terms - 1) * b.shape[1], -b.shape[1])
    multiply_add(shape, factors, vectors, begin, (dense.ctypes.data, dense.shape[1]))


@njit
def noted(matrix, columns, words, descends):
    note_rows(matrix.ctypes.data, matrix.shape[1], len(matrix), columns, words.ctypes.data, descends)


@njit
def many_zeros(matrix, columns):
    return has_many_zeros(matrix.ctypes.data, matrix.shape[1], len(matrix), columns)


@njit
def finite(matrix, columns):
    return all_finite(matrix.ctypes.data, matrix.shape[1], len(matrix), columns)


@njit
def minus_zero(numbers):
    return has_minus_zero(numbers.ctypes.data, len(numbers))


def room(rows: int, columns: int) -> np.ndarray[Any, Any]:
    """Return an array that vectors may be read from beyond its columns."""
    return np.full((rows, VECTOR * (-(-columns // VECTOR) + 1)), UNTOUCHED)


def wild(random: np.random.Generator, shape: tuple[int, int], among: np.ndarray[Any, Any]) -> Any:
    """Return random numbers with some of `among`."""
    numbers = random.normal(size=shape)
    return np.where(random.random(shape) < 0.2, random.choice(among, size=shape), numbers)


@pytest.mark.parametrize("descends", [False, True])
@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_leaving_out_zero_terms_changes_no_bit(
    share: float, columns: int, terms: int, descends: bool
) -> None:
    """Whatever the factors are: zeros of both signs, NaN, infinite, tiny, huge; the others only finite."""
    random = np.random.default_rng([columns, terms, round(10 * share)])
    rows = 5
    a = wild(random, (rows, terms), ANYTHING)
    zeros = random.random((rows, terms)) >= share
    a[zeros] = random.choice([0.0, -0.0], size=int(zeros.sum()))
    b, start = room(terms, columns), room(rows, columns)
    b[:, :columns] = wild(random, (terms, columns), FINITE)
    start[:, :columns] = np.abs(wild(random, (rows, columns), FINITE))
    dense, some = room(rows, columns), room(rows, columns)
    words = np.zeros((rows, -(-terms // WORD)), np.int64)

    with np.errstate(all="ignore"):
        both((rows, columns, terms), a, b, start, dense, some, words, descends)

    assert _same(some[:, :columns], dense[:, :columns])
    assert (some[:, columns:] == UNTOUCHED).all()


def _same(some: np.ndarray[Any, Any], dense: np.ndarray[Any, Any]) -> bool:
    """Whether all bits are equal but those of NaNs, of which the processor chooses sign and payload."""
    alike = np.isnan(some) & np.isnan(dense)
    return np.where(alike, 0.0, some).tobytes() == np.where(alike, 0.0, dense).tobytes()


def test_these_shapes_use_every_strip_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above cannot leave one out."""
    used = set()
    monkeypatch.setattr(skipping, "multiply_strip", lambda panels, *_: used.add(panels))
    monkeypatch.setattr(skipping, "get_word", lambda *_: 0)
    matrices = (0, 0, 0), (0, 0), (0, 0, 0), (0, 0), (0, 0, 0), (0, 0)
    for columns in (*COLUMNS, *range(1, VECTOR * strip_panels(), VECTOR)):
        shape = (1, columns, 1)
        skipping._multiply_add_some.py_func(shape, *matrices)
    assert used == set(range(1, strip_panels() + 1))


@pytest.mark.parametrize("columns", [1, 8, 13, WORD, WORD + 9, 2 * WORD])
@pytest.mark.parametrize("descends", [False, True])
def test_a_bit_is_set_for_each_number_that_is_not_zero(columns: int, descends: bool) -> None:
    random = np.random.default_rng(columns)
    matrix = np.full((3, columns + VECTOR), UNTOUCHED)
    matrix[:, :columns] = random.choice([0.0, -0.0, 1.0, np.nan, 5e-324], size=(3, columns))
    words = np.zeros((3, -(-columns // WORD)), np.uint64)

    noted(matrix, columns, words, descends)

    for row, its_words in zip(matrix, words, strict=True):
        for place, word in enumerate(its_words.tolist()):
            bits = [bool(word >> bit & 1) for bit in range(WORD)]
            numbers = (row[WORD * place : min(columns, WORD * (place + 1))] != 0.0).tolist()
            expected = numbers + [False] * (WORD - len(numbers))
            assert bits == (expected[::-1] if descends else expected)


@pytest.mark.parametrize("columns", [1, 8, 50, 2 * WORD])
def test_many_zeros_are_a_third_or_more(columns: int) -> None:
    matrix = np.ones((30, columns + VECTOR))
    assert not many_zeros(matrix, columns)
    matrix[:, : -(-columns // 3)] = -0.0
    assert many_zeros(matrix, columns)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("columns", [1, 8, 21])
def test_one_number_that_is_not_finite_is_found(number: float, columns: int) -> None:
    matrix = np.full((4, columns + 3), np.nan)
    matrix[:, :columns] = 1e308
    assert finite(matrix, columns)
    for column in range(columns):
        matrix[2, column] = number
        assert not finite(matrix, columns)
        matrix[2, column] = 0.0


def test_minus_zero_is_found_and_zero_is_not() -> None:
    numbers = np.array([0.0, 1.0, -1.0, np.nan, 5e-324, -5e-324])
    assert not minus_zero(numbers)
    numbers[3] = -0.0
    assert minus_zero(numbers)
