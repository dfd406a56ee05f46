"""A form with one file in it, as `curl -F file=@…` and web pages send it."""

from __future__ import annotations

import io
from typing import IO

from flask import request
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser

from services.api.answers import JSON
from services.api.bodies import CSV
from services.api.problems import ProtocolError
from services.errors import InvalidInput, Problem

#: What the file is called in the form.
FIELD = "file"

#: Parts of a form that are looked at; there may be one.
_MOST_PARTS = 10


def only_file(body: bytes) -> tuple[str, bytes]:
    """Return the type and the content of the one file in the body, which was read whole before.

    A file that does not say it is JSON is taken for CSV: programs have many names for that, or none.

    Raises:
        ProtocolError: the body is not a form.
        InvalidInput: it holds something else than one file.
    """
    parser = FormDataParser(_in_memory, max_form_parts=_MOST_PARTS, silent=False)
    try:
        _, fields, files = parser.parse(
            io.BytesIO(body), request.mimetype, len(body), dict(request.mimetype_params)
        )
    except (ValueError, HTTPException):
        raise ProtocolError("bad_request", "the body is not a form with a file in it") from None
    names = [name for name, _ in files.items(multi=True)]
    if names != [FIELD] or fields:
        detail = f"the form must hold one file, called '{FIELD}', and nothing else"
        raise InvalidInput([Problem(f"/{FIELD}", "file", detail)])
    file = files[FIELD]
    return JSON if file.mimetype == JSON else CSV, file.stream.read()


def _in_memory(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> IO[bytes]:
    """Keep a part where the body is: it has been found small enough, and disks fill up."""
    return io.BytesIO()
