"""What a new PostgreSQL is set up with, for the memory there is."""

from pathlib import Path

import psutil

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
_MIN_SHARED_MB = 128
_MAX_SHARED_MB = 2048
_MB = 1024 * 1024
# What a container may use at most, by either generation of control groups; "max" or a huge number is no limit.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def tuning() -> str:
    """Return the lines for the end of a new postgresql.conf."""
    return _TUNING.format(shared_mb=shared_mb(memory_bytes()))


def memory_bytes() -> int:
    """Return the memory of the machine, or the part of it that our container may use."""
    found = [int(psutil.virtual_memory().total)]
    for path in map(Path, _LIMITS):
        text = path.read_text(encoding="ascii").strip() if path.is_file() else ""
        if text.isdecimal():
            found.append(int(text))
    return min(found)


def shared_mb(memory: int) -> int:
    """Choose how many megabytes PostgreSQL's processes may share, of so many bytes that there are."""
    return max(_MIN_SHARED_MB, min(_MAX_SHARED_MB, memory // 4 // _MB))
