"""What WSGI calls the environment of a request, made from what ASGI says about it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

#: A request has only one of each. Where a client repeats it, the first counts, as it does for the server.
_ONCE = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}

_ALWAYS: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    # The server ends a body where it ends, chunked or not.
    "wsgi.input_terminated": True,
}


def environ_of(scope: dict[str, Any], body: BinaryIO) -> dict[str, Any]:
    """Return a request's environment (PEP 3333): all text is bytes, spelled as Latin-1."""
    environ = _ALWAYS | {
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
    }
    return environ | _headers(scope["headers"])


def _headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        value = raw_value.decode("latin-1")
        if raw_name in _ONCE:
            found.setdefault(_ONCE[raw_name], value)
            continue
        name = "HTTP_" + raw_name.decode("latin-1").upper().replace("-", "_")
        separator = ";" if raw_name == b"cookie" else ","
        found[name] = f"{found[name]}{separator}{value}" if name in found else value
    return found
