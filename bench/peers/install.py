"""Peers are installed from the package registries into a cache folder, once for each list of pinned versions.

`BENCH_PEERS_CACHE` names the folder; by default it is `bench/peers/.cache`.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.peers.peer import Absent

_HERE = Path(__file__).parent
_STAMP = ".installed"
_NODE = 20


def cache_folder() -> Path:
    """Return where peers are installed."""
    return Path(os.environ.get("BENCH_PEERS_CACHE") or _HERE / ".cache").resolve()


async def node_project(name: str) -> tuple[Path, str]:
    """Install the project of this name with npm; return its folder and the node to run it with. Raises Absent."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Absent("node and npm are not on this machine")
    version = (await run([node, "--version"])).strip().lstrip("v")
    if int(version.partition(".")[0]) < _NODE:
        raise Absent(f"node {version} is on this machine, but {_NODE} or newer is needed")
    folder = _copied(name)
    if not _is_installed(folder, "package.json"):
        print(f"  {name}: npm install into {folder}", flush=True)
        arguments = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        await run([npm, *arguments], folder=folder)
        _stamp(folder, "package.json")
    return folder, node


async def python_project(name: str) -> tuple[Path, Path]:
    """Install the project of this name into a venv of its own; return its folder and the venv's `bin`. Raises Absent."""
    folder = _copied(name)
    tools = folder / "venv" / "bin"
    if not _is_installed(folder, "requirements.txt"):
        print(f"  {name}: pip install into {folder}", flush=True)
        await run([sys.executable, "-m", "venv", "--clear", str(folder / "venv")])
        needed = str(folder / "requirements.txt")
        await run([str(tools / "python"), "-m", "pip", "install", "-q", "-r", needed])
        _stamp(folder, "requirements.txt")
    return folder, tools


async def run(
    command: Sequence[str], *, folder: Path | None = None, env: dict[str, str] | None = None
) -> str:
    """Run a command to its end and return what it printed. Raises Absent when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **(env or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace")
    if process.returncode:
        raise Absent(f"`{' '.join(command)}` failed: {text[-1500:]}")
    return text


def _copied(name: str) -> Path:
    """Lay our own files of a peer into its folder in the cache."""
    folder = cache_folder() / name
    shutil.copytree(_HERE / "projects" / name, folder, dirs_exist_ok=True)
    return folder


def _is_installed(folder: Path, pins: str) -> bool:
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text() == (folder / pins).read_text()


def _stamp(folder: Path, pins: str) -> None:
    (folder / _STAMP).write_text((folder / pins).read_text())
