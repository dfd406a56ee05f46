"""Strict JSON: bytes in, a document out, or one error that says where.

Refused is whatever two parsers could read differently and whatever only Python accepts: duplicate keys,
`NaN` and `Infinity`, numbers too large for a double, lone surrogates, a byte order mark, other encodings
than UTF-8, U+0000 (which PostgreSQL cannot store), nesting deeper than any request needs, and so many
objects or arrays that reading them would cost far more than sending them.

orjson does the parsing: it is about five times faster than the standard library on a body full of numbers,
and it says where the thing stands that it refuses. It does not look for duplicate keys, U+0000, depth and
number, so a few linear scans do, at the speed of `re` and `bytes`. docs/decisions/strict-json.md has the
measurements.

Numbers are deliberate: an integer beyond 64 bits becomes the nearest double, `1e-400` is 0.0, `-0` is the
integer 0 and `-0.0` keeps its sign.
"""

from __future__ import annotations

import math
import re
from itertools import accumulate
from typing import Any

import orjson

from services.errors import Malformed

#: Levels of arrays and objects. A job needs 6.
MAX_DEPTH = 32

#: Keys in one document. A job needs about 60; an attacker would like millions, at 300 bytes of memory each.
MAX_KEYS = 10_000

#: Arrays in one document. The largest dataset needs one per row; each costs 64 bytes even when it is empty.
MAX_ARRAYS = 4_000_000

#: Characters of the client's text that an error may repeat.
MAX_ECHO = 64

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
#: The next key or brace, or the end; strings that are not keys, numbers and all the rest are skipped in one
#: go. It matches wherever it starts, for a search that can fail at every position takes quadratic time.
_KEY_OR_BRACE = re.compile(
    rb'(?:[^"{}]++|"(?:[^"\\]|\\.)*+"(?!\s*:))*+("(?:[^"\\]|\\.)*+"|[{}]|\Z)', re.DOTALL
)
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*+\\u0000")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NOT_FINITE = re.compile(r"-?(?:NaN|Infinity)")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b"[]{}:"))
_LEVEL = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1, ord(":"): 0}


def parse(body: bytes, max_depth: int = MAX_DEPTH) -> Any:
    """Return the JSON document in `body`: dicts, lists, strings, ints, finite floats, booleans, None.

    Raises:
        Malformed: with code `json_not_utf8`, `json_nul`, `json_too_deep`, `json_too_complex`, `json_syntax`,
            `json_not_finite`, `json_lone_surrogate` or `json_duplicate_key`, and the position.
    """
    _check_encoding(body)
    _check_structure(body, max_depth)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _explain(error) from None
    _check_nul(body)
    _check_keys(body)
    return document


def _check_encoding(body: bytes) -> None:
    if body.startswith(b"\xef\xbb\xbf"):
        raise Malformed("json_not_utf8", "the body starts with a byte order mark; send plain UTF-8", offset=0)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} of the body is not UTF-8"
        raise Malformed("json_not_utf8", detail, offset=error.start) from None
    if b"\0" in body[:2]:  # JSON begins with ASCII, which UTF-16 and UTF-32 pad with zeros
        detail = "the body looks like UTF-16 or UTF-32; send UTF-8"
        raise Malformed("json_not_utf8", detail, offset=body.index(b"\0"))


def _check_structure(body: bytes, max_depth: int) -> None:
    """Refuse deep nesting and huge numbers of objects before anything is built from them."""
    structure = _STRING.sub(b"", body).translate(None, _NOT_STRUCTURE)
    if max(accumulate(map(_LEVEL.__getitem__, structure)), default=0) > max_depth:
        raise Malformed("json_too_deep", f"arrays and objects are nested deeper than {max_depth} levels")
    if max(structure.count(b":"), structure.count(b"{")) > MAX_KEYS:
        raise Malformed("json_too_complex", f"the body has more than {MAX_KEYS} keys or objects")
    if structure.count(b"[") > MAX_ARRAYS:
        raise Malformed("json_too_complex", f"the body has more than {MAX_ARRAYS} arrays")


def _check_nul(body: bytes) -> None:
    escape = _ESCAPED_NUL.search(body) if b"\\u0000" in body else None
    if escape is not None:
        raise _at("json_nul", "a string holds the character U+0000", body, escape.end() - len("\\u0000"))


def _check_keys(body: bytes) -> None:
    """Refuse duplicate keys. The body is well-formed by now, so every string and brace is closed."""
    objects: list[set[str]] = []
    for match in _KEY_OR_BRACE.finditer(body):
        token = match[1]
        if not token:
            break
        if token == b"{":
            objects.append(set())
        elif token == b"}":
            objects.pop()
        elif (key := orjson.loads(token)) in objects[-1]:
            detail = f"the key {clip(key)!r} is given twice in the same object"
            raise _at("json_duplicate_key", detail, body, match.start(1))
        else:
            objects[-1].add(key)


def _explain(error: orjson.JSONDecodeError) -> Malformed:
    """Give orjson's refusal one of our codes, by what stands at its position."""
    body, offset = error.doc.encode(), len(error.doc[: error.pos].encode())
    rest = error.doc[error.pos : error.pos + 1]
    number = _NUMBER.match(error.doc, error.pos)
    if _NOT_FINITE.match(error.doc, error.pos):
        return _at("json_not_finite", "NaN and Infinity are not JSON numbers", body, offset)
    if number is not None and math.isinf(float(number[0])):
        return _at("json_not_finite", "the number is too large for a double", body, offset)
    if _SURROGATE.match(error.doc, error.pos):
        return _at("json_lone_surrogate", "half of a surrogate pair is not a character", body, offset)
    if rest == "\0":
        return _at("json_nul", "the body holds the byte 0", body, offset)
    if not body.strip():
        return _at("json_syntax", "the body is empty", body, 0)
    return _at("json_syntax", error.msg.split(": line ")[0], body, offset)


def _at(code: str, what: str, body: bytes, offset: int) -> Malformed:
    before = body[:offset].decode()
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return Malformed(code, f"line {line}, column {column}: {what}", line=line, column=column, offset=offset)


def clip(text: str) -> str:
    """Return at most `MAX_ECHO` characters of a client's text, for an error message."""
    return text if len(text) <= MAX_ECHO else text[: MAX_ECHO - 1] + "…"
