"""Two PostgreSQL servers under Debian's Patroni, with an etcd of one node, and HAProxy before them: no operator is needed."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from tests.cluster.server import BINARIES, Server, promoted_at
from tests.hub import free_port
from tests.pgbouncer import AS_ANOTHER, GUIDE, PASSWORD

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
_MISSING = [name for name in ("patroni", "etcd", "haproxy") if not shutil.which(name, path=_PATH)]
MISSING = f"missing: {', '.join(_MISSING)}: apt-get install patroni etcd-server haproxy"
IS_INSTALLED = not _MISSING
_IN_SYNC = "select 1 from pg_stat_replication where sync_state in ('sync', 'quorum')"


class Process:
    """A program of the test, which logs to a file of its own."""

    def __init__(self, folder: Path, name: str, command: Sequence[str]) -> None:
        self._log, self._command = folder / f"{name}.log", command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def end(self, by: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(by)
            self._process.wait(60)


class Member(Server):
    """A PostgreSQL server that its Patroni starts, promotes and repairs."""

    login = f"postgres:{urllib.parse.quote(PASSWORD)}"

    def __init__(self, folder: Path, *, name: str, port: int, rest: int, etcd: int) -> None:
        super().__init__(folder, port=port, name=name)
        config = folder / f"{name}.yml"
        text = (GUIDE / "patroni.yml").read_text(encoding="utf-8")
        for there, here in (
            ("name: pg1", f"name: {name}"),
            ("10.1.0.11:8008", f"127.0.0.1:{rest}"),
            ("10.1.0.21:2379,10.1.0.22:2379,10.1.0.23:2379", f"127.0.0.1:{etcd}"),
            ("10.1.0.11:5432", f"127.0.0.1:{port}"),
            ("/var/lib/postgresql/saluhall.pgpass", str(folder / f"{name}.pgpass")),
            ("/var/lib/postgresql/saluhall", str(self.folder)),
            ("/usr/lib/postgresql/16/bin", str(BINARIES)),
            ("unix_socket_directories: /run/postgresql", "unix_socket_directories: ''"),
            ("SUPERUSER_PASSWORD", PASSWORD),
        ):
            assert there in text, there
            text = text.replace(there, here)
        config.write_text(text, encoding="utf-8")
        self._patroni = Process(folder, name, [*AS_ANOTHER, "patroni", str(config)])

    def start(self) -> None:
        self._patroni.start()

    def stop(self) -> None:
        """Stop in order: Patroni stops PostgreSQL and gives up the leadership."""
        self._patroni.end()

    def kill(self) -> None:
        """Kill -9 Patroni and PostgreSQL, as a power cut would."""
        self._patroni.end(signal.SIGKILL)
        pidfile = self.folder / "postmaster.pid"
        if not pidfile.exists():
            return
        try:
            postmaster = psutil.Process(int(pidfile.read_text().split()[0]))
            if str(self.folder) in " ".join(postmaster.cmdline()):
                for part in (postmaster, *postmaster.children(recursive=True)):
                    part.kill()
        except psutil.NoSuchProcess:
            pass


class Patroni:
    """The pair and what decides about it; `port` leads to the primary, wherever it is."""

    name = "Patroni"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        etcd, peers, rests = free_port(), free_port(), (free_port(), free_port())
        here, there = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peers}"
        urls = [f"--listen-client-urls={here}", f"--advertise-client-urls={here}"]
        urls += [f"--listen-peer-urls={there}", f"--initial-advertise-peer-urls={there}"]
        command = ["etcd", f"--data-dir={folder}/etcd", f"--initial-cluster=default={there}", *urls]
        self._etcd = Process(folder, "etcd", command)
        self.members = [
            Member(folder, name=f"pg{n}", port=free_port(), rest=rest, etcd=etcd)
            for n, rest in enumerate(rests, 1)
        ]
        text = (GUIDE / "haproxy.cfg").read_text(encoding="utf-8")
        text = text.replace("127.0.0.1:5000", f"127.0.0.1:{self.port}")
        for n, (member, rest) in enumerate(zip(self.members, rests, strict=True), 1):
            text = text.replace(
                f"10.1.0.1{n}:5432 check port 8008", f"127.0.0.1:{member.port} check port {rest}"
            )
        config = folder / "haproxy.cfg"
        config.write_text(text, encoding="utf-8")
        haproxy = str(shutil.which("haproxy", path=_PATH))
        self._haproxy = Process(folder, "haproxy", [haproxy, "-db", "-f", str(config)])

    def start(self) -> None:
        """Start it all, and make an empty database."""
        self._etcd.start()
        self.members[0].start()
        self._until(self.members[0].takes_writes)
        self.members[1].start()
        self._haproxy.start()
        self._until_in_sync()
        self.members[0].run("create database saluhall")

    async def fail(self) -> float:
        """Kill the primary and its Patroni; wait until the standby is promoted; return when that was (monotonic)."""
        self.primary.kill()
        return await promoted_at(self.standby, timeout_s=90)

    def repair(self) -> None:
        """Start what was killed: its Patroni makes a standby of it."""
        for member in self.members:
            if not member.answers():
                member.start()
        self._until_in_sync()

    async def restart(self) -> None:
        """Restart both, the standby first; the other takes over from a primary that stops."""
        for member in (self.standby, self.primary):
            await asyncio.to_thread(member.stop)
            await asyncio.sleep(3)
            await asyncio.to_thread(member.start)
            await asyncio.to_thread(self._until_in_sync)

    def end(self) -> None:
        for member in self.members:
            member.kill()
        self._haproxy.end()
        self._etcd.end()

    @property
    def primary(self) -> Member:
        [primary] = [member for member in self.members if member.takes_writes()]
        return primary

    @property
    def standby(self) -> Member:
        [standby] = [m for m in self.members if m.answers() and not m.takes_writes()]
        return standby

    def _until_in_sync(self) -> None:
        self._until(lambda: any(m.takes_writes() and m.run(_IN_SYNC) for m in self.members))

    def _until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not is_so():
            assert time.monotonic() < deadline, "Patroni does not get there"
            time.sleep(0.1)
