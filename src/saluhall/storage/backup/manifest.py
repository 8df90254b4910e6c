"""What a backup says about itself, and whether this version can read it."""

from collections.abc import Collection
from datetime import datetime
from itertools import zip_longest
from pathlib import Path

import msgspec
from msgspec import Struct

from saluhall import VERSION
from saluhall.storage.backup.archive import SUMS, BackupRefused, digest_of
from saluhall.storage.schema import MADE_BEFORE, START_EMPTY, is_made_before, migration_names

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.dump"
KEY = "secret.key"
IMAGES = "images"


class Manifest(Struct, frozen=True, kw_only=True):
    """`digests` are those of `migrations`, in the same order; `rows` counts every table.

    `key_fits` is False when the key did not decrypt what the hub had stored.
    `images` is None when they were in an object store, and so are not in the backup.
    """

    format: int
    version: str
    made_at: datetime
    postgres: int
    migrations: list[str]
    digests: list[str] = []
    rows: dict[str, int]
    image_store: str
    key_fits: bool
    images: int | None
    missing_images: int
    bytes: int
    sha256sums: str

    @property
    def schema(self) -> int:
        """The number of the newest migration."""
        return int(self.migrations[-1][:4])


def read_manifest(folder: Path) -> Manifest:
    """Read what a backup says about itself. Raises BackupRefused."""
    file = folder / MANIFEST
    if not file.is_file():
        raise BackupRefused(f"{folder} is no backup: {MANIFEST} is not in it")
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupRefused(f"{file} is damaged: {error}") from error
    check_version(found)
    return found


def check_version(manifest: Manifest) -> None:
    """See that this version can read the backup. Raises BackupRefused."""
    if is_made_before(dict(zip_longest(manifest.migrations, manifest.digests))):
        raise BackupRefused(f"the backup {MADE_BEFORE}: {START_EMPTY}")
    unknown = set(manifest.migrations).difference(migration_names())
    if manifest.format > FORMAT or unknown or _numbers(manifest.version) > _numbers(VERSION):
        raise BackupRefused(
            f"the backup was made by Saluhall {manifest.version} (schema {manifest.schema:04}), and this is"
            f" {VERSION} (schema {migration_names()[-1][:4]}): install that version or a newer one"
        )


def check_files(folder: Path, manifest: Manifest) -> list[str]:
    """See that every file is there and unchanged; return their names. Raises BackupRefused."""
    sums = folder / SUMS
    if not sums.is_file() or digest_of(sums) != manifest.sha256sums:
        raise BackupRefused(f"the backup is damaged: {SUMS} is missing or changed")
    lines = [line.split("  ", 1) for line in sums.read_text(encoding="utf-8").splitlines()]
    for digest, name in lines:
        path = folder / name
        if not path.is_file():
            raise BackupRefused(f"the backup is damaged: {name} is missing")
        if digest_of(path) != digest:
            raise BackupRefused(f"the backup is damaged: {name} is changed")
    names = [name for _, name in lines]
    _check_complete(names)
    return names


def _check_complete(names: Collection[str]) -> None:
    if DATABASE not in names:
        raise BackupRefused(f"the backup is damaged: {DATABASE} is missing")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
