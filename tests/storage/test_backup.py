"""A backup is whole or it is not there, and a damaged or newer one is not restored."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from saluhall import VERSION
from saluhall.storage.backup.archive import BackupRefused, digest_of, new_archive, workspace, write
from saluhall.storage.backup.dump import tools_for
from saluhall.storage.backup.images import copy_images, folder_of, put_back
from saluhall.storage.backup.manifest import (
    DATABASE,
    MANIFEST,
    Manifest,
    check_files,
    read_manifest,
)
from saluhall.storage.image_store import path_of
from saluhall.storage.schema import digest_of as digest_of_migration
from saluhall.storage.schema import migration_names


def blocks(*texts: str) -> Iterator[bytes]:
    return (text.encode() for text in texts)


DIGESTS = [digest_of_migration(name) for name in migration_names()]


def made(
    folder: Path,
    *,
    version: str = VERSION,
    migrations: list[str] | None = None,
    digests: list[str] = DIGESTS,
) -> Manifest:
    """A backup as small as can be."""
    with new_archive(folder) as archive:
        archive.add(DATABASE, blocks("a dump"))
        manifest = Manifest(
            format=1,
            version=version,
            made_at=datetime.now(UTC),
            postgres=18,
            migrations=migrations or migration_names(),
            digests=digests,
            rows={},
            image_store="/srv/images",
            key_fits=True,
            images=0,
            missing_images=0,
            bytes=archive.bytes,
            sha256sums=archive.add_sums(),
        )
        write(archive.folder / MANIFEST, iter([msgspec.json.encode(manifest)]))
    return manifest


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> Iterator[bytes]:
        yield b"half a dump"
        raise KeyError

    with pytest.raises(KeyError), new_archive(tmp_path / "b") as archive:
        archive.add(DATABASE, failing())

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(BackupRefused, match=r"b\.part: File too large"),
        new_archive(tmp_path / "b") as archive,
        files_of_at_most(100),
    ):
        archive.add(DATABASE, blocks("x" * 1000))

    assert list(tmp_path.iterdir()) == []


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_a_killed_backup_left_is_replaced(tmp_path: Path) -> None:
    left = tmp_path / "b.part"
    left.mkdir()
    (left / "in-progress").touch()
    (left / DATABASE).write_text("half a dump")

    made(tmp_path / "b")

    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert {path.name for path in (tmp_path / "b").iterdir()} == {DATABASE, MANIFEST, "SHA256SUMS"}


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    for name in ("full", "other.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "letter").touch()

    with pytest.raises(BackupRefused, match="full exists already"):
        made(tmp_path / "full")
    with pytest.raises(BackupRefused, match=r"other\.part is in the way"):
        made(tmp_path / "other")
    with (
        workspace(tmp_path / "b.part"),
        pytest.raises(BackupRefused, match="another backup or restore is at work"),
    ):
        made(tmp_path / "b")


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir(mode=0o755)

    made(tmp_path / "b")

    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("version", "migrations"),
    [("9.0.0", None), (VERSION, [*migration_names(), "9999_later.sql"])],
)
def test_a_backup_of_a_newer_version_is_refused(
    tmp_path: Path, version: str, migrations: list[str] | None
) -> None:
    made(tmp_path / "b", version=version, migrations=migrations)

    with pytest.raises(BackupRefused, match="install that version or a newer one"):
        read_manifest(tmp_path / "b")


@pytest.mark.parametrize("digests", [[], ["of other tables"]])
def test_a_backup_from_before_the_first_release_is_refused(
    tmp_path: Path, digests: list[str]
) -> None:
    made(tmp_path / "b", digests=digests)

    with pytest.raises(BackupRefused, match=r"before 0\.1\.0, .*: start with a new, empty"):
        read_manifest(tmp_path / "b")


@pytest.mark.parametrize("name", [DATABASE, "SHA256SUMS"])
def test_a_damaged_backup_is_refused(tmp_path: Path, name: str) -> None:
    manifest = made(tmp_path / "b")
    assert check_files(tmp_path / "b", manifest) == [DATABASE]

    file = tmp_path / "b" / name
    file.write_bytes(file.read_bytes().replace(b"a", b"b"))
    with pytest.raises(BackupRefused, match=f"damaged: {name} is"):
        check_files(tmp_path / "b", manifest)
    file.unlink()
    with pytest.raises(BackupRefused, match=f"damaged: {name} is missing"):
        check_files(tmp_path / "b", manifest)


@pytest.mark.parametrize("text", [b"", b"{}", b'{"format": "no"}'])
def test_a_folder_without_a_readable_manifest_is_no_backup(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(BackupRefused, match="is no backup"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_bytes(text)
    with pytest.raises(BackupRefused, match="is damaged"):
        read_manifest(tmp_path)


def test_images_that_are_damaged_are_left_out_and_the_others_come_back(tmp_path: Path) -> None:
    store, other = tmp_path / "images", tmp_path / "other"
    whole = _stored(store, b"whole")
    damaged = _stored(store, b"damaged")
    (store / path_of(damaged)).write_bytes(b"something else")

    with new_archive(tmp_path / "b") as archive:
        assert copy_images(store, archive) == {whole}
        names = list(archive.sums)
    put_back(tmp_path / "b", names, other)
    put_back(tmp_path / "b", names, other)

    assert [path.name for path in other.rglob("*") if path.is_file()] == [whole]
    assert digest_of(other / path_of(whole)) + ".jpg" == whole


def _stored(store: Path, data: bytes) -> str:
    key = sha256(data).hexdigest() + ".jpg"
    path = store / path_of(key)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return key


def test_the_folder_of_a_store() -> None:
    assert folder_of("/srv/images") == Path("/srv/images")
    assert folder_of("file:///srv/my%20images") == Path("/srv/my images")
    assert folder_of("s3://bucket/images") is None


def test_a_newer_postgresql_is_refused_with_a_remedy() -> None:
    assert [tools_for(version) for version in (16, 17, 18)] == [16, 18, 18]
    with pytest.raises(BackupRefused, match="use those of PostgreSQL 19"):
        tools_for(19)
