"""The wheel holds all that is needed, is small, and is the same whenever it is built. `make test-install` installs it."""

import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from saluhall import VERSION
from saluhall.storage.schema import migration_names
from tests.architecture.source import PACKAGE, ROOT
from tools import notices

MAX_BYTES = 2_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("wheel"))


def built(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [file] = folder.glob("*.whl")
    return file


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        packed = {name for name in opened.namelist() if ".dist-info/" not in name}
    ours = {
        str(Path("saluhall", file.relative_to(PACKAGE)))
        for file in PACKAGE.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    assert packed == ours
    assert {f"saluhall/storage/migrations/{name}" for name in migration_names()} <= packed
    assert wheel.stat().st_size < MAX_BYTES


def test_the_same_source_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    os.utime(PACKAGE / "__init__.py")

    assert built(tmp_path).read_bytes() == wheel.read_bytes()


def test_the_wheel_says_its_licence_and_where_it_comes_from(wheel: Path) -> None:
    info = f"saluhall-{VERSION}.dist-info"
    with zipfile.ZipFile(wheel) as opened:
        said = Parser().parsestr(opened.read(f"{info}/METADATA").decode())
        licences = {name for name in opened.namelist() if "/licenses/" in name}

    assert said["Version"] == VERSION
    assert said["License-Expression"] == "Apache-2.0"
    assert {line.partition(",")[0] for line in said.get_all("Project-URL") or []} >= {
        "Source", "Issues", "Changelog",
    }  # fmt: skip
    assert licences == {
        f"{info}/licenses/{name}" for name in ("LICENSE", "NOTICE", "THIRD-PARTY.md")
    }


def test_the_licence_is_the_full_text() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_package_that_is_installed_with_the_hub_is_in_the_notices() -> None:
    assert notices.PAGE.read_text(encoding="utf-8") == notices.page(), "run `make notices`"
