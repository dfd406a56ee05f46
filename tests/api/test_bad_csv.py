"""Bad CSV over HTTP: 422 with line and column before a dataset exists, and nothing of it is stored.

`BAD` is the table: what is wrong, the file, and what is answered at which place. Lines and columns count
from 1, as editors and spreadsheets count them.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from services.api.app import create_app
from services.settings import Limits
from tests.api.conftest import Bell
from tests.api.test_bad_input import is_problem

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from services.settings import Settings
    from services.store import Store

CSV = "text/csv"
GOOD = b"a,b\n1,2\n3,4\n"

Place = tuple[str, int, int | None]

BAD: dict[str, tuple[bytes, list[Place]]] = {
    "empty": (b"", [("csv_header", 1, None)]),
    "only a byte order mark": (b"\xef\xbb\xbf", [("csv_header", 1, None)]),
    "only blank lines": (b"\n\n", [("csv_header", 1, None)]),
    "header only": (b"a,b\n", [("too_short", 1, None)]),
    "header only, without a line end": (b"a,b", [("too_short", 1, None)]),
    "one row": (b"a,b\n1,2\n", [("too_short", 2, None)]),
    "no header": (b"1,2\n3,4\n5,6\n", [("csv_header", 1, None)]),
    "a column without a name": (b"a,,c\n1,2,3\n4,5,6\n", [("csv_header", 1, 2)]),
    "a name twice": (b"a,b,a\n1,2,3\n4,5,6\n", [("csv_header", 1, 3)]),
    "a name twice, once in quotes": (b'a,b,"a"\n1,2,3\n4,5,6\n', [("csv_header", 1, 3)]),
    "a name of two lines": (b'a,"b\nc"\n1,2\n3,4\n', [("csv_header", 1, 2)]),
    "a name of 101 characters": (b"a,%s\n1,2\n3,4\n" % (b"x" * 101), [("csv_header", 1, 2)]),
    "one column": (b"a\n1\n2\n", [("csv_header", 1, None)]),
    "semicolons": (b"a;b\n1;2\n3;4\n", [("csv_delimiter", 1, None)]),
    "semicolons and decimal commas": (b"a;b\n1,5;2\n3,5;4\n", [("csv_delimiter", 1, None)]),
    "tabs": (b"a\tb\n1\t2\n3\t4\n", [("csv_delimiter", 1, None)]),
    "a row too short": (b"a,b\n1\n3,4\n", [("ragged", 2, None)]),
    "a row too long": (b"a,b\n1,2\n3,4,5\n", [("ragged", 3, None)]),
    "a comma at the end of a row": (b"a,b\n1,2,\n3,4\n", [("ragged", 2, None)]),
    "a blank line between": (b"a,b\n1,2\n\n3,4\n", [("ragged", 3, None)]),
    "a blank line at the end": (b"a,b\n1,2\n3,4\n\n", [("ragged", 4, None)]),
    "decimal commas": (b"a,b\n1,5,2\n3,4\n", [("ragged", 2, None)]),
    "decimal commas in quotes": (b'a,b\n"1,5",2\n3,4\n', [("type", 2, 1)]),
    "thousands": (b'a,b\n"1,000,000",2\n3,4\n', [("type", 2, 1)]),
    "nan": (b"a,b\n1,nan\n3,4\n", [("not_finite", 2, 2)]),
    "NA, null, inf": (b"a,b\nNA,null\n3,-inf\n", [("not_finite", 2, 1), ("not_finite", 2, 2), ("not_finite", 3, 2)]),  # noqa: E501
    "1e400": (b"a,b\n1,1e400\n3,4\n", [("not_finite", 2, 2)]),
    "a number of 400 digits": (b"a,b\n1,%s\n3,4\n" % (b"9" * 400), [("not_finite", 2, 2)]),
    "an empty cell": (b"a,b\n1,\n3,4\n", [("empty_cell", 2, 2)]),
    "a cell of spaces": (b"a,b\n  ,2\n3,4\n", [("empty_cell", 2, 1)]),
    "an empty cell in quotes": (b'a,b\n1,""\n3,4\n', [("empty_cell", 2, 2)]),
    "a text": (b"a,b\n1,two\n3,4\n", [("type", 2, 2)]),
    "what only Python reads": (b"a,b\n1_0,0x10\n3,True\n", [("type", 2, 1), ("type", 2, 2), ("type", 3, 2)]),
    "digits of another script": ("a,b\n1,٢\n3,4\n".encode(), [("type", 2, 2)]),
    "a number with a unit": (b"a,b\n1,2kg\n3,4%\n", [("type", 2, 2), ("type", 3, 2)]),
    "a no-break space": ("a,b\n1,2\u00a0\n3,4\n".encode(), [("type", 2, 2)]),
    "a number of two lines": (b'a,b\n1,"2\n"\n3,x\n', [("type", 2, 2), ("type", 4, 2)]),
    "a quote never closed": (b'a,b\n1,"2\n3,4\n', [("csv_syntax", 2, None)]),
    "a quote within a field": (b'a,b\n1,2"\n3,4\n', [("csv_syntax", 2, None)]),
    "a word behind a quote": (b'a,b\n1,"2"x\n3,4\n', [("csv_syntax", 2, None)]),
    "a space before a quote": (b'a,b\n1, "2"\n3,4\n', [("csv_syntax", 2, None)]),
    "a backslash for a quote": (b'a,b\n1,"\\"2"\n3,4\n', [("csv_syntax", 2, None)]),
    "carriage returns alone": (b"a,b\r1,2\r3,4\r", [("csv_syntax", 1, None)]),
    "a field of 200,000 characters": (b"a,b\n1,%s\n3,4\n" % (b"x" * 200_000), [("csv_syntax", 2, None)]),
    "NUL": (b"a,b\n1,2\0\n3,4\n", [("csv_nul", 2, None)]),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", [("csv_not_utf8", 1, None)]),
    "an Excel file": (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0", [("csv_nul", 1, None)]),
    "UTF-16": ("a,b\n1,2\n3,4\n".encode("utf-16"), [("csv_not_utf8", 1, None)]),
    "Latin-1": ("a,b\n1,2\n3,4\né".encode("latin-1"), [("csv_not_utf8", 4, None)]),
    "a second byte order mark": (b"\xef\xbb\xbf" * 2 + GOOD, [("csv_header", 1, 1)]),
    "a comment": (b"# my data\na,b\n1,2\n3,4\n", [("csv_header", 1, None)]),
    "sep= of Excel": (b"sep=,\na,b\n1,2\n", [("csv_header", 1, 2)]),
    "HTML": (b"<html>\n<body>\n", [("csv_header", 1, None)]),
    "JSON": (b'{"inputs": [[1]]}', [("csv_syntax", 1, None)]),
}  # fmt: skip

#: The same for classification by the column y.
BAD_LABELS: dict[str, tuple[bytes, list[Place]]] = {
    "an empty label": (b"x,y\n1,a\n2,\n", [("empty_cell", 3, 2)]),
    "a label with a line end": (b'x,y\n1,a\n2,"b\nc"\n', [("label", 3, 2)]),
    "a label of 101 characters": (b"x,y\n1,a\n2,%s\n" % (b"b" * 101), [("label", 3, 2)]),
    "an invisible label": ("x,y\n1,a\n2,\u200b\n".encode(), [("label", 3, 2)]),
    "a text for an input": (b"x,y\n1,a\nb,b\n", [("type", 3, 1)]),
    "a label too many": (b"x,y\n1,a\n2,b,c\n", [("ragged", 3, None)]),
}  # fmt: skip


def _places(document: Any) -> list[Place]:
    return [(error["code"], error["line"], error.get("column")) for error in document["errors"]]


@pytest.mark.parametrize(("body", "places"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_with_its_places(
    quick_client: FlaskClient, body: bytes, places: list[Place]
) -> None:
    document = is_problem(
        quick_client.post("/v1/datasets", data=body, content_type=CSV), 422, "invalid_input"
    )
    assert _places(document) == places
    assert document["errors_total"] == len(places)
    assert all(error["pointer"] == "" for error in document["errors"])
    assert quick_client.get("/v1/datasets").json["data"] == []


@pytest.mark.parametrize(("body", "places"), BAD_LABELS.values(), ids=BAD_LABELS.keys())
def test_bad_labels_are_refused_with_their_places(
    quick_client: FlaskClient, body: bytes, places: list[Place]
) -> None:
    response = quick_client.post("/v1/datasets?target=y&problem=classification", data=body, content_type=CSV)
    assert _places(is_problem(response, 422, "invalid_input")) == places
    assert quick_client.get("/v1/datasets").json["data"] == []


def test_20_bad_cells_are_listed_and_all_are_counted(quick_client: FlaskClient) -> None:
    body = b"a,b\n" + b"x,\n" * 1000
    document = is_problem(
        quick_client.post("/v1/datasets", data=body, content_type=CSV), 422, "invalid_input"
    )
    assert _places(document)[:3] == [("type", 2, 1), ("empty_cell", 2, 2), ("type", 3, 1)]
    assert (len(document["errors"]), document["errors_total"]) == (20, 2000)


def test_texts_in_the_target_s_column_lead_to_the_problem(quick_client: FlaskClient) -> None:
    response = quick_client.post("/v1/datasets", data=b"x,y\n1,a\n2,b\n", content_type=CSV)
    (error, _) = is_problem(response, 422, "invalid_input")["errors"]
    assert (
        error["detail"] == "line 2, column 2: must be a number, not 'a'; labels need problem=classification"
    )


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("target=c", "/target", "unknown_column"),
        ("target=A", "/target", "unknown_column"),
        ("target=", "/target", "unknown_column"),
        ("target=a,", "/target", "unknown_column"),
        ('target="a', "/target", "unknown_column"),
        ("target=a,a", "/target", "repeated"),
        ("target=a,b", "/target", "inconsistent"),
        ("target=a&target=b", "/target", "repeated"),
        ("target=%00", "/target", "type"),
        ("target=a,b&problem=classification", "/target", "inconsistent"),
        ("problem=clustering", "/problem", "enum"),
        ("name=", "/name", "too_short"),
        ("name=" + "x" * 201, "/name", "too_long"),
        ("name=a%0Ab", "/name", "not_printable"),
        ("Target=a", "/Target", "unknown_field"),
    ],
)
def test_bad_queries_of_an_upload_are_422(
    quick_client: FlaskClient, query: str, pointer: str, code: str
) -> None:
    response = quick_client.post(f"/v1/datasets?{query}", data=GOOD, content_type=CSV)
    errors = is_problem(response, 422, "invalid_input")["errors"]
    assert (errors[0]["pointer"], errors[0]["code"]) == (pointer, code)
    assert quick_client.get("/v1/datasets").json["data"] == []


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"inputs": [[1]], "targets": [1]}, "/inputs", "too_short"),
        ({"inputs": [[1], [2, 3]]}, "/inputs/1", "ragged"),
        ({"targets": ["a", "b"]}, "/targets", "inconsistent"),
        ({"column_names": ["a"]}, "/column_names", "inconsistent"),
        ({"column_names": ["a", "a"]}, "/column_names/1", "column_name"),
        ({"column_names": ["a", ""]}, "/column_names/1", "column_name"),
        ({"column_names": ["a", 1]}, "/column_names/1", "type"),
        ({"column_name": ["a", "b"]}, "/column_name", "unknown_field"),
        ({"sha256": "0" * 64}, "/sha256", "read_only_field"),
        ({"name": "a\n"}, "/name", "not_printable"),
        ({"id": "ds_1"}, "/id", "read_only_field"),
    ],
)
def test_a_bad_document_is_refused_with_pointers(
    quick_client: FlaskClient, changes: dict[str, Any], pointer: str, code: str
) -> None:
    body = {"inputs": [[1], [2]], "targets": [1, 2], **changes}
    errors = is_problem(quick_client.post("/v1/datasets", json=body), 422, "invalid_input")["errors"]
    assert (errors[0]["pointer"], errors[0]["code"]) == (pointer, code)
    assert quick_client.get("/v1/datasets").json["data"] == []


@pytest.mark.parametrize("query", ["target=a", "problem=regression", "name=n"])
def test_what_is_said_of_csv_is_not_said_of_json(quick_client: FlaskClient, query: str) -> None:
    body = {"inputs": [[1], [2]], "targets": [1, 2]}
    is_problem(quick_client.post(f"/v1/datasets?{query}", json=body), 422, "invalid_input")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/tab-separated-values",
        "application/vnd.ms-excel",
        "text/csv; charset=utf-16",
        "text/csv; header=absent",
        "application/x-www-form-urlencoded",
    ],
)
def test_another_content_type_is_415(quick_client: FlaskClient, content_type: str) -> None:
    response = quick_client.post("/v1/datasets", data=GOOD, content_type=content_type)
    is_problem(response, 415, "unsupported_media_type")


def test_a_compressed_file_is_never_unpacked(quick_client: FlaskClient) -> None:
    response = quick_client.post(
        "/v1/datasets", data=GOOD, content_type=CSV, headers={"Content-Encoding": "gzip"}
    )
    is_problem(response, 415, "unsupported_encoding")


def _file(content: bytes = GOOD) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), "data.csv"


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"data": _file()},
        {"file": "no file but a field"},
        {"file": [_file(), _file()]},
        {"file": _file(), "other": _file()},
        {"file": _file(), "target": "a"},
    ],
    ids=["nothing", "another name", "a field", "two files", "another file", "a field too"],
)
def test_a_form_has_one_file_and_nothing_else(quick_client: FlaskClient, parts: dict[str, Any]) -> None:
    response = quick_client.post("/v1/datasets", data=parts, content_type="multipart/form-data")
    if parts:
        (error,) = is_problem(response, 422, "invalid_input")["errors"]
        assert (error["pointer"], error["code"]) == ("/file", "file")
    else:
        assert response.status_code in (400, 415, 422)
    assert quick_client.get("/v1/datasets").json["data"] == []


@pytest.mark.parametrize("body", [b"", b"--b", b"--b\r\n\r\n", b"--b--\r\n", b"x" * 1000, b"--b\r\n" * 100])
@pytest.mark.parametrize("boundary", ["; boundary=b", "", '; boundary=""', "; boundary=" + "x" * 1000])
def test_a_form_that_is_none_is_refused(quick_client: FlaskClient, body: bytes, boundary: str) -> None:
    response = quick_client.post("/v1/datasets", data=body, content_type=f"multipart/form-data{boundary}")
    assert response.status_code in (400, 422)
    assert response.content_type == "application/problem+json"


@pytest.fixture
def narrow_client(sqlite_store: Store, settings: Settings) -> FlaskClient:
    """A client of a service that takes bodies of 2000 bytes, 10 rows and 3 inputs or targets."""
    limits = Limits(body_bytes=2000, rows=10, columns=3)
    return create_app(sqlite_store, Bell(), replace(settings, limits=limits)).test_client()


@pytest.mark.parametrize(("size", "status"), [(1999, 422), (2001, 413), (1_000_000, 413)])
@pytest.mark.parametrize("content_type", [CSV, "multipart/form-data; boundary=b"])
def test_a_file_over_the_limit_is_413_and_never_a_smaller_dataset(
    narrow_client: FlaskClient, content_type: str, size: int, status: int
) -> None:
    """The body does not say its length, and what is left of it when it is cut would be a dataset too."""
    stream = io.BytesIO((b"a,b\n" + b"1,2\n" * (size // 4)).ljust(size, b"\n"))
    response = narrow_client.post(
        "/v1/datasets",
        input_stream=stream,
        content_type=content_type,
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code in (status, 400 if status == 422 else status)
    assert stream.tell() <= 2001, "read no further than it takes to know"
    assert narrow_client.get("/v1/datasets").json["data"] == []


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (b"a,b\n" + b"1,2\n" * 11, [("too_long", 12, None)]),
        (b"a,b,c,d,e\n" + b"1,2,3,4,5\n" * 2, [("too_long", 1, None)]),
        (b"a,b,c,d,e,f,g\n" + b"1,2\n" * 2, [("too_long", 1, None)]),
    ],
    ids=["rows", "inputs", "columns"],
)
def test_limits_are_counted_while_reading(
    narrow_client: FlaskClient, body: bytes, places: list[Place]
) -> None:
    response = narrow_client.post("/v1/datasets", data=body, content_type=CSV)
    assert _places(is_problem(response, 422, "invalid_input")) == places


@pytest.mark.parametrize("text", ["x" * 10_000, "<script>alert(1)</script>" * 400])
@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("a,b\n1,{text}\n3,4\n", ""),
        ("{text},b\n1,2\n3,4\n", "?target={text}"),
        ("a,b\n1,2\n3,4\n", "?target={text}"),
        ("a,b\n1,2\n3,{text}\n", "?problem=classification"),
    ],
)
def test_at_most_64_characters_of_the_file_come_back(
    quick_client: FlaskClient, text: str, body: str, query: str
) -> None:
    response = quick_client.post(
        f"/v1/datasets{query.format(text=text)}", data=body.format(text=text).encode(), content_type=CSV
    )
    is_problem(response, 422, "invalid_input")
    assert text[:65].encode() not in response.data
