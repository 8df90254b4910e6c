"""The images of a folder: copied into a backup and out of one. Each has the hash of its content as its name."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

from saluhall.storage.backup.archive import Archive, blocks_of, sync_folders, write
from saluhall.storage.backup.manifest import IMAGES
from saluhall.storage.image_store import KEY, ImageStore, path_of

_THREADS = 8  # each waits for the disk
_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png"}


def folder_of(store: str) -> Path | None:
    """Return the folder of an image store; None when it is an object store."""
    scheme, colon, _ = store.partition("://")
    if not colon:
        return Path(store).expanduser().absolute()
    return Path(unquote(urlsplit(store).path)) if scheme == "file" else None


def copy_images(folder: Path, archive: Archive) -> set[str]:
    """Copy every image into a backup; return the keys of those that are whole.

    An image that vanished, or that is not what its name says, is left out.
    """
    with ThreadPoolExecutor(_THREADS) as threads:
        copied = threads.map(lambda path: _copy(path, archive), _images(folder))
        return {key for key in copied if key is not None}


def _images(folder: Path) -> Iterator[Path]:
    for path, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(path, name) for name in sorted(names) if KEY.fullmatch(name))


def _copy(path: Path, archive: Archive) -> str | None:
    name = f"{IMAGES}/{path_of(path.name)}"
    try:
        digest = archive.add(name, blocks_of(path))
    except FileNotFoundError:
        (archive.folder / name).unlink(missing_ok=True)
        return None
    if digest != path.stem:
        archive.drop(name)
        return None
    return path.name


def put_back(backup: Path, names: Iterable[str], folder: Path) -> None:
    """Copy the images of a backup into a folder; those that are there already stay."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(lambda name: _put_back(backup / name, folder), _of_images(names)))
    sync_folders(folder)


def _put_back(source: Path, folder: Path) -> None:
    target = folder / path_of(source.name)
    if target.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    write(part, blocks_of(source))
    part.rename(target)


async def upload(backup: Path, names: Iterable[str], store: str) -> None:
    """Put the images of a backup into an object store. Raises StoreUnavailable."""
    opened = ImageStore.open(store)
    for name in _of_images(names):
        source = backup / name
        media_type = _MEDIA_TYPES[source.suffix.removeprefix(".")]
        await opened.put(source.name, source.read_bytes(), media_type)


def _of_images(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name.startswith(f"{IMAGES}/"))
