"""What each role may do, and who may give which."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts import people, queries
from saluhall.domain.accounts.model import (
    ExpiresInPast,
    LastOwner,
    NotPermitted,
    Principal,
    UnknownKey,
)
from saluhall.domain.accounts.roles import RIGHTS, Right, Role
from saluhall.domain.sessions import ending
from saluhall.domain.sessions.model import SessionEnded
from saluhall.storage import Database
from tests.architecture.source import ROOT
from tests.domain.signing_in import NOW, PASSWORD, authenticate, sign_in

OWN = {"self:read", "self:write"}
FUTURE = NOW + timedelta(hours=1)


def rights(role: Role) -> set[str]:
    return {str(right) for right in RIGHTS[role]} - OWN


def test_every_role_has_the_rights_that_its_name_says() -> None:
    assert all({str(right) for right in RIGHTS[role]} >= OWN for role in Role)
    assert RIGHTS[Role.OWNER] == set(Right)
    assert rights(Role.MANAGER) == {
        "products:read", "products:write", "offers:read", "offers:write", "imports:write",
        "orders:read", "orders:ship", "orders:write", "analytics:read",
    }  # fmt: skip
    assert rights(Role.PACKER) == {"orders:read", "orders:ship"}
    assert rights(Role.VIEWER) == {right for right in set(Right) - OWN if right.endswith(":read")}
    assert rights(Role.INTEGRATOR) == {
        "keys:read", "keys:write", "webhooks:read", "webhooks:write", "events:read",
    }  # fmt: skip


def test_a_principal_without_a_right_is_refused_by_its_name_and_nobody_has_no_right() -> None:
    packer = Principal(account_id=None, account_name="A", role=Role.PACKER)  # type: ignore[arg-type] # of no account

    packer.require(Right.ORDERS_SHIP)
    with pytest.raises(NotPermitted, match="right products:write, which the role packer lacks"):
        packer.require(Right.PRODUCTS_WRITE)
    with pytest.raises(NotPermitted):
        packer.require(None)


async def account_with(db: Database, *users: tuple[str, Role]) -> dict[str, Principal]:
    """Open the account Anna, whose owner is anna, with further users; return the principal of each."""
    async with db.transaction() as tx:
        await accounts.create_account(tx, name="Anna", username="anna", password=PASSWORD, now=NOW)
        anna = await queries.principal_of_user(tx, "anna")
        for username, role in users:
            await people.add_user(
                tx, principal=anna, username=username, password=PASSWORD, role=role, now=NOW
            )
        found = [await queries.principal_of_user(tx, name) for name, _ in users]
    return {"anna": anna} | {name: each for (name, _), each in zip(users, found, strict=True)}


async def test_a_new_role_counts_from_the_next_request_on_and_a_removed_user_is_out(
    db: Database,
) -> None:
    users = await account_with(db, ("bo", Role.MANAGER))
    session = await sign_in(db, "bo")
    before = await authenticate(db, session)
    async with db.transaction() as tx:
        await people.set_role(tx, principal=users["bo"], role=Role.VIEWER, now=NOW)
    after = await authenticate(db, session)
    async with db.transaction() as tx:
        await ending.remove_user(tx, principal=users["bo"], now=NOW)

    assert (before.role, after.role) == (Role.MANAGER, Role.VIEWER)
    with pytest.raises(SessionEnded):
        await authenticate(db, session)


async def test_of_two_owners_who_leave_at_once_one_stays(db: Database) -> None:
    users = await account_with(db, ("bo", Role.OWNER), ("packer", Role.PACKER))

    async def leave(principal: Principal, *, as_removed: bool) -> None:
        async with db.transaction() as tx:
            if as_removed:
                await ending.remove_user(tx, principal=principal, now=NOW)
            else:
                await people.set_role(tx, principal=principal, role=Role.VIEWER, now=NOW)

    left = await asyncio.gather(
        leave(users["anna"], as_removed=False),
        leave(users["bo"], as_removed=True),
        return_exceptions=True,
    )
    async with db.statement() as tx:
        found = await queries.list_users(tx, principal=users["anna"])

    [refused] = [each for each in left if each is not None]
    assert isinstance(refused, LastOwner)
    assert [user.role for user in found].count(Role.OWNER) == 1
    async with db.transaction() as tx:
        await people.remove_user(tx, principal=users["packer"], now=NOW)  # no owner: may go


async def test_a_key_has_no_more_rights_than_who_makes_it_and_none_after_its_end(
    db: Database,
) -> None:
    users = await account_with(db, ("nils", Role.INTEGRATOR))

    async def made(name: str, scope: Role | None, expires_at: datetime | None = None) -> str:
        async with db.transaction() as tx:
            return await accounts.create_api_key(
                tx,
                principal=users[name],
                name="k",
                prefix="key_",
                scope=scope,
                expires_at=expires_at,
                now=NOW,
            )

    async def role_of(key: str, *, now: datetime = NOW) -> Role:
        async with db.transaction() as tx:
            found = await accounts.authenticate_key(tx, key=key, tier=None, now=now)
        return found.principal.role

    assert await role_of(await made("anna", None)) is Role.OWNER
    assert await role_of(await made("nils", None)) is Role.INTEGRATOR
    with pytest.raises(NotPermitted, match="cannot make a key with the scope packer"):
        await made("nils", Role.PACKER)
    with pytest.raises(ExpiresInPast):
        await made("anna", None, NOW)
    brief = await made("anna", Role.PACKER, FUTURE)
    assert await role_of(brief) is Role.PACKER
    with pytest.raises(UnknownKey):
        await role_of(brief, now=FUTURE.astimezone(UTC))
    async with db.statement() as tx:
        assert len(await queries.list_keys(tx, principal=users["anna"])) == 3
        assert len(await queries.list_live_keys(tx, principal=users["anna"], now=FUTURE)) == 2


def test_the_guide_has_the_table() -> None:
    lines = (ROOT / "docs/guide/people.md").read_text(encoding="utf-8").splitlines()
    rows = [[re.findall(r"`(.+?)`", cell) for cell in line.split("|")] for line in lines]
    told = {row[1][0]: set(row[3]) for row in rows if len(row) == 5 and len(row[1]) == 1}

    assert told == {
        role: rights(role) - (set(Right) if role is Role.OWNER else set()) for role in Role
    }
