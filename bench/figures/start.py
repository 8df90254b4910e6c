"""cold-start-s, first-start-s, idle-rss-mb: `saluhall serve` from the command to the first 200 of /readyz, and what it holds then."""

import asyncio
import os
import shutil
import time
from pathlib import Path
from statistics import median

import aiohttp

from bench.figure import Figure, Result, middle, spread
from bench.seller import open_account
from bench.stage import Process, Stage, free_port, until_ready
from saluhall.storage.embedded import EmbeddedPostgres

COLD_S = 2.0
FIRST_S = 6.0
IDLE_MB = 150.0
ROUNDS = 5
IDLE_S = 5.0  # how long it is left alone before its memory is read
_ASKED = {"/integration/v1/items/unknown": 404, "/sr_company_ws/api/v2/order": 401}


async def measure(stage: Stage) -> list[Result]:
    """Start the embedded PostgreSQL alone and the hub with it by turns, on new folders and on those that are there."""
    hub, bare = stage.folder / "start", stage.folder / "start-bare"
    await _postgres(bare)
    api_key = (await open_account(stage, SALUHALL_DATA_DIR=str(hub))).api_key
    first: list[tuple[float, float]] = []
    cold: list[tuple[float, float]] = []
    held: list[dict[str, float]] = []
    for number in range(ROUNDS):
        new = [stage.folder / f"start-new-{number}-{kind}" for kind in ("hub", "bare")]
        first.append(((await _hub(stage, new[0], ""))[0], await _postgres(new[1])))
        for folder in new:
            shutil.rmtree(folder)
        seconds, memory = await _hub(stage, hub, api_key)
        cold.append((seconds, await _postgres(bare)))
        held.append(memory)
        print(f"  {first[-1][0]:.2f} s first, {seconds:.2f} s cold", flush=True)
    return [
        _seconds("cold-start-s", cold, COLD_S),
        _seconds("first-start-s", first, FIRST_S),
        _memory(held),
    ]


def _seconds(figure: str, rounds: list[tuple[float, float]], target: float) -> Result:
    ours, bare = [pair[0] for pair in rounds], [pair[1] for pair in rounds]
    ratios = [whole / alone for whole, alone in rounds]
    return Result(
        figure=figure,
        ours=middle(ours),
        reference=middle(bare),
        ratio=middle(ratios),
        unit="s",
        target=target,
        lower_is_better=True,
        note=f"{spread(ours)}; reference: the same PostgreSQL alone, by turns; ratio {spread(ratios)}; "
        f"load {os.getloadavg()[0]:.1f}",
    )


def _memory(held: list[dict[str, float]]) -> Result:
    middles = {name: median(each[name] for each in held) for name in held[0]}
    largest = max(middles.values())
    return Result(
        figure="idle-rss-mb",
        ours=largest,
        reference=IDLE_MB,
        ratio=largest / IDLE_MB,
        unit="MB",
        target=IDLE_MB,
        lower_is_better=True,
        note=", ".join(f"{name} {size:.0f}" for name, size in middles.items())
        + f" MB resident, PostgreSQL aside; what they share counts for each; {len(held)} rounds",
    )


async def _postgres(folder: Path) -> float:
    """Start PostgreSQL alone, as the hub does, and stop it again; return the seconds until it takes connections."""
    started_at = time.monotonic()
    server = await asyncio.to_thread(EmbeddedPostgres, folder)
    seconds = time.monotonic() - started_at
    await asyncio.to_thread(server.close)
    return seconds


async def _hub(stage: Stage, folder: Path, api_key: str) -> tuple[float, dict[str, float]]:
    """Start the hub and stop it again; return the seconds until it is ready, and with a key what each process holds when idle."""
    port = free_port()
    env = stage.settings(SALUHALL_DATA_DIR=str(folder))
    async with stage.process(["saluhall", "serve", "--port", str(port)], env=env) as process:
        await until_ready(process, port)
        seconds = time.monotonic() - process.started_at
        if not api_key:
            return seconds, {}
        await _ask(port, api_key)
        await asyncio.sleep(IDLE_S)
        return seconds, _held_mb(process)


async def _ask(port: int, api_key: str) -> None:
    async with aiohttp.ClientSession(headers={"x-api-key": api_key}) as session:
        for path, status in _ASKED.items():
            async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                if answer.status != status:
                    raise RuntimeError(
                        f"{path} was answered {answer.status}: {await answer.text()}"
                    )


def _held_mb(process: Process) -> dict[str, float]:
    """Read the resident memory of each process, by what it does."""
    first, *others = process.family()
    held = {"supervisor": first.memory_info().rss / 1e6}
    for other in others:
        name = "worker" if other.cmdline()[-1:] == ["worker"] else "API"
        held[name] = other.memory_info().rss / 1e6
    return held


FIGURE = Figure(name="cold-start-s", measure=measure, also=("first-start-s", "idle-rss-mb"))
