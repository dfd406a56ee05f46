"""API keys in the store: what is kept of them, and who is recognised."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from services import keys
from services.errors import InvalidInput, NotFound
from services.scopes import Scope

if TYPE_CHECKING:
    from services.store import Store


def test_a_key_is_recognised_by_its_text(store: Store) -> None:
    key, secret = keys.create(store, "laptop")

    assert re.fullmatch(r"gq_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", secret)
    assert keys.find(store, secret) == key
    assert (key.name, key.scope, key.owner) == ("laptop", Scope.JOBS, key.id)


def test_the_store_does_not_hold_what_it_takes_to_use_a_key(store: Store) -> None:
    _, secret = keys.create(store, "laptop")

    with store.reading() as connection:
        (row,) = connection.execute(text("SELECT * FROM api_keys")).all()
    assert secret.split("_", 2)[2] not in str(row)


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        lambda secret: secret + "A",
        lambda secret: secret[:-1],
        lambda secret: secret.upper(),
        lambda secret: f" {secret}",
        lambda secret: "gq_000000000000" + secret[15:],
        lambda _secret: "",
    ],
)
def test_an_almost_right_key_is_nobody_s(store: Store, change: Callable[[str], str]) -> None:
    _, secret = keys.create(store, "laptop")
    assert keys.find(store, change(secret)) is None


def test_a_revoked_key_is_nobody_s_and_is_still_listed(store: Store) -> None:
    key, secret = keys.create(store, "laptop")

    revoked = keys.revoke(store, key.id)

    assert revoked.revoked_at is not None
    assert keys.find(store, secret) is None
    assert keys.list_keys(store) == [revoked]
    assert keys.revoke(store, key.id) == revoked, "a second time changes nothing"


def test_each_key_has_objects_of_its_own_unless_it_shares_them(store: Store) -> None:
    first, _ = keys.create(store, "first")
    second, _ = keys.create(store, "second")
    successor, _ = keys.create(store, "first, renewed", shares_with=first.id)
    heir, _ = keys.create(store, "and again", shares_with=successor.id)

    assert first.owner != second.owner
    assert first.owner == successor.owner == heir.owner


def test_there_is_nothing_to_share_with_a_key_that_does_not_exist(store: Store) -> None:
    with pytest.raises(NotFound):
        keys.create(store, "second", shares_with="key_nobody")
    assert keys.list_keys(store) == []


def test_there_is_nothing_to_revoke_of_a_key_that_does_not_exist(store: Store) -> None:
    with pytest.raises(NotFound):
        keys.revoke(store, "key_nobody")


@pytest.mark.parametrize("name", ["", "a\nb", "\x1b[2J", "x" * 101])
def test_a_name_can_be_printed(store: Store, name: str) -> None:
    with pytest.raises(InvalidInput):
        keys.create(store, name)
