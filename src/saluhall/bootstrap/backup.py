"""Make a backup of everything that the hub keeps, while it runs, and restore one into an empty place."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from saluhall import VERSION, bootstrap
from saluhall.domain.connections.operations import token_purpose
from saluhall.domain.webhooks.operations import secret_purpose
from saluhall.kit.secrets import Undecryptable, Vault
from saluhall.settings import Settings
from saluhall.storage.backup.archive import (
    Archive,
    BackupRefused,
    explained,
    new_archive,
    sync_folder,
    workspace,
    write,
)
from saluhall.storage.backup.dump import Snapshot, dump, empty_database, snapshot_of
from saluhall.storage.backup.dump import restore as restore_dump
from saluhall.storage.backup.images import copy_images, folder_of, put_back, upload
from saluhall.storage.backup.manifest import (
    DATABASE,
    FORMAT,
    KEY,
    MANIFEST,
    Manifest,
    check_files,
    read_manifest,
)
from saluhall.storage.embedded import EmbeddedPostgres
from saluhall.storage.image_store import StoreUnavailable

_PART = "restore.part"
_POSTGRES = "postgres"


async def make_backup(settings: Settings, target: Path, *, now: datetime) -> Manifest:
    """Write a backup into a new folder; the hub may run. Raises BackupRefused, DatabaseUnavailable, WrongDatabase.

    The database is read first and the images are copied after it: an image is stored before a row names it.
    """
    if settings.database_url is None and not (settings.data_dir / _POSTGRES).exists():
        raise BackupRefused(f"{settings.data_dir} holds no database: name the hub's data dir")
    with new_archive(target) as archive:
        async with bootstrap.database(settings) as url:
            direct = bootstrap.direct_url(settings, url)
            async with snapshot_of(direct) as snapshot:
                _check_readable(settings, snapshot)
                await asyncio.to_thread(archive.add, DATABASE, dump(direct, snapshot))
        if key := settings.kept_key():
            archive.add(KEY, iter([key.encode()]))
        folder = folder_of(settings.image_store)
        copied = None if folder is None else await asyncio.to_thread(copy_images, folder, archive)
        return _finish(archive, snapshot, copied, settings=settings, now=now)


def _check_readable(settings: Settings, snapshot: Snapshot) -> None:
    """See that what is stored encrypted has its key. Raises BackupRefused."""
    if settings.kept_key() is None and (snapshot.tokens or snapshot.secrets):
        raise BackupRefused(
            f"{settings.data_dir / KEY} is missing and SALUHALL_SECRET_KEY is not set: without the key nobody can read the"
            " stored tokens and webhook secrets. Give one of the two"
        )


def _key_fits(snapshot: Snapshot, key: str | None) -> bool:
    """Return whether the key decrypts the newest token and the newest webhook secret."""
    vault = Vault(key or "")
    try:
        for account_id, channel, user_id, token in snapshot.tokens:
            vault.open(token, purpose=token_purpose(account_id, channel, user_id))
        for account_id, secret in snapshot.secrets:
            vault.open(secret, purpose=secret_purpose(account_id))
    except Undecryptable:
        return False
    return True


def _finish(
    archive: Archive,
    snapshot: Snapshot,
    copied: set[str] | None,
    *,
    settings: Settings,
    now: datetime,
) -> Manifest:
    missing = 0 if copied is None else len(set(snapshot.image_keys) - copied)
    manifest = Manifest(
        format=FORMAT,
        version=VERSION,
        made_at=now,
        postgres=snapshot.postgres,
        migrations=list(snapshot.migrations),
        digests=list(snapshot.migrations.values()),
        rows=snapshot.rows,
        image_store=settings.image_store,
        key_fits=_key_fits(snapshot, settings.kept_key()),
        images=None if copied is None else len(copied),
        missing_images=missing,
        bytes=archive.bytes,
        sha256sums=archive.add_sums(),
    )
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    write(archive.folder / MANIFEST, iter([text, b"\n"]))
    return manifest


async def restore_backup(settings: Settings, source: Path) -> Manifest:
    """Restore a backup into an empty data dir, or an empty database of the operator's own. Raises BackupRefused, DatabaseUnavailable.

    Everything is checked before anything is written, and the database comes last: a restore that was interrupted can be repeated.
    """
    manifest = read_manifest(source)
    if settings.database_url is None and (settings.data_dir / _POSTGRES).exists():
        raise BackupRefused(
            f"{settings.data_dir} holds a database already, and maybe a hub is at work on it: restore into an empty data dir"
        )
    with explained(source):
        names = await asyncio.to_thread(check_files, source, manifest)
        key = (source / KEY).read_text(encoding="utf-8") if KEY in names else None
    _check_key(settings, key)
    files = partial(_restore_files, settings, source, names, key)
    if settings.database_url is not None:
        url = bootstrap.direct_url(settings, settings.database_url)
        await _restore_database(url, source, manifest, files=files)
    else:
        await _restore_embedded(settings.data_dir, source, manifest, files=files)
    return manifest


def _check_key(settings: Settings, key: str | None) -> None:
    """See that the place has no key, or this one. Raises BackupRefused."""
    kept = settings.kept_key()
    if kept and key and kept != key:
        raise BackupRefused(
            f"the backup has another secret key than this hub: unset SALUHALL_SECRET_KEY, and move {settings.data_dir / KEY} away"
        )


async def _restore_database(
    url: str, source: Path, manifest: Manifest, *, files: Callable[[], Awaitable[None]]
) -> None:
    """Fill an empty database, then bring it to the schema of this version."""
    async with empty_database(url, postgres=manifest.postgres) as postgres:
        await files()
        await asyncio.to_thread(restore_dump, url, source / DATABASE, postgres=postgres)
    await bootstrap.prepare(url)


async def _restore_embedded(
    data_dir: Path, source: Path, manifest: Manifest, *, files: Callable[[], Awaitable[None]]
) -> None:
    """Fill a new database; it gets its place in the data dir when it is complete."""
    part = data_dir / _PART
    with explained(data_dir), workspace(part):
        embedded = await asyncio.to_thread(EmbeddedPostgres, part)
        try:
            await _restore_database(embedded.url, source, manifest, files=files)
        finally:
            await asyncio.to_thread(embedded.close)
        (part / _POSTGRES).rename(data_dir / _POSTGRES)
        shutil.rmtree(part)
        sync_folder(data_dir)


async def _restore_files(
    settings: Settings, source: Path, names: list[str], key: str | None
) -> None:
    """Put the images and the key in their places."""
    folder = folder_of(settings.image_store)
    try:
        with explained(settings.data_dir):
            if folder is not None:
                await asyncio.to_thread(put_back, source, names, folder)
            else:
                await upload(source, names, settings.image_store)
            if key and settings.kept_key() is None:
                settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
                write(settings.data_dir / KEY, iter([key.encode()]))
    except StoreUnavailable as error:
        raise BackupRefused(str(error)) from error
