"""The data dir and the image store."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from saluhall.bootstrap.doctor.finding import Finding, error, ok, warning
from saluhall.kit.environment import Wrong
from saluhall.kit.folders import check_folder
from saluhall.settings import KEY_FILE, Settings

_OTHERS = 0o077
_WARN_BYTES = 2_000_000_000
_MIN_BYTES = 200_000_000
_PROBE = b"saluhall doctor"
_STORE = "image store"


def check_data_dir(settings: Settings) -> Iterator[Finding]:
    """Check owner, permissions and free space of the data dir; the configuration's check has refused a stranger's."""
    folder = settings.data_dir
    if not folder.exists():
        yield ok("data dir", f"{folder} does not exist yet; the first start makes it")
    else:
        yield from _permissions(folder)
    if settings.database_url is None:
        yield from _room("data dir: free space", folder)


def _permissions(folder: Path) -> Iterator[Finding]:
    key = folder / KEY_FILE
    if key.exists() and key.stat().st_mode & _OTHERS:
        yield error(
            "data dir: permissions",
            f"other users can read {key}, the key that encrypts tokens",
            f"chmod 600 {key}",
        )
    elif folder.stat().st_mode & 0o022:
        yield warning(
            "data dir: permissions", f"other users can write to {folder}", f"chmod 700 {folder}"
        )
    else:
        yield ok("data dir: permissions", f"{folder} belongs to this user, and only to this user")


def _room(name: str, folder: Path) -> Iterator[Finding]:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    message = f"{free / 1e9:.1f} GB free"
    if free < _MIN_BYTES:
        yield error(name, message, f"make room: with less than {_MIN_BYTES / 1e9} GB writes fail")
    elif free < _WARN_BYTES:
        yield warning(name, message, f"make room: {_WARN_BYTES / 1e9:.0f} GB or more is safe")
    else:
        yield ok(name, message)


async def check_image_store(settings: Settings) -> list[Finding]:
    """Write, read and delete a probe; a folder that does not exist yet is not made."""
    from saluhall.storage.image_store import ImageMissing, ImageStore, StoreUnavailable  # noqa: PLC0415 - object stores are slow to import

    folder = _local(settings.image_store)
    if folder is not None and not folder.exists():
        return _not_made_yet(folder)
    key = f"{hashlib.sha256(os.urandom(16)).hexdigest()}.png"
    try:
        store = ImageStore.open(settings.image_store)
        await store.put(key, _PROBE, "image/png")
        found = await store.get(key)
        await store.delete(key)
    except (StoreUnavailable, ImageMissing) as problem:
        remedy = "check SALUHALL_IMAGE_STORE, the store's credentials and its rights"
        return [error(_STORE, str(problem).replace(key, "of the probe"), remedy)]
    if folder is not None:
        _remove_empty(folder / key[:2] / key[2:4], upto=folder)
    if found != _PROBE:
        return [error(_STORE, "what was read is not what was written", "use another store")]
    room = [] if folder is None else list(_room(f"{_STORE}: free space", folder))
    return [ok(_STORE, "a probe was written, read and deleted"), *room]


def _not_made_yet(folder: Path) -> list[Finding]:
    try:
        check_folder(folder)
    except Wrong as problem:
        return [error(_STORE, problem.problem, problem.remedy)]
    return [ok(_STORE, f"{folder} does not exist yet; the first start makes it")]


def _local(store: str) -> Path | None:
    return None if "://" in store else Path(store).expanduser().absolute()


def _remove_empty(folder: Path, *, upto: Path) -> None:
    """Remove the folders of the probe: made by root, nobody else could write to them."""
    while folder != upto:
        with suppress(OSError):
            folder.rmdir()
        folder = folder.parent
