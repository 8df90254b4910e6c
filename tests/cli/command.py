"""The `saluhall` command as an operator runs it."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil
import structlog

from saluhall.cli import main
from saluhall.kit.outages import DATABASE
from tests.hub import free_port

_TIMEOUT_S = 60


class Saluhall:
    """Runs commands on one data dir. `env` replaces every SALUHALL_ variable of the machine."""

    def __init__(self, data_dir: Path, env: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        clean = {name: text for name, text in os.environ.items() if "SALUHALL_" not in name}
        self.env = {**clean, "SALUHALL_DATA_DIR": str(data_dir), **(env or {})}

    def run(self, *arguments: str) -> "Ran":
        """Run a command here; those that serve run as processes of their own."""
        if arguments[0] in {"serve", "worker"}:
            return self.start(*arguments)
        return self.here(*arguments)

    def here(self, *arguments: str) -> "Ran":
        """Run a command in this process: one that ends before it serves."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        logs = structlog.get_config()
        with (
            patch.dict(os.environ, self.env, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
            patch.object(
                DATABASE, "_open", {}
            ),  # what an earlier command met is none of this one's
        ):
            try:
                main(arguments)
            except SystemExit as ended:
                code = int(ended.code or 0)
            finally:
                structlog.configure(**logs)
        return Ran(code, out.getvalue(), err.getvalue())

    def start(self, *arguments: str) -> "Ran":
        """Run a command as a process."""
        done = subprocess.run(
            [sys.executable, "-m", "saluhall", *arguments],
            check=False,
            capture_output=True,
            timeout=_TIMEOUT_S,
            env=self.env,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run a command that must succeed; return the one JSON object it prints."""
        ran = self.run(*arguments, "--json")
        assert ran.code == 0, ran.err
        answer = json.loads(ran.out)
        assert isinstance(answer, dict)
        return answer

    @contextmanager
    def serving(self, *arguments: str) -> Iterator["Server"]:
        server = Server(self, *arguments)
        try:
            server.until_ready()
            yield server
        finally:
            server.end()

    def postgres(self) -> list[psutil.Process]:
        """The PostgreSQL servers that run on this data dir."""
        folder = str(self.data_dir / "postgres")
        found = []
        for process in psutil.process_iter():
            try:
                line = process.cmdline()
            except psutil.Error:
                continue
            if line[1:3] == ["-D", folder]:
                found.append(process)
        return found


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def refuses(self, sentence: str, code: int = 1) -> bool:
        """This exit code, nothing on standard output, and one line that says why."""
        lines = [line for line in self.err.splitlines() if "saluhall: warning: " not in line]
        return self.code == code and not self.out and len(lines) == 1 and sentence in lines[0]


class Server:
    """`saluhall serve` on a free port; `log` is what it wrote."""

    def __init__(self, command: Saluhall, *arguments: str) -> None:
        self.port = free_port()
        self._log = command.data_dir.parent / f"serve-{self.port}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "saluhall", "serve", "--port", str(self.port), *arguments],
                env=command.env,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def until_ready(self) -> None:
        deadline = time.monotonic() + _TIMEOUT_S
        while self.get("/readyz") != 200:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> int | None:
        """The status of a GET; None when nobody answers."""
        return self.read(path, headers)[0]

    def read(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int | None, str]:
        """The status and the body of a GET; None and nothing when nobody answers."""
        head = "".join(f"{name}: {text}\r\n" for name, text in (headers or {}).items())
        request = f"GET {path} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n{head}\r\n"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                connection.sendall(request.encode())
                answer = connection.makefile("rb").read().decode()
        except OSError:
            return None, ""
        head, _, body = answer.partition("\r\n\r\n")
        return (int(head.split()[1]), body) if head else (None, "")

    def stop(self) -> int:
        """SIGTERM; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_TIMEOUT_S)

    def end(self) -> None:
        if self.process.poll() is None:
            self.stop()
