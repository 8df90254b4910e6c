"""The folder in which the processes of one `serve` count: in memory where the system has room there, each `serve` with its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a new folder in it, 0700
_PREFIX = "saluhall-metrics-"


@contextmanager
def counters_folder(data_dir: Path, *, memory: Path = _MEMORY) -> Iterator[Path]:
    """Make a new folder for counters, delete it at the end, and those that killed servers of this data dir have left."""
    notes = data_dir / "metrics"
    try:
        made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=memory))
    except OSError:
        made = Path(tempfile.mkdtemp(prefix=_PREFIX))
    note = notes / str(os.getpid())
    with suppress(OSError):  # a note that cannot be made is no reason not to start
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if data_dir.stat().st_uid == os.geteuid():
            notes.mkdir(exist_ok=True)
            _forget_the_dead(notes)
            note.symlink_to(made)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        note.unlink(missing_ok=True)


def _forget_the_dead(notes: Path) -> None:
    for note in notes.iterdir():
        if note.is_symlink() and note.name.isdecimal() and not _lives(int(note.name)):
            left = note.readlink()
            if left.name.startswith(_PREFIX) and left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            note.unlink(missing_ok=True)
        elif note.suffix == ".db":  # 0.1 and older counted here
            note.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()
