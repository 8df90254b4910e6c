"""The categories of a channel, found by words of their paths."""

from pathlib import Path

from saluhall.capabilities import Category
from saluhall.cli.categories import found_by, paths_of
from tests.cli.command import Saluhall

CATEGORIES = [
    Category(id="520", name="Fordon", parent_id=None, is_leaf=False),
    Category(id="8290", name="Bromsar", parent_id="520", is_leaf=True),
    Category(id="8291", name="Motordelar", parent_id="520", is_leaf=True),
    Category(id="536", name="Samlarsaker", parent_id=None, is_leaf=True),
]


def test_a_category_is_found_by_all_words_of_its_path_or_by_its_id() -> None:
    paths = paths_of(CATEGORIES)

    assert found_by("broms FORDON", paths) == {"8290": "Fordon > Bromsar"}
    assert found_by("536", paths) == {"536": "Samlarsaker"}
    assert list(found_by("", paths)) == ["8290", "8291", "536"]
    assert found_by("520", paths) == {}  # nothing can be listed in it


def test_a_channel_that_is_not_installed_has_no_categories(tmp_path: Path) -> None:
    ran = Saluhall(tmp_path).here("channel", "categories", "nowhere", "--json")

    assert (ran.code, "the channel 'nowhere' is not installed" in ran.out) == (1, True)
