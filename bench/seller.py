"""A seller to measure with: an account with its key, connection and endpoint, made by the hub's own commands."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from bench.stage import Stage
from saluhall.kit.ids import new_id

CATALOG = "RHEO"
USER_ID = 4711
TOKEN = "tok"


class Seller(Struct, frozen=True, kw_only=True):
    """An account with an API key, and the settings of the hub where it is."""

    name: str
    account_id: str
    api_key: str
    env: Mapping[str, str]

    async def connect(self) -> str:
        """Give the account a login at the practice marketplace; return the connection's id."""
        arguments = ["add", "tradera", "--user-id", str(USER_ID), "--token", TOKEN]
        answer = await _command(self.env, "connection", *arguments, "--account", self.name)
        return str(answer["connection_id"])

    async def listen(self, address: str, *, ca_file: str) -> None:
        """Set the account's webhook address."""
        env = {**self.env, "SALUHALL_OUTBOUND_CA_FILE": ca_file}
        await _command(env, "webhook", "set", address, "--account", self.name)


async def open_account(stage: Stage, **database: str) -> Seller:
    """Open an account with its catalog and a key, in the database that the settings name."""
    env = stage.settings(**database)
    name = f"bench-{new_id().hex}"
    login = ["--username", name, "--password", "a good password"]
    account = await _command(env, "account", "create", name, *login)
    key = await _command(env, "key", "create", "--account", name)
    return Seller(name=name, account_id=account["account_id"], api_key=key["api_key"], env=env)


async def _command(env: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "saluhall",
        *arguments,
        "--json",
        env=dict(env),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"saluhall {' '.join(arguments[:2])}: {errors.decode()[-2000:]}")
    return msgspec.json.decode(output, type=dict[str, Any])
