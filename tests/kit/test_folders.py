"""Whether a folder can be used is known before anything is made in it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from saluhall.bootstrap.configuration import read_configuration
from saluhall.kit.environment import BadSetting, Wrong
from saluhall.kit.folders import check_folder

NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that only its owner may write to, and nobody right now."""
    folder = Path(tempfile.gettempdir()) / f"saluhall-closed-{os.getpid()}"
    folder.mkdir(mode=0o555)
    yield folder
    folder.rmdir()


def test_a_folder_that_cannot_be_written_to_or_made_is_said_so(closed: Path) -> None:
    with as_nobody():
        with pytest.raises(Wrong, match="this user cannot write to") as error:
            check_folder(closed)
        with pytest.raises(Wrong, match="this user cannot make a folder in"):
            check_folder(closed / "data" / "more")

    assert str(closed) in error.value.problem
    assert "chown" in error.value.remedy


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_data_dir_of_another_user_is_refused(closed: Path) -> None:
    os.chown(closed, 1, 1)

    with pytest.raises(BadSetting, match=r"belongs to the user .* run it as ") as error:
        read_configuration({"SALUHALL_DATA_DIR": str(closed)})

    assert error.value.errors[0].setting == "SALUHALL_DATA_DIR"


FULL = """
mount -t tmpfs -o size=4m none "$0" && mkdir "$0/data"
"$1" -c "$2" "$0/data" 100000000
mount -o remount,ro "$0"
"$1" -c "$2" "$0/data" 0
"""
CHECK = """
import sys, pathlib
from saluhall.kit.folders import Wrong, check_folder
try:
    check_folder(pathlib.Path(sys.argv[1]), room_bytes=int(sys.argv[2]))
except Wrong as error:
    print(error.problem, error.remedy, sep="; ")
"""


def test_a_full_and_a_read_only_filesystem_are_said_so(tmp_path: Path) -> None:
    ran = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", FULL, tmp_path, sys.executable, CHECK],  # noqa: S607 - as installed
        capture_output=True,
        check=False,
        text=True,
    )  # fmt: skip
    if "unshare" in ran.stderr or "mount" in ran.stderr:
        pytest.skip(f"this system has no user namespaces: {ran.stderr}")

    full, read_only = ran.stdout.splitlines()
    assert "MB left; make room for 100 MB, or name a folder on another filesystem" in full
    assert "is on a read-only filesystem; name a folder on one that is writable" in read_only
