"""saluhall user link and unlink."""

from typing import Annotated

from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.session import AsJson, DataDir, in_transaction, read_settings, show
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.queries import principal_of_user
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
