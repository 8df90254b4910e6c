"""Each server counts in a folder of its own, which goes with it."""

from pathlib import Path

from saluhall.bootstrap.counters import counters_folder


def test_each_has_a_private_folder_that_goes_with_it(tmp_path: Path) -> None:
    with counters_folder(tmp_path) as first, counters_folder(tmp_path) as second:
        assert {first.parent, second.parent} == {tmp_path}
        assert [path.stat().st_mode & 0o777 for path in (first, second)] == [0o700] * 2
        (first / "counter_1.db").write_text("counted")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_server_left_is_deleted_and_what_a_running_one_has_is_not(
    tmp_path: Path,
) -> None:
    left = tmp_path / "saluhall-metrics-left"
    left.mkdir()
    (left / "counter_1.db").write_text("counted")

    with counters_folder(tmp_path) as running, counters_folder(tmp_path):
        assert running.is_dir()
        assert not left.exists()


def test_without_memory_to_count_in_there_is_another_place(tmp_path: Path) -> None:
    with counters_folder(tmp_path / "nowhere") as folder:
        assert folder.is_dir()
    assert not folder.exists()
