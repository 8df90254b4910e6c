"""What is unique over all accounts: it is taken once, and free again when its row is gone or has another value."""

import asyncio
from uuid import UUID

import pytest

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts import people, queries
from saluhall.domain.accounts.model import AccountTaken, Principal, SubjectTaken, UnknownSubject
from saluhall.domain.accounts.roles import Role
from saluhall.domain.partner_business import operations as resellers
from saluhall.domain.partner_business.model import SlugTaken
from saluhall.storage import Database
from tests.domain.signing_in import NOW, PASSWORD, open_account


async def open_two(db: Database) -> tuple[Principal, Principal]:
    """Open the accounts anna and bo; return their first users."""
    for name in ("anna", "bo"):
        await open_account(db, name)
    async with db.statement() as tx:
        return await queries.principal_of_user(tx, "anna"), await queries.principal_of_user(
            tx, "bo"
        )


async def link(db: Database, user: Principal, subject: str | None) -> None:
    async with db.transaction() as tx:
        await people.link_user(tx, principal=user, subject=subject, now=NOW)


async def add_user(db: Database, account: Principal, username: str) -> None:
    async with db.transaction() as tx:
        await people.add_user(
            tx, principal=account, username=username, password=PASSWORD, role=Role.VIEWER, now=NOW
        )


async def test_a_name_is_taken_once_even_by_two_at_once(db: Database) -> None:
    async def open_one(name: str, username: str) -> UUID:
        async with db.transaction() as tx:
            return await accounts.create_account(
                tx, name=name, username=username, password=PASSWORD, now=NOW
            )

    for names in ((("A", "a"), ("A", "b")), (("B", "u"), ("C", "u"))):
        made = await asyncio.gather(*(open_one(*each) for each in names), return_exceptions=True)
        assert {type(each) for each in made} == {UUID, AccountTaken}


async def test_a_removed_users_name_and_subject_are_free(db: Database) -> None:
    anna, bo = await open_two(db)
    await add_user(db, anna, "eva")
    async with db.statement() as tx:
        eva = await queries.principal_of_user(tx, "eva")
    await link(db, eva, "eva@issuer")
    with pytest.raises(AccountTaken):
        await add_user(db, bo, "eva")
    with pytest.raises(SubjectTaken):
        await link(db, bo, "eva@issuer")

    async with db.transaction() as tx:
        await people.remove_user(tx, principal=eva, now=NOW)

    await add_user(db, bo, "eva")
    await link(db, bo, "eva@issuer")


async def test_a_user_has_the_last_of_two_subjects_only(db: Database) -> None:
    anna, bo = await open_two(db)

    await asyncio.gather(link(db, anna, "first"), link(db, anna, "second"))
    await link(db, anna, "third")
    await link(db, anna, "third")

    for subject in ("first", "second"):
        async with db.statement() as tx:
            with pytest.raises(UnknownSubject):
                await accounts.authenticate_subject(tx, subject=subject, now=NOW)
        await link(db, bo, subject)
    async with db.statement() as tx:
        found = await accounts.authenticate_subject(tx, subject="third", now=NOW)
    assert found.user_id == anna.user_id


async def test_an_address_that_a_profile_left_is_free(db: Database) -> None:
    anna, bo = await open_two(db)

    async def put(account: Principal, slug: str) -> None:
        async with db.transaction() as tx:
            await resellers.put_profile(tx, principal=account, slug=slug, name="N", now=NOW)

    await asyncio.gather(put(anna, "one"), put(anna, "two"))
    await put(anna, "three")

    with pytest.raises(SlugTaken):
        await put(bo, "three")
    for slug in ("one", "two"):
        await put(bo, slug)
