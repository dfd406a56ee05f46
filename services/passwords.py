"""Whether the passwords towards database and broker are any: what is refused at the start of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from services.loopback import is_loopback

if TYPE_CHECKING:
    from services.settings import Settings

#: What documentation, examples and images come with, and so what is tried first.
_KNOWN_TO_ALL = frozenset(
    {
        "123456",
        "12345678",
        "admin",
        "change-me",
        "change_me",
        "changeme",
        "default",
        "development",
        "example",
        "gradqueue",
        "guest",
        "passw0rd",
        "password",
        "postgres",
        "redis",
        "root",
        "secret",
        "test",
        "user",
    }
)
#: Parts of a database's URL that stand for a password.
_INSTEAD = frozenset({"passfile", "service", "sslcert"})


def objections(settings: Settings) -> list[str]:
    """Return a line for each URL to another machine whose password is missing or known to all.

    Nothing is asked of what only this machine can reach, nor with `secrets` set to any.
    """
    if settings.secrets == "any":
        return []
    urls = {"GRADQUEUE_DATABASE_URL": settings.database_url, "GRADQUEUE_BROKER_URL": settings.broker_url}
    found = ((variable, _objection(url)) for variable, url in urls.items())
    return [
        f"{variable} {objection}; GRADQUEUE_SECRETS=any takes it, for development"
        for variable, objection in found
        if objection
    ]


def _objection(url: str) -> str:
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    host = parts.hostname or "".join(options.get("host", [])[:1])
    if not host or host.startswith("/") or is_loopback(host):
        return ""
    password = unquote(parts.password or "") or "".join(options.get("password", [])[:1])
    if not password:
        return "" if _INSTEAD & options.keys() else "leads to another machine and has no password"
    if password.lower() in _KNOWN_TO_ALL or password == unquote(parts.username or ""):
        return "has a password that everybody knows"
    return ""
