"""The worker's supervisor: it starts again what ends, and what shows no life."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from saluhall.bootstrap.worker_process import Background
from saluhall.kit.restarts import Restarts

SHOWS_LIFE = """
import sys, time
from saluhall.kit.liveness import show_life
with open(sys.argv[1], "a") as log:
    log.write("started\\n")
for _ in range(int(sys.argv[2])):
    show_life()
    with open(sys.argv[1], "a") as log:
        log.write("lives\\n")
    time.sleep(0.05)
if sys.argv[3] == "hangs":
    time.sleep(600)
"""


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def run(tmp_path: Path, times: int, end: str) -> tuple[Background, Path]:
    log = tmp_path / "log"
    command = [sys.executable, "-c", SHOWS_LIFE, str(log), str(times), end]
    return Background(command, grace_s=5, silent_s=1.5), log


def starts(log: Path) -> int:
    return log.read_text().count("started") if log.exists() else 0


def test_a_worker_is_left_alone_as_long_as_it_shows_life_and_then_started_again(
    tmp_path: Path,
) -> None:
    background, log = run(tmp_path, 40, "hangs")
    until(lambda: starts(log) == 2)
    background.stop()
    assert log.read_text().split("started\n")[1].count("lives") == 40


def test_a_worker_that_ends_is_started_again(tmp_path: Path) -> None:
    background, log = run(tmp_path, 0, "ends")
    until(lambda: starts(log) == 3)
    background.stop()
    assert starts(log) == 3


def test_the_pause_grows_and_begins_again_after_a_long_life() -> None:
    restarts = Restarts()

    assert [restarts.pause_s(lived_s=1) for _ in range(7)] == [0, 1, 2, 4, 8, 10, 10]
    assert [restarts.pause_s(lived_s=60), restarts.pause_s(lived_s=1)] == [0, 1]
