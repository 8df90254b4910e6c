"""Each server counts in a folder of its own, which goes with it."""

import os
from pathlib import Path

from saluhall.bootstrap.counters import counters_folder


def test_each_has_a_private_folder_outside_the_data_dir_that_goes_with_it(tmp_path: Path) -> None:
    data_dir, memory = tmp_path / "data", tmp_path / "memory"
    memory.mkdir()
    with counters_folder(data_dir, memory=memory) as folder:
        assert folder.parent == memory
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "counter_1.db").write_text("counted")
    assert list(memory.iterdir()) == []
    assert list((data_dir / "metrics").iterdir()) == []


def test_what_a_killed_server_left_is_deleted_and_what_a_running_one_has_is_not(
    tmp_path: Path,
) -> None:
    notes, memory = tmp_path / "data" / "metrics", tmp_path / "memory"
    notes.mkdir(parents=True)
    for name, pid in (("dead", 2**22 + 1), ("alive", os.getppid())):
        left = memory / f"saluhall-metrics-{name}"
        left.mkdir(parents=True)
        (notes / str(pid)).symlink_to(left)
    (notes / "counter_17.db").write_text("of an older version")

    with counters_folder(tmp_path / "data", memory=memory):
        assert sorted(path.name for path in notes.iterdir()) == sorted(
            [str(os.getppid()), str(os.getpid())]
        )
    assert [path.name for path in memory.iterdir()] == ["saluhall-metrics-alive"]


def test_without_memory_to_count_in_there_is_another_place(tmp_path: Path) -> None:
    with counters_folder(tmp_path / "data", memory=tmp_path / "nowhere") as folder:
        assert folder.is_dir()
    assert not folder.exists()
