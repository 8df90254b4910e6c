"""Two PostgreSQL servers that an operator fails over by the scripts of the guide."""

import asyncio
import os
import subprocess
from pathlib import Path

from tests.cluster.server import Server, promoted_at
from tests.hub import free_port
from tests.pgbouncer import GUIDE, PgBouncer

# How long an operator takes to see that the primary is gone.
_DECISION_S = 1.0


class ByHand:
    """`primary` and `standby` change places; `port` leads to the primary of the start."""

    name = "by hand"

    def __init__(self, folder: Path, pooler: PgBouncer) -> None:
        self._folder, self._pooler = folder, pooler
        self.port = free_port()
        self._primary = Server(folder, port=self.port, name="pg1")
        self._standby: Server | None = None

    def start(self) -> None:
        """Start both, with an empty database."""
        self._primary.initialise()
        self._primary.start()
        self._primary.run("create database saluhall")
        self.repair()

    async def fail(self) -> float:
        """Kill the primary; promote the standby and lead PgBouncer to it; return when it was promoted (monotonic)."""
        assert self._standby is not None
        self._primary.kill()
        await asyncio.sleep(_DECISION_S)
        self._primary, self._standby = self._standby, None
        instant, _ = await asyncio.gather(
            promoted_at(self._primary, timeout_s=30), asyncio.to_thread(self._follow_the_guide)
        )
        return instant

    def _follow_the_guide(self) -> None:
        self._primary.promote()
        environment = {**os.environ, "PGBOUNCER_PIDFILE": str(self._pooler.pidfile)}
        script = [str(GUIDE / "point-pgbouncer-at.sh"), "127.0.0.1", str(self._primary.port)]
        subprocess.run([*script, str(self._pooler.folder)], check=True, env=environment, timeout=10)

    def repair(self) -> None:
        """Make a new standby of the primary, and let writes count only when it has them."""
        if self._standby is not None:
            return
        self._standby = Server(self._folder, port=free_port(), name=f"pg{free_port()}")
        self._standby.follow(self._primary)
        self._standby.start()
        self._primary.be_synchronous()

    async def restart(self) -> None:
        """Restart both, the standby first."""
        assert self._standby is not None
        for server in (self._standby, self._primary):
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
            await asyncio.sleep(3)

    def end(self) -> None:
        """Kill both."""
        self._primary.kill()
        if self._standby is not None:
            self._standby.kill()
