"""The first five minutes: every command of the guide is run, and what the guide says of it is true."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDES = ROOT / "docs" / "guide"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
CUT = "8<" * 8
CURL = shutil.which("curl") or ""
BASH = shutil.which("bash")

pytestmark = pytest.mark.skipif(not (BASH and CURL), reason="the guide needs bash and curl")


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


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


def said_by(guide: str, tmp_path: Path) -> list[str]:
    """Run every command of a guide; return what the blocks of the third terminal say."""
    assert BASH is not None
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    command = tmp_path / ".venv" / "bin" / "saluhall"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m saluhall "$@"\n')
    command.chmod(0o755)
    hub, market = free_port(), free_port()
    text = (GUIDES / guide).read_text(encoding="utf-8").replace("8080", hub).replace("8090", market)
    blocks = BLOCK.findall(text)
    [sandbox] = [b for b in blocks if b.startswith("# terminal 1")]
    [server] = [b for b in blocks if b.startswith("# terminal 2")]
    rest = [b for b in blocks if not b.startswith("# terminal")]
    script = "set -e -o pipefail\n" + f"\necho; echo '{CUT}'\n".join(rest)

    with (
        terminal(sandbox, tmp_path, f"http://127.0.0.1:{market}/sandbox/items"),
        terminal(server, tmp_path, f"http://127.0.0.1:{hub}/readyz"),
    ):
        done = subprocess.run(
            [BASH, "-c", script], cwd=tmp_path, capture_output=True, timeout=180, check=False
        )

    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return [part.strip() for part in done.stdout.decode().split(CUT)]


def test_the_first_five_minutes_go_as_the_guide_says(tmp_path: Path) -> None:
    said = said_by("quickstart.md", tmp_path)

    put, shown, refused, priced, sold = said[2], said[3], said[4], said[5], said[6]
    assert json.loads(put)["success"]
    assert json.loads(shown)["traderaStatus"] == "active"
    fields = {detail["field"] for detail in json.loads(refused)["details"]}
    assert fields == {"price", "imageUrls.0"}
    assert '"startPrice": 895' in priced or '"startPrice":895' in priced
    assert '"rheoStatus":"sold"' in sold
    assert '"traderaStatus":"sold"' in sold
    assert "connected" in said[7]
    assert json.loads(said[8])["webhookSecret"].startswith("whsec_")


def test_a_shelf_is_filled_and_sold_from_as_the_guide_says(tmp_path: Path) -> None:
    said = said_by("quickstart-integrators.md", tmp_path)

    batch, lists, history, parcel, category = (said[n] for n in range(1, 6))
    assert json.loads(batch)["accepted"] == 3
    assert [error["externalId"] for error in json.loads(batch)["errors"]] == ["OOPS"]
    assert '"nextCursor":"' in lists
    assert '"listedValue":1745.5' in lists
    assert '"orderId":"' in history
    assert json.loads(parcel)["carrier"] == "postnord"
    assert json.loads(category)["rheoCategory"] == "auto_parts"
