"""The strict parser: what it refuses and where, what it reads, and that nothing takes it long."""

from __future__ import annotations

import contextlib
import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import Malformed
from services.schemas.strict_json import MAX_ARRAYS, MAX_DEPTH, MAX_KEYS, parse


def refused(body: bytes) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(body)
    return caught.value


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b"", 1, 1),
        (b" \n\t", 1, 1),
        (b'{"a": 1,}', 1, 8),
        (b"[1, 2,\n 3,,]", 2, 4),
        (b'{"a": 1} // why', 1, 10),
        (b'{"a": /* why */ 1}', 1, 7),
        (b"{'a': 1}", 1, 2),
        (b"{a: 1}", 1, 2),
        (b"[01]", 1, 2),
        (b"[+1]", 1, 2),
        (b"[.5]", 1, 2),
        (b"[5.]", 1, 4),
        (b"[0x10]", 1, 3),
        (b"[1_000]", 1, 3),
        (b"[True]", 1, 2),
        (b"[nan]", 1, 2),
        (b'["a\nb"]', 1, 4),
        (b'["\\x41"]', 1, 3),
        (b'["open', 1, 7),
        (b"[1] [2]", 1, 5),
        ('["é", é]'.encode(), 1, 7),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(body: bytes, line: int, column: int) -> None:
    error = refused(body)
    assert (error.code, error.line, error.column) == ("json_syntax", line, column)


def test_the_offset_counts_bytes_and_the_column_characters() -> None:
    error = refused('{"é": nope}'.encode())
    assert (error.column, error.offset) == (7, 7)


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1" + "0" * 400, "1e99999"]
)
def test_numbers_that_are_not_finite_are_refused(number: str) -> None:
    assert refused(f'{{"a": [1, {number}]}}'.encode()).code == "json_not_finite"


@pytest.mark.parametrize(
    ("body", "column"),
    [
        (b'{"a": 1, "a": 2}', 10),
        (b'{"a": 1, "\\u0061": 2}', 10),
        (b'{"b": {"a": 1}, "a": [], "a": 1}', 26),
        (b'[{"x": "}", "x": "{"}]', 13),
        (b'{"":1,"" :2}', 7),
    ],
)
def test_a_key_given_twice_is_refused_with_its_place(body: bytes, column: int) -> None:
    error = refused(body)
    assert (error.code, error.column) == ("json_duplicate_key", column)


@pytest.mark.parametrize(
    "body", [b'{"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 2}]}', b'{"a": "\\"a\\":", "b": "{\\"a\\""}']
)
def test_the_same_key_in_different_objects_is_fine(body: bytes) -> None:
    assert parse(body) == json.loads(body)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 50_000, b"[" * 33 + b"]" * 33, b'[{"a":' * 20 + b"1" + b"}]" * 20]
)
def test_deep_nesting_is_refused(body: bytes) -> None:
    assert refused(body).code == "json_too_deep"


def test_brackets_in_strings_nest_nothing() -> None:
    text = "[" * 1000 + '\\"' + "{" * 1000
    assert parse(json.dumps([text]).encode()) == [text]


def test_nesting_up_to_the_limit_is_read() -> None:
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"{}," * MAX_KEYS + b"{}]",
        b"{" + b",".join(b'"%d":1' % number for number in range(MAX_KEYS + 1)) + b"}",
        b"[" + b"[]," * MAX_ARRAYS + b"[]]",
    ],
    ids=["objects", "keys", "arrays"],
)
def test_more_parts_than_any_job_has_are_refused(body: bytes) -> None:
    assert refused(body).code == "json_too_complex"


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        ('{"é": 1}'.encode("latin-1"), 2),
        ('{"a": 1}'.encode("utf-16"), 0),
        ('{"a": 1}'.encode("utf-16-le"), 1),
        ('{"a": 1}'.encode("utf-16-be"), 0),
        ('{"a": 1}'.encode("utf-32-le"), 1),
        (b"\xef\xbb\xbf{}", 0),
        (b'["\xed\xa0\x80"]', 2),
        (b'["\xc0\x80"]', 2),
    ],
)
def test_other_encodings_are_refused_with_the_first_byte(body: bytes, offset: int) -> None:
    error = refused(body)
    assert (error.code, error.offset) == ("json_not_utf8", offset)


@pytest.mark.parametrize(
    "body", [b'["\\u0000"]', b'{"a\\u0000": 1}', b'["\0"]', b'["\\\\\\u0000"]', b"[1]\0"]
)
def test_the_character_zero_is_refused(body: bytes) -> None:
    assert refused(body).code == "json_nul"


def test_an_escaped_backslash_before_u0000_is_no_zero() -> None:
    assert parse(b'["\\\\u0000"]') == ["\\u0000"]


@pytest.mark.parametrize("text", [r"\ud800", r"\udc00", r"\ud800\ud800", r"x\uDBFFy"])
def test_half_a_surrogate_pair_is_refused(text: str) -> None:
    assert refused(f'["{text}"]'.encode()).code == "json_lone_surrogate"


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert parse(b'["\\ud83d\\ude00"]') == ["\N{GRINNING FACE}"]


def test_numbers_keep_their_value_and_sign() -> None:
    numbers = parse(b"[-0, -0.0, 1e-400, 9007199254740993, 123456789012345678901234567890, 75.0]")
    assert numbers == [0, 0.0, 0.0, 9007199254740993, 1.2345678901234568e29, 75.0]
    assert [math.copysign(1, number) for number in numbers[:2]] == [1.0, -1.0]
    assert [type(number) for number in numbers] == [int, float, float, int, float, float]


def test_an_error_repeats_at_most_64_characters_of_the_input() -> None:
    key = "k" * 1000
    assert (
        len(refused(json.dumps({"a": 1}).encode()[:-1] + f', "{key}": 1, "{key}": 2}}'.encode()).detail) < 150
    )


_documents: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(_documents, st.booleans(), st.sampled_from([None, 1]))
def test_every_proper_document_reads_as_the_standard_library_reads_it(
    document: Any, ascii_only: bool, indent: int | None
) -> None:
    body = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode()
    assert repr(parse(body)) == repr(json.loads(body))


@given(st.binary(max_size=40) | st.text('[]{}",:\\u0013eE.-+ntfalsru \0é', max_size=30).map(str.encode))
def test_whatever_is_accepted_the_standard_library_accepts_too(body: bytes) -> None:
    """The other way round there are differences, and each is a row above."""
    try:
        document = parse(body)
    except Malformed:
        return
    assert document == json.loads(body, parse_int=_as_here)


def _as_here(text: str) -> int | float:
    number = int(text)
    return number if -(2**63) <= number < 2**64 else float(number)


@pytest.mark.parametrize(
    "body",
    [
        b'"' * 1_000_000,
        b"\\" * 1_000_000,
        b'"' + b'\\"' * 500_000,
        b'["' + b"\\\\" * 500_000 + b'"]',
        b'"a" ' * 250_000,
        b'["a"' + b" " * 1_000_000,
        b'{"a"' + b" " * 1_000_000,
        b"[" + b'"a",' * 250_000 + b'"a"]',
        b"[" + b"[]," * 300_000 + b"[]]",
        b"1" * 1_000_000,
    ],
    ids=lambda body: repr(body[:8]),
)
def test_a_megabyte_of_anything_is_dealt_with_in_linear_time(body: bytes) -> None:
    """A search that starts again at every quote takes hours here; the real cost is about 0.1 s."""
    began = time.process_time()
    with contextlib.suppress(Malformed):
        parse(body)
    assert time.process_time() - began < 5.0
