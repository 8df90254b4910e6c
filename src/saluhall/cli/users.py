"""saluhall user add, list, role, remove, password, sessions, sign-out, link and unlink."""

from typing import Annotated
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.passwords import NewPassword, read_secret
from saluhall.cli.session import (
    Account,
    AsJson,
    DataDir,
    Username,
    for_account,
    for_user,
    read_settings,
    show,
)
from saluhall.cli.tables import show_rows
from saluhall.cli.values import check_name
from saluhall.domain.accounts import people, queries
from saluhall.domain.accounts.model import Principal, UserSummary
from saluhall.domain.accounts.roles import Role
from saluhall.domain.sessions import ending
from saluhall.domain.sessions.model import OpenSession
from saluhall.storage import Transaction

OfAccount = Annotated[
    str | None,
    Parameter(name="--account", help="The account's name, to be sure; user names are unique."),
]

user = App(name="user", help="Add, list and remove users; set roles and passwords, end sessions.")


@user.command(name="add")
def add_user(
    username: Username,
    *,
    account: Account,
    role: Annotated[Role, Parameter(help="What the user may do.")] = Role.OWNER,
    password: NewPassword = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add a user to an account."""
    check_name("username", username)
    secret = read_secret("--password", password, twice=True)
    ending.check_password(secret)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        await people.add_user(
            tx, principal=principal, username=username, password=secret, role=role, now=now()
        )
        return {"username": username, "account": account, "role": role.value}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@user.command(name="list")
def list_users(*, account: Account, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List an account's users by name."""

    async def do(tx: Transaction, principal: Principal) -> list[UserSummary]:
        return await queries.list_users(tx, principal=principal)

    found = for_account(read_settings(data_dir), account, do)
    rows = [
        {
            "username": each.username,
            "role": each.role.value,
            "subject": each.subject,
            "created_at": each.created_at,
        }
        for each in found
    ]
    columns = {"username": "user", "role": "role", "subject": "subject", "created_at": "created"}
    show_rows("users", rows, columns, as_json=as_json)


@user.command(name="role")
def set_role(
    username: Username,
    role: Annotated[Role, Parameter(help="What the user may do from the next request on.")],
    *,
    account: OfAccount = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a user another role."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        await people.set_role(tx, principal=principal, role=role, now=now())
        return {"username": username, "account": principal.account_name, "role": role.value}

    show(for_user(read_settings(data_dir), username, do, account=account), as_json=as_json)


@user.command(name="remove")
def remove_user(
    username: Username,
    *,
    account: OfAccount = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Remove a user and end all their sessions; what they did stays in the account."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        ended = await ending.remove_user(tx, principal=principal, now=now())
        return {"removed": username, "account": principal.account_name, "ended_sessions": ended}

    show(for_user(read_settings(data_dir), username, do, account=account), as_json=as_json)


@user.command(name="link")
def link_user(
    *,
    username: Username,
    subject: Annotated[str, Parameter(help="The `sub` of the user's tokens.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let a user sign in with tokens of the external issuer too."""
    _link(username, subject, data_dir=data_dir, as_json=as_json)


@user.command(name="unlink")
def unlink_user(*, username: Username, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let a user sign in with a password only."""
    _link(username, None, data_dir=data_dir, as_json=as_json)


def _link(username: str, subject: str | None, *, data_dir: DataDir, as_json: AsJson) -> None:
    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        await people.link_user(tx, principal=principal, subject=subject, now=now())
        return {"username": username, "subject": subject}

    show(for_user(read_settings(data_dir), username, do), as_json=as_json)


@user.command(name="password")
def set_password(
    username: Username,
    *,
    password: NewPassword = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a user a new password, and end all their sessions."""
    secret = read_secret("--password", password, twice=True)
    ending.check_password(secret)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        ended = await ending.set_password(tx, principal=principal, new=secret, now=now())
        return {"username": username, "ended_sessions": ended}

    show(for_user(read_settings(data_dir), username, do), as_json=as_json)


@user.command(name="sessions")
def list_sessions(username: Username, *, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the open sessions of a user, the newest first."""

    async def do(tx: Transaction, principal: Principal) -> list[OpenSession]:
        return await ending.list_sessions(tx, principal=principal, now=now())

    found = for_user(read_settings(data_dir), username, do)
    rows = [{"session_id": each.id, **msgspec.structs.asdict(each)} for each in found]
    for row in rows:
        del row["id"]
    if as_json:
        show({"username": username, "sessions": rows}, as_json=True)
        return
    columns = {"session_id": "session", "address": "opened from", "created_at": "opened",
               "expires_at": "expires"}  # fmt: skip
    show_rows("sessions", rows, columns, as_json=False)


@user.command(name="sign-out")
def sign_out(
    username: Username,
    *,
    session: Annotated[
        UUID | None,
        Parameter(help="The session to end, as `sessions` shows it; without it, all end."),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """End one session of a user, or all of them."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        if session is None:
            return {
                "username": username,
                "ended": await ending.end_sessions(tx, principal=principal, now=now()),
            }
        await ending.end_session(tx, principal=principal, session_id=session, now=now())
        return {"username": username, "ended": 1}

    show(for_user(read_settings(data_dir), username, do), as_json=as_json)
