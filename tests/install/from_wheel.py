"""The wheel in an empty environment, and the Containerfile's steps without a container engine: `make test-install`."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dockerfile_parse import DockerfileParser

from tests.architecture.source import ROOT
from tests.hub import free_port

DIST = ROOT / "dist"
INSTALL_AND_DEMO_S = 90
READY_S = 3.0
_CLEAN = {
    name: text
    for name, text in os.environ.items()
    if "SALUHALL" not in name and name not in {"PYTHONPATH", "VIRTUAL_ENV"}
}


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False,
        env={**_CLEAN, **(env or {})},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@contextmanager
def served(*command: str | Path, cwd: Path, env: Mapping[str, str], port: int) -> Iterator[float]:
    """Run a hub until it is ready; give how long that took. SIGTERM must end it with 0, and leave no process."""
    began = time.monotonic()
    with (cwd / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            list(map(str, command)), cwd=cwd, env={**_CLEAN, **env}, stdout=log, stderr=log
        )
    try:
        while not is_ready(port):
            assert process.poll() is None, (cwd / "serve.log").read_text()
            assert time.monotonic() - began < 60, (cwd / "serve.log").read_text()
            time.sleep(0.02)
        yield time.monotonic() - began
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, (cwd / "serve.log").read_text()


def is_ready(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n")
            return b" 200 " in connection.makefile("rb").readline()
    except OSError:
        return False


def test_the_wheel_with_its_lock_runs_demo_and_serve_in_an_empty_environment(
    tmp_path: Path,
) -> None:
    [wheel] = DIST.glob("*.whl")
    run(sys.executable, "-m", "venv", "env", cwd=tmp_path)
    bin_ = tmp_path / "env" / "bin"
    began = time.monotonic()
    lock = DIST / "requirements.lock"
    run(bin_ / "pip", "install", "-q", "--require-hashes", "-r", lock, cwd=tmp_path)
    run(bin_ / "pip", "install", "-q", "--no-deps", wheel, cwd=tmp_path)
    installed = time.monotonic() - began
    output = run(bin_ / "saluhall", "demo", cwd=tmp_path)
    took = time.monotonic() - began
    show(
        f"installed in {installed:.0f} s, with demo {took:.0f} s; the wheel has {wheel.stat().st_size} bytes"
    )

    assert "sold" in output
    assert run(bin_ / "saluhall", "--version", cwd=tmp_path).strip() in wheel.name
    assert took < INSTALL_AND_DEMO_S
    empty = tmp_path / "empty"
    empty.mkdir()
    port = free_port()
    with served(bin_ / "saluhall", "serve", "--port", str(port), cwd=empty, env={}, port=port) as s:
        show(f"serve from an empty folder was ready in {s:.1f} s")
        assert s < READY_S


def test_the_containerfiles_steps_give_a_hub_that_is_healthy(tmp_path: Path) -> None:
    places = {
        "/opt/saluhall": f"{tmp_path}/opt",
        "/build": f"{tmp_path}/build",
        "/var/lib/saluhall": f"{tmp_path}/volume",
    }
    port = free_port()

    def here(text: str) -> str:
        for there, ours in places.items():
            text = text.replace(there, ours)
        return re.sub(r"\b8080\b", str(port), text)

    with (ROOT / "Containerfile").open("rb") as file:
        steps = [
            (step["instruction"], step["value"])
            for step in DockerfileParser(fileobj=file).structure
        ]
    first, second = (n for n, (name, _) in enumerate(steps) if name == "FROM")
    python = python_of(steps[first][1])
    folder = tmp_path / "build"
    folder.mkdir()
    (tmp_path / "volume").mkdir(mode=0o700)
    for name, value in steps[first:second]:
        if name == "RUN":
            run("sh", "-ec", re.sub(r"^python ", f"{python} ", here(value)), cwd=folder)
        elif name == "COPY":
            copy(value, folder)
    assert not (tmp_path / "opt" / "bin" / "pip").exists()

    last = dict(steps[second:])
    env = {
        "PATH": f"{tmp_path}/opt/bin:{_CLEAN['PATH']}",
        "SALUHALL_DATA_DIR": places["/var/lib/saluhall"],
    }
    check = last["HEALTHCHECK"].partition("CMD ")[2]
    with served(*json.loads(here(last["CMD"])), cwd=folder, env=env, port=port):
        run(*json.loads(here(check)), cwd=folder, env=env)
    assert {"postgres", "secret.key"} <= {path.name for path in (tmp_path / "volume").iterdir()}


def python_of(image: str) -> str:
    """Find the Python of the base image; else take the one that runs this."""
    name = "python" + re.search(r":(3\.\d+)", image)[1]  # type: ignore[index] # test_deploy.py sees to it
    found = shutil.which(name)
    show(
        f"the steps run with {found or sys.executable}{'' if found else f', for {name} is not installed'}"
    )
    return found or sys.executable


def copy(value: str, folder: Path) -> None:
    *sources, target = value.split()
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(
                ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / source, folder / target)


def show(text: str) -> None:
    if sys.__stdout__ is not None:
        sys.__stdout__.write(f"{text}\n")
