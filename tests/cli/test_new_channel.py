"""saluhall channel new: what it writes passes the checks and the whole contract suite, with its own practice server."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from saluhall.cli.failures import Refused, WrongUsage
from saluhall.cli.new_channel import write_channel
from tests.architecture.source import ROOT
from tests.architecture.test_retired_words import retired_words_in

NAME = "examplemarket"
MAX_FILE = 400
NEW = tuple(
    f"{folder}/{NAME}"
    for folder in ("src/saluhall/channels", "src/saluhall/practice", "tests/channels")
)
METADATA = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 0\n"
ENTRY_POINT = f"[saluhall.channels]\n{NAME} = saluhall.channels.{NAME}:CHANNEL\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a channel needs to be tested."""
    junk = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=junk)
    shutil.copytree(ROOT / "tests/contract", tmp_path / "tests/contract", ignore=junk)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    if (ROOT / ".mypy_cache").exists():  # what `make check` knows already need not be found again
        shutil.copytree(ROOT / ".mypy_cache", tmp_path / ".mypy_cache")
    return tmp_path


def install(checkout: Path) -> None:
    """Make the entry point known, as `make setup` does."""
    metadata = checkout / "src" / f"{NAME}-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(METADATA)
    (metadata / "entry_points.txt").write_text(ENTRY_POINT)


async def run(checkout: Path, *command: str) -> tuple[int | None, str]:
    """Run one of our tools in the checkout."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": f"{checkout / 'src'}:{checkout}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    text, _ = await process.communicate()
    return process.returncode, text.decode()


async def test_a_new_channel_passes_the_checks_and_the_contract_suite(checkout: Path) -> None:
    files = write_channel(NAME, checkout)
    install(checkout)
    bin_dir = Path(sys.executable).parent
    suite = ("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests/contract")

    results = await asyncio.gather(
        run(checkout, sys.executable, *suite, "-k", NAME),
        run(checkout, str(bin_dir / "mypy"), *NEW[:2], f"{NEW[2]}/contract.py"),
        run(checkout, str(bin_dir / "ruff"), "check", "--no-cache", *NEW),
        run(checkout, str(bin_dir / "lint-imports"), "--no-cache"),
    )

    for code, text in results:
        assert code == 0, text
    for file in files[:-1]:  # the last one is pyproject.toml
        text = file.read_text(encoding="utf-8")
        assert retired_words_in(text) == set(), file
        assert len(text.splitlines()) <= MAX_FILE, file
    server = (checkout / NEW[1] / "server.py").read_text(encoding="utf-8")
    assert "saluhall" not in server


def test_a_channel_is_not_written_over_another_nor_outside_a_checkout(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="small letters and digits"):
        write_channel("My-Market", tmp_path)
    with pytest.raises(Refused, match="not a checkout"):
        write_channel(NAME, tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert len(write_channel(NAME, tmp_path)) > len(NEW)
    with pytest.raises(Refused, match="exists already"):
        write_channel(NAME, tmp_path)
    project = (tmp_path / "pyproject.toml").read_text(encoding="utf-8")
    assert project.count(f'{NAME} = "saluhall.channels.{NAME}:CHANNEL"') == 1
