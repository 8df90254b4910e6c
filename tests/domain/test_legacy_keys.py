"""Keys of the older API generation."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal, UnknownKey
from saluhall.kit.ids import new_id
from saluhall.storage import Database

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


async def open_account(db: Database) -> Principal:
    name = f"shop-{new_id().hex}"
    async with db.transaction() as tx:
        account_id = await accounts.create_account(
            tx, name=name, username=name, password="a good password", now=NOW
        )
    return Principal(account_id=account_id, account_name=name)


async def test_a_key_opens_its_own_account(db: Database) -> None:
    mine, theirs = await open_account(db), await open_account(db)
    async with db.transaction() as tx:
        key = await accounts.create_legacy_key(tx, principal=mine, now=NOW)
        other = await accounts.create_legacy_key(tx, principal=theirs, now=NOW)

        assert (
            await accounts.authenticate_legacy_key(tx, key=key, now=NOW)
        ).account_id == mine.account_id
        assert (
            await accounts.authenticate_legacy_key(tx, key=other, now=NOW)
        ).account_id == theirs.account_id


async def test_a_key_that_was_never_made_opens_nothing(db: Database) -> None:
    async with db.statement() as tx:
        with pytest.raises(UnknownKey):
            await accounts.authenticate_legacy_key(tx, key=uuid4(), now=NOW)


async def test_a_revoked_key_opens_nothing(db: Database) -> None:
    principal = await open_account(db)
    async with db.transaction() as tx:
        key = await accounts.create_legacy_key(tx, principal=principal, now=NOW)
        await tx.run("update legacy_keys set revoked_at = %s", (NOW,))

        with pytest.raises(UnknownKey):
            await accounts.authenticate_legacy_key(tx, key=key, now=NOW)


async def test_only_the_hash_of_a_key_is_kept(db: Database) -> None:
    principal = await open_account(db)
    async with db.transaction() as tx:
        key = await accounts.create_legacy_key(tx, principal=principal, now=NOW)

        [row] = await tx.all(dict, "select * from legacy_keys")

    kept = [value for value in row.values() if value is not None]
    assert key not in kept
    assert key.bytes not in kept
    assert str(key).encode() not in kept
    assert len(row["key_hash"]) == 32
