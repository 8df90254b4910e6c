"""The machines of the hub: processes with a database address, a secret and an image store in common, and nothing else."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from tests.hub import free_port


class Machine:
    """One `saluhall serve --no-worker` or `saluhall worker`, started again on the same port."""

    def __init__(self, name: str, folder: Path, env: Mapping[str, str], *, port: int = 0) -> None:
        self.name, self.port = name, port
        self.log = folder / f"{name}.log"
        self._env = {**os.environ, **env, "SALUHALL_DATA_DIR": str(folder / name)}
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        command = ["serve", "--no-worker", "--port", str(self.port)] if self.port else ["worker"]
        self._started_at = len(self.tail(None))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "saluhall", *command], env=self._env, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 90
        while not await self._is_ready():
            assert self._process.poll() is None, f"{self.name} ended:\n{self.tail()}"
            assert time.monotonic() < deadline, f"{self.name} does not start:\n{self.tail()}"
            await asyncio.sleep(0.1)

    async def _is_ready(self) -> bool:
        if not self.port:
            return "worker started" in self.tail(None)[self._started_at :]
        try:
            async with aiohttp.request("GET", f"{self.base}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def stop(self) -> None:
        """Stop it in order."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self._process.wait, 40)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def tail(self, size: int | None = 3000) -> str:
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        return text if size is None else text[-size:]


def machines(folder: Path, env: Mapping[str, str]) -> tuple[list[Machine], list[Machine]]:
    """Two for the API, three workers."""
    apis = [Machine(f"api{n}", folder, env, port=free_port()) for n in (1, 2)]
    return apis, [Machine(f"worker{n}", folder, env) for n in (1, 2, 3)]
