"""Categories: the channel's own tree, read once a day, and checked before anything is created."""

from datetime import timedelta
from typing import Any

import pytest

from saluhall.channel import OutOfBudget, Progress, Rejected
from saluhall.channels.tradera import CHANNEL, category_tree
from saluhall.channels.tradera.categories import CATEGORIES, category_from_offer
from saluhall.channels.tradera.category_tree import categories_from_tree
from tests.channels.tradera.practice import Market, offer
from tests.contract.hub_side import Notebook

TREE = "/v4/categories"


@pytest.fixture(autouse=True)
def unread(monkeypatch: pytest.MonkeyPatch, market: Market) -> None:
    """Begin with a process that has not read the categories."""
    monkeypatch.setattr(category_tree, "_known", {})
    assert market.url


async def refusal(market: Market, category: str) -> str:
    notes = Notebook()
    with pytest.raises(Rejected) as refused:
        await market.channel().publish(
            offer(category=category), progress=Progress(), save=notes.save
        )
    assert await market.items() == []
    return str(refused.value)


@pytest.mark.parametrize("words", ["categoryId", "id"])
async def test_both_spellings_of_the_tree_are_read(market: Market, words: str) -> None:
    await market.turn("PUT", "rules", {"category_words": words})
    assert CHANNEL.categories is not None

    found = {
        each.id: each
        for each in await CHANNEL.categories(market.toolbox({"SALUHALL_TRADERA_URL": market.url}))
    }

    assert (found["8290"].name, found["8290"].parent_id, found["8290"].is_leaf) == (
        "Bromsar",
        "520",
        True,
    )
    assert (found["520"].parent_id, found["520"].is_leaf) == (None, False)


@pytest.mark.parametrize("odd", [None, 7, {}, [1, "x", None], {"category": "x"}])
def test_an_odd_tree_has_no_categories(odd: Any) -> None:
    assert categories_from_tree(odd) == []


async def test_a_category_that_tradera_does_not_have_is_refused_by_its_number(
    market: Market,
) -> None:
    assert "no category 99" in await refusal(market, "99")
    assert [call for call in await market.calls() if "listings" in call] == []


async def test_a_category_with_others_below_it_is_refused_and_one_of_those_is_named(
    market: Market,
) -> None:
    assert (
        "category 520 (Fordon, båtar & delar) itself; choose one below it, such as 8290"
        in await refusal(market, "520")
    )


async def test_a_category_that_is_no_number_is_refused(market: Market) -> None:
    assert "'brakes' is none" in await refusal(market, "brakes")


async def test_the_categories_are_read_once_a_day(market: Market) -> None:
    for hours in (0, 1, 12):
        market.ahead = timedelta(hours=hours)
        await market.publish(offer(key=f"lst_{hours}", images=[]))
    assert (await market.calls()).count(f"GET {TREE}") == 1
    market.ahead = timedelta(hours=25)
    await market.publish(offer(key="lst_25", images=[]))
    assert (await market.calls()).count(f"GET {TREE}") == 2


@pytest.mark.parametrize(
    "trouble", [{"status": 503}, {"status": 404}, {"status": 200, "body": "soon"}]
)
async def test_categories_that_cannot_be_read_do_not_hold_offers_up(
    market: Market, trouble: dict[str, Any]
) -> None:
    await market.fault("GET", TREE, **trouble)
    await market.publish(offer())
    await market.publish(offer(key="lst_2"))

    assert len(await market.items()) == 2
    assert (await market.calls()).count(f"GET {TREE}") == 1


async def test_reading_the_categories_counts_in_the_budget(market: Market) -> None:
    market.purse.left = 0
    with pytest.raises(OutOfBudget):
        await market.channel().publish(offer(), progress=Progress(), save=Notebook().save)


def test_the_sellers_own_category_comes_first_then_the_connections_then_the_table() -> None:
    assert category_from_offer(offer(category="8290"), {"auto_parts": 8291}) == 8290
    assert category_from_offer(offer(), {"auto_parts": 8291}) == 8291
    assert category_from_offer(offer(), {}) == CATEGORIES["auto_parts"]
