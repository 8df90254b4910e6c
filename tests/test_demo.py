"""The demo: what `make demo` shows is held to, and a story that breaks says where."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def demo(*options: str, cwd: Path) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "saluhall", "demo", "--json", *options]
    done = subprocess.run(command, capture_output=True, timeout=180, check=False, cwd=cwd)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.long
def test_the_demo_comes_true_from_put_to_sold(tmp_path: Path) -> None:
    code, output = demo(cwd=tmp_path)

    assert output["reason"] is None, output
    assert code == 0
    assert output["ok"]
    assert all(step["ok"] for step in output["steps"])
    assert list(tmp_path.iterdir()) == []  # it leaves nothing behind


def test_a_demo_that_breaks_says_at_which_step_and_why(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.touch()

    code, output = demo("--data-dir", str(file / "data"), cwd=tmp_path)

    assert code == 1
    assert not output["ok"]
    [step] = output["steps"]
    assert output["reason"] == step["reason"] == "the server ended at its start"
