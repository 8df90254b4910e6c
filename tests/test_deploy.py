"""The files to deploy with follow their formats and agree with each other. `make test-install` runs the Containerfile's steps."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

from tests.architecture.source import ROOT

DATA_DIR = "/var/lib/saluhall"
BUILD_TOOLS = re.compile(r"\b(?:pip|apt|apt-get|gcc|make|hatchling)\b")


@pytest.fixture(scope="module")
def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage of the Containerfile."""
    with (ROOT / "Containerfile").open("rb") as file:
        found: list[list[tuple[str, str]]] = []
        for step in DockerfileParser(fileobj=file).structure:
            if step["instruction"] == "FROM":
                found.append([])
            if step["instruction"] != "COMMENT":
                found[-1].append((step["instruction"], step["value"]))
    return found


def test_the_image_runs_as_nobody_special_and_has_no_build_tools(
    stages: list[list[tuple[str, str]]],
) -> None:
    last = stages[-1]
    [user] = [value for name, value in last if name == "USER"]

    assert len(stages) == 2
    assert not user.startswith(("0", "root"))
    assert [value for name, value in last if name == "RUN" and BUILD_TOOLS.search(value)] == []
    assert ("pip uninstall --yes pip") in stages[0][-1][1]
    for stage in stages:
        assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim-\w+(?: AS build)?", stage[0][1])


def test_the_image_keeps_its_data_in_a_volume_and_is_watched(
    stages: list[list[tuple[str, str]]],
) -> None:
    last = dict(stages[-1])

    assert json.loads(last["VOLUME"]) == [DATA_DIR]
    assert f"SALUHALL_DATA_DIR={DATA_DIR}" in last["ENV"]
    assert json.loads(last["CMD"])[:2] == ["saluhall", "serve"]
    assert "/healthz" in last["HEALTHCHECK"]


def test_what_the_image_copies_is_there_and_not_ignored(
    stages: list[list[tuple[str, str]]],
) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    copied = [name for step, value in stages[0] if step == "COPY" for name in value.split()[:-1]]

    assert {f"!{name}" for name in copied} == set(re.findall(r"^!.*", ignored, re.MULTILINE))
    assert all((ROOT / name).exists() for name in copied)
    assert (ROOT / ".containerignore").read_text(encoding="utf-8") == ignored


def test_the_image_is_built_with_the_tools_of_the_lock(
    stages: list[list[tuple[str, str]]],
) -> None:
    lock = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    [pinned] = [
        found[0] for _, value in stages[0] if (found := re.search(r"hatchling==\S+", value))
    ]

    assert f"\n{pinned} " in lock


def test_compose_yaml_follows_the_compose_specification() -> None:
    command = ["check-jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = _run(Path(sys.executable).parent / command[0], *command[1:], ROOT / "compose.yaml")

    assert done.returncode == 0, done.stdout


def test_compose_yaml_names_secrets_by_file_and_images_by_version() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    images = re.findall(r"^ +image: (\S+)", text, re.MULTILINE)

    assert all(re.search(r":\d[\w.-]*$", image) for image in images), images
    assert re.findall(r"^ +(\w*(?:PASSWORD|SECRET|URL)\w*):", text, re.MULTILINE) == [
        "SALUHALL_PUBLIC_URL",
        "SALUHALL_DATABASE_URL_FILE",
        "SALUHALL_SECRET_KEY_FILE",
        "POSTGRES_PASSWORD_FILE",
    ]
    assert f'"hub:{DATA_DIR}"' in text


def test_the_systemd_unit_is_valid_and_closed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is missing: the unit in deploy/ is not checked")
    text = (ROOT / "deploy" / "saluhall.service").read_text(encoding="utf-8")
    unit = tmp_path / "saluhall.service"
    unit.write_text(text.replace("/opt/saluhall/bin/saluhall", sys.executable), encoding="utf-8")

    verified = _run(analyze, "verify", "--man=no", unit)
    assert (verified.returncode, verified.stderr) == (0, "")
    exposed = _run(analyze, "security", "--offline=true", "--threshold=20", unit)
    assert exposed.returncode == 0, exposed.stdout
    assert f"StateDirectory={Path(DATA_DIR).name}\n" in text
    assert "RestartPreventExitStatus=78\n" in text


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
