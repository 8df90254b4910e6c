"""Starting a peer's server and waiting until it answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from bench.peers.client import Client
from bench.peers.peer import Absent
from bench.stage import Process, Stage

_START_S = 120.0


class Place(Struct, frozen=True):
    """Where a database is: the folder of PostgreSQL's socket, and its name."""

    socket: str
    name: str
    user: str


def place_of(url: str) -> Place:
    """Read the address of a database of the stage."""
    parts = urlsplit(url)
    return Place(
        socket=parse_qs(parts.query)["host"][0],
        name=parts.path.lstrip("/"),
        user=parts.username or "postgres",
    )


@asynccontextmanager
async def serving(
    stage: Stage,
    command: Sequence[str],
    *,
    port: int,
    folder: Path,
    env: Mapping[str, str],
    ready: str,
) -> AsyncIterator[Client]:
    """Run a server as long as this is open; give a client once GET of the path `ready` answers 200. Raises Absent."""
    async with stage.process([], program=command, folder=folder, env=env) as process:
        client = Client(port)
        try:
            await _until_ready(process, client, ready)
            yield client
        finally:
            client.close()


async def _until_ready(process: Process, client: Client, path: str) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.is_running():
        try:
            if (await client.send("GET", path)).status == 200:
                return
        except (OSError, asyncio.IncompleteReadError):
            pass
        await asyncio.sleep(0.1)
    raise Absent(f"it did not start: {process.tail()}")
