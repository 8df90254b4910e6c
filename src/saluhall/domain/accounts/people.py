"""The users of an account: add and remove them, give them roles, link them to an external issuer."""

from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher

from saluhall.domain.accounts import people_store, store
from saluhall.domain.accounts.model import (
    AccountTaken,
    BadSubject,
    LastOwner,
    Principal,
    SubjectTaken,
    UserNotFound,
)
from saluhall.domain.accounts.roles import Role
from saluhall.kit.ids import new_id
from saluhall.kit.oidc_settings import is_subject
from saluhall.storage import Conflict, Transaction


async def add_user(
    tx: Transaction,
    *,
    principal: Principal,
    username: str,
    password: str,
    role: Role,
    now: datetime,
) -> UUID:
    """Add a user to an account. Raises AccountTaken."""
    user_id = new_id()
    hashed = PasswordHasher().hash(password)
    try:
        await store.add_user(
            tx,
            principal.account_id,
            user_id=user_id,
            username=username,
            password_hash=hashed,
            role=role,
            now=now,
        )
    except Conflict as error:
        raise AccountTaken(f"username {username!r} exists already") from error
    return user_id


async def set_role(
    tx: Transaction,
    *,
    principal: Principal,
    role: Role,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Give the user that `principal` names a role, from the next request on. Raises LastOwner, UserNotFound."""
    if role is not Role.OWNER:
        await _check_other_owner(tx, principal)
    if not await people_store.set_role(tx, principal.account_id, principal.user_id, role):
        raise UserNotFound("the user was removed meanwhile")


async def remove_user(
    tx: Transaction,
    *,
    principal: Principal,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Remove the user that `principal` names. Raises LastOwner, UserNotFound."""
    await _check_other_owner(tx, principal)
    if not await people_store.remove_user(tx, principal.account_id, principal.user_id):
        raise UserNotFound("the user was removed meanwhile")


async def _check_other_owner(tx: Transaction, principal: Principal) -> None:
    """Check that the account keeps an owner without this user; the account stays locked. Raises LastOwner."""
    await store.lock_account(
        tx, principal.account_id
    )  # or two owners at once would find each other
    owners = await people_store.users_with_role(tx, principal.account_id, Role.OWNER)
    if owners == [principal.user_id]:
        raise LastOwner(
            f"the user is the last owner of the account {principal.account_name!r}:"
            " give another user the role owner first"
        )


async def link_user(
    tx: Transaction,
    *,
    principal: Principal,
    subject: str | None,
    now: datetime,  # noqa: ARG001 - a link has no history
) -> None:
    """Let a user in as this subject of the external issuer, or no longer as any. Raises BadSubject, SubjectTaken."""
    if subject is not None and not is_subject(subject):
        raise BadSubject("a subject has 1 to 255 printable characters")
    await store.lock_account(
        tx, principal.account_id
    )  # two links at once would leave a subject behind
    try:
        await people_store.link(tx, principal.account_id, principal.user_id, subject=subject)
    except Conflict as error:
        raise SubjectTaken(f"another user is linked to {subject!r} already") from error
