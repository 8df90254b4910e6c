"""The story: the same from the same seed, in order, and with what found faults before."""

from collections import defaultdict
from itertools import pairwise

import pytest

from tests.chaos.moves import (
    Advance,
    BidOn,
    ChangePrice,
    Delete,
    Put,
    PutBatch,
    Restock,
    Scene,
    SetStatus,
    name_of,
)
from tests.chaos.story import Pace, tell

SECONDS = 600


@pytest.fixture(scope="module")
def story() -> list[Scene]:
    return tell(7, seconds=SECONDS, pace=Pace())


def test_the_same_seed_gives_the_same_story_and_another_seed_another(story: list[Scene]) -> None:
    assert tell(7, seconds=SECONDS, pace=Pace()) == story
    assert tell(8, seconds=SECONDS, pace=Pace()) != story


def test_moves_are_in_the_order_of_their_seconds_and_none_is_past_the_end(
    story: list[Scene],
) -> None:
    seconds = [scene.at_s for scene in story]
    assert seconds == sorted(seconds)
    assert seconds[0] >= 0
    assert seconds[-1] <= SECONDS


def writes_of_items(story: list[Scene]) -> dict[tuple[int, str], list[object]]:
    found: dict[tuple[int, str], list[object]] = defaultdict(list)
    for scene in story:
        match scene.move:
            case PutBatch(puts=puts):
                for put in puts:
                    found[put.shop, put.sku].append(put)
            case Put() | ChangePrice() | SetStatus() | Delete() | Restock() as move:
                found[move.shop, move.sku].append(move)
            case _:
                pass
    return found


def test_an_item_is_created_before_anything_else_and_after_a_delete_only_put(
    story: list[Scene],
) -> None:
    for writes in writes_of_items(story).values():
        assert isinstance(writes[0], Put)
        for before, after in pairwise(writes):
            assert not isinstance(before, Delete) or isinstance(after, Put)


def test_no_title_is_used_twice(story: list[Scene]) -> None:
    writes = [write for item in writes_of_items(story).values() for write in item]
    titles = [write.title for write in writes if isinstance(write, Put)]
    assert len(titles) == len(set(titles))


def test_auctions_end_while_their_items_are_deleted_changed_and_bid_on(story: list[Scene]) -> None:
    leaps = [scene.at_s for scene in story if isinstance(scene.move, Advance)]
    near = [
        type(scene.move)
        for scene in story
        if any(abs(scene.at_s - at) < 3 for at in leaps)
        if isinstance(scene.move, Delete | ChangePrice | SetStatus | BidOn | Put)
    ]
    assert {Delete, ChangePrice, SetStatus, BidOn, Put} <= set(near)


def test_a_long_story_has_every_kind_of_move() -> None:
    told = {name_of(scene.move) for scene in tell(1, seconds=3600, pace=Pace())}
    assert told == {
        *("Put", "PutBatch", "ChangePrice rheo", "ChangePrice sellrapido", "Delete", "Restock"),
        *("SetStatus sold", "SetStatus not_listed", "Bid", "BidOn", "Advance", "Queue"),
        *("HookTrouble", "WrongClock", "calls drop_before", "calls drop_after", "calls status_500"),
        *("calls lost_500", "calls status_302", "calls garbage", "calls truncated", "calls delay"),
        *("calls late", "kill worker", "kill second_worker", "kill api", "kill hub"),
        *("kill postgres", "kill backend", "stop worker", "stop second_worker", "stop api"),
        *("stop postgres", "stop backend", "restart second_worker", "restart hub"),
    }
