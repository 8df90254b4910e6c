"""The first five minutes: every command of the guide is run, and what the guide says of it is true."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hub import free_port

ROOT = Path(__file__).parents[1]
GUIDES = ROOT / "docs" / "guide"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
GUIDED = ("quickstart.md", "quickstart-integrators.md")
CUT = "8<" * 8
CURL = shutil.which("curl") or ""
BASH = shutil.which("bash")

pytestmark = pytest.mark.skipif(not (BASH and CURL), reason="the guide needs bash and curl")


@contextmanager
def terminal(script: str, folder: Path, answering: str) -> Iterator[None]:
    """Run a block that does not end, until the others are through."""
    assert BASH is not None
    env = {k: v for k, v in os.environ.items() if not k.startswith("SALUHALL_")}
    lines = script.rstrip().replace("\n.venv", "\nexec .venv")
    with (folder / "terminal.log").open("ab") as log:
        process = subprocess.Popen([BASH, "-c", lines], cwd=folder, env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while subprocess.run([CURL, "-sf", answering], capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline, (folder / "terminal.log").read_text()[-2000:]
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a checkout is after `make setup`."""
    checkout = tmp_path_factory.mktemp("checkout")
    (checkout / ".venv" / "bin").mkdir(parents=True)
    command = checkout / ".venv" / "bin" / "saluhall"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m saluhall "$@"\n')
    command.chmod(0o755)
    return checkout


def blocks_of(guide: str) -> list[str]:
    return BLOCK.findall((GUIDES / guide).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ports(folder: Path) -> Iterator[dict[str, str]]:
    """The marketplace and the hub of terminals 1 and 2, which all guides start alike: the ports here by those in the guides."""
    [sandbox] = {b for g in GUIDED for b in blocks_of(g) if b.startswith("# terminal 1")}
    [server] = {b for g in GUIDED for b in blocks_of(g) if b.startswith("# terminal 2")}
    ports = {"8080": str(free_port()), "8090": str(free_port())}
    with (
        terminal(moved(sandbox, ports), folder, f"http://127.0.0.1:{ports['8090']}/sandbox/items"),
        terminal(moved(server, ports), folder, f"http://127.0.0.1:{ports['8080']}/readyz"),
    ):
        yield ports


def moved(text: str, ports: dict[str, str]) -> str:
    for there, here in ports.items():
        text = text.replace(there, here)
    return text


def said_by(guide: str, folder: Path, ports: dict[str, str]) -> list[str]:
    """Run every command of a guide's third terminal; return what its blocks say."""
    assert BASH is not None
    rest = [moved(b, ports) for b in blocks_of(guide) if not b.startswith("# terminal")]
    script = "set -e -o pipefail\n" + f"\necho; echo '{CUT}'\n".join(rest)
    done = subprocess.run(
        [BASH, "-c", script], cwd=folder, capture_output=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return [part.strip() for part in done.stdout.decode().split(CUT)]


@pytest.mark.long
def test_all_goes_as_the_guides_say_and_leaves_nothing_but_the_data(
    folder: Path, ports: dict[str, str]
) -> None:
    check_first_five_minutes(folder, ports)
    check_catalog(folder, ports)
    left = {path.name for path in folder.iterdir()} - {".venv", "terminal.log"}
    assert left <= {"saluhall-data"}


def check_first_five_minutes(folder: Path, ports: dict[str, str]) -> None:
    said = said_by("quickstart.md", folder, ports)

    put, shown, refused, priced, sold = said[2], said[3], said[4], said[5], said[6]
    assert json.loads(put)["success"]
    assert json.loads(shown)["traderaStatus"] == "active"
    fields = {detail["field"] for detail in json.loads(refused)["details"]}
    assert fields == {"price", "imageUrls.0"}
    assert '"startPrice":895' in priced
    assert '"traderaStatus":"sold"' in sold
    assert "connected" in said[7]
    assert "ERP_PART_12345" in said[8]
    assert json.loads(said[9])["webhookSecret"].startswith("whsec_")
    assert said[10].split() == ['{"faults":1}{"faults":0}']


def check_catalog(folder: Path, ports: dict[str, str]) -> None:
    said = said_by("quickstart-integrators.md", folder, ports)

    batch, lists, history, parcel, category = (said[n] for n in range(1, 6))
    assert json.loads(batch)["accepted"] == 3
    assert [error["externalId"] for error in json.loads(batch)["errors"]] == ["OOPS"]
    assert '"nextCursor":"' in lists
    assert '"listedValue":1745.5' in lists
    assert '"orderId":"' in history
    assert json.loads(parcel)["carrier"] == "postnord"
    assert json.loads(category)["rheoCategory"] == "auto_parts"


def test_the_guides_hide_no_error() -> None:
    for guide in GUIDED:
        text = (GUIDES / guide).read_text(encoding="utf-8")
        assert not re.search(r"curl (-sf|-s |-f )|2>/dev/null|\|\| true|\btee\b", text), guide
        faults = re.findall(r"/sandbox/(?:faults|quota) -d '(.*?)'", text)
        assert faults[-1:] in ([], ["[]"]), "trouble that was ordered is cancelled"
