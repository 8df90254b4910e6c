"""The folder of a backup: written beside its final name, and renamed when everything in it is on the disk."""

import fcntl
import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = "in-progress"
SUMS = "SHA256SUMS"
_BLOCK = 1 << 20


class BackupRefused(Exception):
    """A backup cannot be made or restored. The message is one sentence for the operator."""


class Archive:
    """A folder that is being written. Each file is 0600, synced to the disk, and listed with its SHA-256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sums: dict[str, str] = {}
        self.bytes = 0
        self._counting = threading.Lock()

    def add(self, name: str, blocks: Iterator[bytes]) -> str:
        """Write a file; return its SHA-256 in hexadecimal digits."""
        path = self.folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, size = write(path, blocks)
        with self._counting:
            self.sums[name] = digest
            self.bytes += size
        return digest

    def drop(self, name: str) -> None:
        """Delete a file that was added."""
        (self.folder / name).unlink()
        del self.sums[name]

    def add_sums(self) -> str:
        """Write the list of checksums, which `sha256sum -c` reads; return the checksum of the list."""
        lines = (f"{digest}  {name}\n".encode() for name, digest in sorted(self.sums.items()))
        return write(self.folder / SUMS, lines)[0]


@contextmanager
def new_archive(target: Path) -> Iterator[Archive]:
    """Write a folder that has its name only when it is complete. Raises BackupRefused.

    What an earlier backup into the same folder left when it was killed is deleted first.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupRefused(
            f"{target} exists already: name a folder that does not, or an empty one"
        )
    part = target.with_name(f"{target.name}.part")
    with explained(part), workspace(part):
        yield Archive(part)
        sync_folders(part)
        (part / _LOCK).unlink()
        part.rename(target)
        sync_folder(target.parent)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Say what the system refuses, as on a full disk, in one sentence. Raises BackupRefused."""
    try:
        yield
    except OSError as error:
        raise BackupRefused(f"{error.filename or folder}: {error.strerror}") from error


@contextmanager
def workspace(part: Path) -> Iterator[None]:
    """Own an empty folder for unfinished work; a failure deletes it. Raises BackupRefused."""
    lock = part / _LOCK
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if part.exists() and not lock.exists() and any(part.iterdir()):
        raise BackupRefused(f"{part} is in the way, and no backup left it there: move it away")
    part.mkdir(mode=0o700, exist_ok=True)
    part.chmod(0o700)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"another backup or restore is at work in {part}") from None
        _clear(part)
        try:
            yield
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    finally:
        os.close(handle)


def _clear(part: Path) -> None:
    """Delete what is in a folder of unfinished work, but for its lock."""
    for left in part.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        elif left.name != _LOCK:
            left.unlink()


def write(path: Path, blocks: Iterator[bytes]) -> tuple[str, int]:
    """Write a new file, 0600 and synced; return its SHA-256 and its size."""
    digest, size = hashlib.sha256(), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        for block in blocks:
            digest.update(block)
            size += file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def blocks_of(path: Path) -> Iterator[bytes]:
    """Read a file in blocks."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def digest_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal digits."""
    digest = hashlib.sha256()
    for block in blocks_of(path):
        digest.update(block)
    return digest.hexdigest()


def sync_folders(folder: Path) -> None:
    """Sync the names in a folder, and in those below it, to the disk."""
    for path, _, _ in os.walk(folder):
        sync_folder(Path(path))


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
