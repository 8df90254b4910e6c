"""The alert rules and the board ask for metrics that exist, and promtool agrees with the rules."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.hub import Hub

FOLDER = Path(__file__).parents[2] / "docs" / "guide" / "watching"
PAGE = FOLDER.with_suffix(".md")
NAME = re.compile(r"\bsaluhall_[a-z_]+\b")
LABELS = re.compile(r"\b(saluhall_[a-z_]+)\{([^}]*)\}")


def rules() -> list[dict[str, Any]]:
    found = msgspec.yaml.decode((FOLDER / "alert-rules.yml").read_bytes())
    return [rule for group in found["groups"] for rule in group["rules"]]


def board() -> dict[str, Any]:
    return dict(msgspec.json.decode((FOLDER / "grafana-board.json").read_bytes()))


def queries() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    for panel in board()["panels"]:
        yield from (target["expr"] for target in panel["targets"])


async def test_every_query_asks_for_metrics_and_labels_that_exist(hub: Hub) -> None:
    _, _, text = await hub.request("GET", "/metrics")
    found = list(text_string_to_metric_families(text.decode()))
    labels: dict[str, set[str]] = {}
    for metric in found:
        for sample in metric.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
        labels.setdefault(metric.name, set())
    # It is there while somebody waits; so are the labels of connections, when there is one.
    labels["saluhall_connections"] |= {"channel", "state", "reason"}
    if not labels.get("saluhall_connection_next_try_seconds"):
        labels["saluhall_connection_next_try_seconds"] = {"channel", "reason"}

    for query in queries():
        assert set(NAME.findall(query)) <= set(labels), query
        for name, within in LABELS.findall(query):
            asked = set(re.findall(r"([a-z_]+)\s*(?:=|!=|=~|!~)\"", within))
            assert asked <= labels[name], query


def test_every_alert_says_what_it_means_and_the_page_says_what_to_do() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"].keys() == {"summary", "description"}
        assert f"| `{rule['alert']}` |" in page
    assert set(re.findall(r"^\| `([A-Z]\w+)` \|", page, re.MULTILINE)) == {
        rule["alert"] for rule in rules()
    }


def test_every_metric_that_is_asked_for_is_explained_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for query in queries():
        for name in NAME.findall(query):
            assert re.sub(r"_(bucket|count|sum)$", "", name) in page, name


def test_no_panel_of_the_board_covers_another() -> None:
    places: set[tuple[int, int]] = set()
    for panel in board()["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & places, panel["title"]
        assert at["x"] + at["w"] <= 24
        places |= cells


@pytest.mark.parametrize("arguments", [("check", "rules", "alert-rules.yml"), ("test", "rules", "alert-tests.yml")])  # fmt: skip
def test_promtool_agrees_with_the_rules(arguments: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: `make test-watching` installs it and runs this")

    checked = subprocess.run(
        [promtool, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
