"""The folder of the server's socket: the database's own, or where that has too long a path, a private one that it names."""

import os
import shutil
import socket
import struct
import tempfile
from pathlib import Path

PORT = 5432
_MAX_PATH = 103  # what every system takes as the path of a socket, in bytes
_PREFIX = "saluhall-"
_TIMEOUT_S = 1.0
_HELLO = struct.pack(
    "!ii", 8, 80877103
)  # "do you speak TLS?", which needs no name and is not logged


def socket_folder(folder: Path) -> Path:
    """Return the folder for the socket of the PostgreSQL in `folder`: 0700, and the same at every start until it is forgotten."""
    if fits(folder):
        return folder
    note = _note(folder)
    if note.exists() and _is_private(kept := Path(note.read_text(encoding="utf-8"))):
        return kept
    made = _new_folder()
    note.write_text(str(made), encoding="utf-8")
    return made


def fits(folder: Path) -> bool:
    """Return whether a socket in this folder has a short enough path."""
    return len(os.fsencode(socket_path(folder))) <= _MAX_PATH


def socket_path(folder: Path) -> Path:
    """Name the socket in this folder."""
    return folder / f".s.PGSQL.{PORT}"


def lock_path(folder: Path) -> Path:
    """Name the file by which PostgreSQL guards the socket in this folder."""
    return folder / f".s.PGSQL.{PORT}.lock"


def responds(folder: Path) -> bool:
    """Return whether a server responds on the socket in this folder: one that was just killed may seem alive for a moment."""
    try:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(_TIMEOUT_S)
            asked.connect(str(socket_path(folder)))
            asked.sendall(_HELLO)
            return bool(asked.recv(1))
    except OSError:
        return False


def forget(folder: Path) -> None:
    """Delete the private folder, if there is one: the server has stopped."""
    note = _note(folder)
    if not note.exists():
        return
    kept = Path(note.read_text(encoding="utf-8"))
    if kept.name.startswith(_PREFIX) and _is_private(kept):
        shutil.rmtree(kept, ignore_errors=True)
    note.unlink()


def _new_folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix=_PREFIX))
    if fits(made):
        return made
    made.rmdir()
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp"))


def _is_private(folder: Path) -> bool:
    """Return whether a folder exists, is ours, and is closed to others: another user may have taken its name meanwhile."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    found = folder.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _note(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.socket")
