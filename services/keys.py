"""API keys: who may use the service. Made and revoked with `gradqueue keys`, never over HTTP.

A key is `gq_<prefix>_<secret>`: 12 characters to find its row by, and 256 random bits. Only the SHA-256 of
the whole is stored. A slow hash, as passwords need it, would add nothing: nobody can try out 2**256 keys.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from services.errors import InvalidInput, NotFound, Problem
from services.ids import new_id
from services.scopes import Scope
from services.store.clock import now_us
from services.store.tables import api_keys

if TYPE_CHECKING:
    from services.store import Store

_PREFIX_BYTES = 6
_SECRET_BYTES = 32
#: `[\w-]{43}` is 256 bits in base 64.
_FORM = re.compile(r"gq_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")

#: Compared with when there is no such key, so that the answer takes as long as when there is.
_NOBODY = "0" * 64

#: Longest name of a key, in characters.
NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret. Times are microseconds since 1970.

    `owner` is whose objects the key sees: its own id, or that of the key it was made to share with.
    """

    id: str
    owner: str
    name: str
    scope: Scope
    prefix: str
    created_at: int
    revoked_at: int | None


_COLUMNS = [api_keys.c[name] for name in Key.__slots__]


def create(
    store: Store, name: str, *, scope: Scope = Scope.JOBS, shares_with: str | None = None
) -> tuple[Key, str]:
    """Make a key; return it and its text, which is shown now and never again.

    With `shares_with`, the id of another key, both see the same objects: to replace a key without a gap.

    Raises:
        InvalidInput: the name is not printable, or empty, or too long.
        NotFound: there is no key `shares_with`.
        Unavailable: the store cannot be reached now.
    """
    if not (0 < len(name) <= NAME_LENGTH and name.isprintable()):
        detail = f"a key's name has 1 to {NAME_LENGTH} printable characters"
        raise InvalidInput([Problem("/name", "not_printable", detail)])
    key_id, prefix = new_id("key"), secrets.token_hex(_PREFIX_BYTES)
    text = f"gq_{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    with store.transaction() as connection:
        owner = key_id
        if shares_with is not None:
            found = select(api_keys.c.owner).where(api_keys.c.id == shares_with)
            owner = connection.execute(found).scalar_one_or_none() or ""
            if not owner:
                raise _not_found(shares_with)
        values = {
            "id": key_id,
            "owner": owner,
            "name": name,
            "scope": scope.value,
            "prefix": prefix,
            "sha256": _digest(text),
            "created_at": now_us(),
        }
        row = connection.execute(insert(api_keys).values(values).returning(*_COLUMNS)).one()
    return _key(row), text


def find(store: Store, text: str) -> Key | None:
    """Return the key with this text; None if there is none or it was revoked.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    statement = select(api_keys.c.sha256, *_COLUMNS).where(
        api_keys.c.prefix == form[1], api_keys.c.revoked_at.is_(None)
    )
    with store.reading() as connection:
        row = connection.execute(statement).one_or_none()
    stored = _NOBODY if row is None else row.sha256
    is_it = hmac.compare_digest(_digest(text), stored)
    return _key(row[1:]) if row is not None and is_it else None


def list_keys(store: Store) -> list[Key]:
    """Return all keys, the revoked ones too, oldest first.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    with store.reading() as connection:
        rows = connection.execute(select(*_COLUMNS).order_by(api_keys.c.created_at, api_keys.c.id))
        return [_key(row) for row in rows]


def revoke(store: Store, key_id: str) -> Key:
    """Make a key useless from its next request on; its objects stay. To do it twice is no error.

    Raises:
        NotFound: there is no such key.
        Unavailable: the store cannot be reached now.
    """
    revoked = func.coalesce(api_keys.c.revoked_at, now_us())
    statement = (
        update(api_keys).where(api_keys.c.id == key_id).values(revoked_at=revoked).returning(*_COLUMNS)
    )
    with store.transaction() as connection:
        row = connection.execute(statement).one_or_none()
        if row is None:
            raise _not_found(key_id)
    return _key(row)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(row: Sequence[object]) -> Key:
    values = dict(zip(Key.__slots__, row, strict=True))
    return Key(**{**values, "scope": Scope(str(values["scope"]))})  # type: ignore[arg-type]


def _not_found(key_id: str) -> NotFound:
    return NotFound(f"there is no key {key_id[:64]}")
