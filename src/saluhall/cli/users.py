"""saluhall user link and unlink, password, sessions and sign-out."""

from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.passwords import NewPassword, read_secret
from saluhall.cli.session import AsJson, DataDir, in_transaction, read_settings, show
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.queries import principal_of_user
from saluhall.domain.sessions import ending
from saluhall.storage import Transaction

user = App(name="user", help="People.")


@user.command(name="link")
def link_user(
    *,
    username: str,
    subject: Annotated[str, Parameter(help="The `sub` of their tokens.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let a user in with tokens of the external issuer."""
    _link(username, subject, data_dir=data_dir, as_json=as_json)


@user.command(name="unlink")
def unlink_user(*, username: str, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let a user in with a password only."""
    _link(username, None, data_dir=data_dir, as_json=as_json)


def _link(username: str, subject: str | None, *, data_dir: DataDir, as_json: AsJson) -> None:
    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_user(tx, username)
        await accounts.link_user(tx, by=by, subject=subject, now=now())
        return {"username": username, "subject": subject}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@user.command(name="password")
def set_password(
    username: str,
    *,
    password: NewPassword = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a user a new password, and end all their sessions."""
    secret = read_secret("--password", password, twice=True)
    ending.check_password(secret)

    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_user(tx, username)
        await ending.set_password(tx, by=by, new=secret, now=now())
        return {"username": username}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@user.command(name="sessions")
def list_sessions(username: str, *, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the open sessions of a user, the newest first."""

    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_user(tx, username)
        found = await ending.list_sessions(tx, by=by, now=now())
        return {
            "username": username,
            "sessions": [
                {"session_id": s.id, "address": s.address, "created_at": s.created_at}
                for s in found
            ],
        }

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@user.command(name="sign-out")
def sign_out(
    username: str,
    *,
    session: Annotated[
        UUID | None, Parameter(help="The session to end; all of the user's when not said.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """End a session of a user, or all of them."""

    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_user(tx, username)
        if session is None:
            return {"username": username, "ended": await ending.end_sessions(tx, by=by, now=now())}
        await ending.end_session(tx, by=by, session_id=session, now=now())
        return {"username": username, "ended": 1}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)
