"""Debian's PgBouncer, with the very file of the guide: only addresses, paths and names are changed."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "guide" / "ha"
PASSWORD = "a good password"
INSTALLED = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MISSING = "PgBouncer is not installed: apt-get install pgbouncer"
# It refuses to run as root, as PostgreSQL does: in a namespace of its own root is somebody else.
AS_ANOTHER = ["unshare", "--user", "--map-user=1000"] if os.geteuid() == 0 else []


class PgBouncer:
    """Runs until `stop`; `url` leads through it."""

    def __init__(self, folder: Path, *, port: int, **settings: object) -> None:
        assert INSTALLED is not None, MISSING
        self.folder, self.port = folder, port
        self.url = f"postgresql://postgres:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}/saluhall"
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pidfile(self) -> Path:
        return self.folder / "pgbouncer.pid"

    def lead_to(self, host: str, port: int, *, dbname: str = "saluhall") -> None:
        """Say where the primary is, before the start."""
        self.folder.mkdir(exist_ok=True)
        text = f"[databases]\nsaluhall = host={host} port={port} dbname={dbname}\n"
        (self.folder / "primary.ini").write_text(text, encoding="utf-8")

    def start(self) -> None:
        (self.folder / "userlist.txt").write_text(f'"postgres" "{PASSWORD}"\n', encoding="utf-8")
        config = self.folder / "pgbouncer.ini"
        config.write_text(self._config(), encoding="utf-8")
        self.pidfile.unlink(missing_ok=True)
        command = [*AS_ANOTHER, str(INSTALLED), "--quiet", str(config)]
        self._process = subprocess.Popen(command)
        self._until_it_listens()

    def _config(self) -> str:
        text = (GUIDE / "pgbouncer.ini").read_text(encoding="utf-8")
        for there, here in (
            ("/etc/pgbouncer", self.folder),
            ("/var/log/postgresql", self.folder),
            ("/run/postgresql", self.folder),
        ):
            text = text.replace(there, str(here))
        changed = {"listen_port": self.port, **self._settings}
        lines = text.splitlines()
        for name, value in changed.items():
            [at] = [n for n, line in enumerate(lines) if line.startswith(f"{name} =")]
            lines[at] = f"{name} = {value}"
        return "\n".join(lines) + "\n"

    def _until_it_listens(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "pgbouncer.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, "PgBouncer does not listen"
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """End it at once; all clients are disconnected."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)
