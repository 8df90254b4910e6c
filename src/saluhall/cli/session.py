"""What every command shares: its options, a prepared database, and one way to print."""

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter

from saluhall import bootstrap
from saluhall.bootstrap.configuration import read_configuration
from saluhall.cli.failures import Refused
from saluhall.cli.tables import json_from, shown
from saluhall.domain.accounts.model import Principal, UserNotFound
from saluhall.domain.accounts.queries import principal_of_account, principal_of_user
from saluhall.kit.environment import BadSetting
from saluhall.kit.logs import set_up_own_logs
from saluhall.kit.origin import Origin
from saluhall.plugins import load_channels
from saluhall.settings import LOG_LEVEL, Settings
from saluhall.storage import Database, Transaction
from saluhall.storage.claims import take_time

T = TypeVar("T")
DataDir = Annotated[Path | None, Parameter(name="--data-dir", help="Where the hub keeps its data.")]
Yes = Annotated[bool, Parameter(name="--yes", negative="", help="Do it without asking again.")]
AsJson = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON object on standard output.")
]
Subject = Annotated[
    str | None, Parameter(help="The `sub` of the user's tokens at the external issuer.")
]
Username = Annotated[str, Parameter(help="The name with which the user signs in.")]
Account = Annotated[str, Parameter(name="--account", help="The account's name.")]


def read_settings(data_dir: Path | None) -> Settings:
    """Read and check the whole configuration, and set the log of a command up. Raises BadSettings with every error."""
    settings = read_configuration(os.environ, data_dir=data_dir)
    # What a command does is not logged unless someone asks for it: it prints that.
    is_asked = bool(os.environ.get(LOG_LEVEL))
    set_up_own_logs(settings.log_level.upper() if is_asked else "WARNING")
    return settings


def check_options(settings: Settings, channel: str, options: Mapping[str, Any]) -> None:
    """Check the options of a connection at a channel. Raises Refused."""
    card = load_channels().get(channel)
    if card is None:
        raise Refused(f"the channel {channel!r} is not installed")
    try:
        card.check(settings.env, options)
    except BadSetting as error:
        raise Refused(str(error)) from error


@asynccontextmanager
async def prepared(settings: Settings) -> AsyncIterator[Database]:
    """Open the database, migrated; wake-ups from here are left to the sweep."""
    async with bootstrap.database(settings) as url:
        await bootstrap.prepare(bootstrap.direct_url(settings, url))
        async with Database(url, connections=2) as db:
            async with db.statement() as tx:
                await take_time(tx)
            yield db.acting_as(Origin(actor=f"operator:{_login()}", source="cli"))


def _login() -> str:
    """Return the name of the login on this machine that runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())


def in_transaction(settings: Settings, do: Callable[[Transaction], Awaitable[T]]) -> T:
    """Run one operation in a transaction and wait for it."""

    async def run() -> T:
        async with prepared(settings) as db:
            return await db.in_transaction(do)

    return asyncio.run(run())


def for_account(
    settings: Settings, account: str, do: Callable[[Transaction, Principal], Awaitable[T]]
) -> T:
    """Run one operation for the account of this name. Raises AccountNotFound."""

    async def run(tx: Transaction) -> T:
        return await do(tx, await principal_of_account(tx, account))

    return in_transaction(settings, run)


def for_user(
    settings: Settings,
    username: str,
    do: Callable[[Transaction, Principal], Awaitable[T]],
    *,
    account: str | None = None,
) -> T:
    """Run one operation for the user of this name, in this account if one is named. Raises UserNotFound, AccountNotFound."""

    async def run(tx: Transaction) -> T:
        if account is not None:
            await principal_of_account(tx, account)
        found = await principal_of_user(tx, username)
        if account not in {None, found.account_name}:
            raise UserNotFound(f"the account {account!r} has no user named {username!r}")
        return await do(tx, found)

    return in_transaction(settings, run)


def show(answer: dict[str, Any], *, as_json: bool) -> None:
    """Print an answer: one JSON object, or a line for each part of it."""
    if as_json:
        sys.stdout.write(json_from(answer) + "\n")
        return
    width = max(map(len, answer), default=0)
    for name, value in answer.items():
        sys.stdout.write(f"{name:<{width}}  {shown(value)}\n")
