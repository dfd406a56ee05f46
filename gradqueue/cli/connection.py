"""What the commands that talk to a service share."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gradqueue.client import Client

_url = click.option(
    "--url",
    envvar="GRADQUEUE_URL",
    default="http://127.0.0.1:8000",
    show_default=True,
    show_envvar=True,
    help="Where the service is.",
)


#: From the environment only: an option would show the key in every list of processes.
API_KEY = "GRADQUEUE_API_KEY"


def with_client(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option --url, and the client of that service as its first argument."""

    def run(url: str, **arguments: Any) -> Any:
        with client_at(url) as client:
            return command(client, **arguments)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    return _url(run)


def client_at(url: str) -> Client:
    """Return a client with the user's API key; the HTTP library is loaded only now."""
    from gradqueue.client import Client

    return Client(url, api_key=os.environ.get(API_KEY))
