"""The real channel against the practice marketplace: one auction per offer, whatever happens."""

from datetime import timedelta
from decimal import Decimal

import pytest

from saluhall.capabilities import Format
from saluhall.channel import (
    Disconnected,
    Live,
    Lost,
    OutOfBudget,
    Pending,
    Progress,
    Purpose,
    Refusal,
    Rejected,
    Unavailable,
)
from saluhall.channels.tradera.settings import Settings
from saluhall.kit.clock import utc_now
from tests.channels.tradera.practice import Market, live, offer, submitted
from tests.contract.hub_side import Killed, Notebook, image

CREATE = "/v4/listings/items"
IMAGES = "/v4/listings/items/*/images"
COMMIT = "/v4/listings/items/*/commit"


async def references(market: Market) -> list[list[str]]:
    return [item["ownReferences"] for item in await market.items()]


async def publish_until_done(market: Market, notes: Notebook) -> Live:
    channel = market.channel()
    for _ in range(9):
        try:
            made = await channel.publish(offer(), progress=notes.progress, save=notes.save)
        except (Unavailable, Killed):
            notes.dies_at = None
        else:
            if isinstance(made, Live):
                return made
            return await live(channel, offer(), notes.progress)
    raise AssertionError("it never came through")


async def test_an_offer_is_published_with_its_images_and_our_reference(market: Market) -> None:
    made = await market.publish(offer())

    (item,) = await market.items()
    assert item["itemId"] == int(made.external_id)
    assert made.url == f"{market.url}/item/{made.external_id}"
    assert "Volvo XC90 bromsok fram vänster" in await market.page(made.url)
    assert (item["title"], item["startPrice"]) == ("Volvo XC90 bromsok fram vänster", 950)
    assert (item["ownReferences"], item["images"]) == ([offer().key], 2)
    assert item["description"].endswith("Compatible with: Volvo XC90 (2018)")
    assert made.ends_at is not None
    assert abs(made.ends_at - utc_now() - timedelta(days=7)) < timedelta(minutes=1)


def test_a_link_leads_to_the_marketplace_only_when_the_calls_go_there() -> None:
    assert Settings.read({}).item_page == "https://www.tradera.com/item"
    real = Settings.read({"SALUHALL_TRADERA_URL": "https://api.tradera.com/"})
    assert real.item_page == "https://www.tradera.com/item"
    practice = Settings.read({"SALUHALL_TRADERA_URL": "http://127.0.0.1:8090"})
    assert practice.item_page == "http://127.0.0.1:8090/item"


async def test_a_publication_costs_the_calls_the_readme_promises(market: Market) -> None:
    notes = Notebook()
    await market.channel().publish(offer(), progress=Progress(), save=notes.save)

    assert await market.calls() == [
        "POST /v4/listings/items",
        *(f"POST /v4/listings/items/{n}/images" for n in [notes.progress.steps["request_id"]] * 2),
        f"POST /v4/listings/items/{notes.progress.steps['request_id']}/commit",
    ]
    assert market.purse.spent == [Purpose.PUBLISH] * 4
    assert market.purse.required == [5]


async def test_an_outcome_is_waiting_first_and_live_then(market: Market) -> None:
    channel, notes = market.channel(), Notebook()
    progress = await submitted(channel, offer(), notes)

    first = await channel.check({"a": progress})
    second = await channel.check({"a": progress})

    assert isinstance(first["a"], Pending)
    assert isinstance(second["a"], Live)


async def test_many_outcomes_are_asked_for_with_one_call(market: Market) -> None:
    channel, submissions = market.channel(), {}
    for number in range(4):
        what = offer(key=f"lst_{number}", images=[])
        submissions[what.key] = await submitted(channel, what, Notebook())
    before = len(await market.calls())

    outcomes = await channel.check(submissions)

    assert list(outcomes) == list(submissions)
    assert len(await market.calls()) == before + 1


async def test_a_submitted_publication_makes_no_further_call(market: Market) -> None:
    channel, notes = market.channel(), Notebook()
    progress = await submitted(channel, offer(), notes)
    before = await market.calls()

    await channel.publish(offer(), progress=progress, save=notes.save)

    assert await market.calls() == before


@pytest.mark.parametrize("path", [CREATE, IMAGES, COMMIT])
@pytest.mark.parametrize("trouble", [{"drop": True}, {"status": 500}, {"status": 429}])
async def test_trouble_on_the_way_never_makes_two_auctions(
    market: Market, path: str, trouble: dict[str, object]
) -> None:
    await market.fault("POST", path, **trouble)
    notes = Notebook()
    channel = market.channel()

    with pytest.raises(Unavailable) as error:
        await channel.publish(offer(), progress=notes.progress, save=notes.save)

    assert error.value.unclear is (trouble != {"status": 429})
    assert notes.progress.unclear is (path == CREATE and trouble != {"status": 429})
    assert (await publish_until_done(market, notes)).external_id
    assert await references(market) == [[offer().key]]


async def test_a_lost_create_answer_is_looked_up_before_creating_again(market: Market) -> None:
    await market.fault("POST", CREATE, drop=True)
    notes = Notebook()
    await publish_until_done(market, notes)

    called = await market.calls()
    assert called[:3] == [f"POST {CREATE}", "GET /v4/listings/seller-items", f"POST {CREATE}"]
    assert market.purse.required == [5, 6, 5]


async def test_an_item_found_live_is_adopted(market: Market) -> None:
    made = await market.publish(offer())
    channel, notes = market.channel(), Notebook()

    found = await channel.publish(offer(), progress=Progress(unclear=True), save=notes.save)

    assert isinstance(found, Live)
    assert (found.external_id, found.url, found.price) == (
        made.external_id,
        made.url,
        Decimal(950),
    )
    assert (await channel.check({offer().key: notes.progress}))[offer().key] == found
    assert len(await market.items()) == 1


async def test_an_ended_item_of_an_earlier_attempt_is_not_adopted(market: Market) -> None:
    made = await market.publish(offer())
    await market.channel().end(made.external_id, Format.AUCTION)
    notes = Notebook(progress=Progress(unclear=True))

    again = await publish_until_done(market, notes)

    assert again.external_id != made.external_id


async def test_what_was_sold_before_is_not_adopted_though_it_began_a_moment_ago(
    market: Market,
) -> None:
    before = await market.publish(offer())
    await market.bid(before.external_id)
    await market.turn("POST", "clock", {"advance_s": 8 * 86400})
    await market.fault("POST", CREATE, drop=True)

    again = await publish_until_done(market, Notebook(Progress(over=before.external_id)))

    assert int(again.external_id) > int(before.external_id)
    assert len(await market.items()) == 2


async def test_a_lost_commit_answer_is_asked_after_and_not_repeated(market: Market) -> None:
    await market.fault("POST", COMMIT, drop=True)
    notes = Notebook()
    await publish_until_done(market, notes)

    called = await market.calls()
    assert sum(call.endswith("/commit") for call in called) == 1
    assert "GET /v4/listings/request-results" in called
    assert await references(market) == [[offer().key]]


async def test_a_commit_that_never_arrived_is_made_again(market: Market) -> None:
    await market.fault("POST", COMMIT, status=503)
    notes = Notebook()
    await publish_until_done(market, notes)

    called = await market.calls()
    assert sum(call.endswith("/commit") for call in called) == 2
    assert sum(call == f"POST {CREATE}" for call in called) == 1


@pytest.mark.parametrize("dies_at", range(1, 3))
async def test_a_death_between_any_two_steps_loses_and_doubles_nothing(
    market: Market, dies_at: int
) -> None:
    notes = Notebook(dies_at=dies_at)
    await publish_until_done(market, notes)

    assert notes.written > dies_at
    (item,) = await market.items()
    assert item["ownReferences"] == [offer().key]
    assert item["images"] == 2


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("trouble", [{"drop": True}, {"status": 500}, {"status": 429}])
async def test_an_image_is_there_once_though_its_response_was_lost(
    market: Market, place: int, trouble: dict[str, object]
) -> None:
    """The practice marketplace drops the connection after it took the image."""
    fine = {"method": "POST", "path": IMAGES, "times": place, "status": None}
    await market.turn(
        "PUT", "faults", [fine, {"method": "POST", "path": IMAGES, "times": 1, **trouble}]
    )
    await publish_until_done(market, Notebook())

    (item,) = await market.items()
    assert item["images"] == 2


async def test_a_death_while_an_image_is_sent_again_leaves_it_once(market: Market) -> None:
    """An upload that surely failed is tried again with the same request; this time the process dies before it saves the outcome."""
    await market.fault("POST", IMAGES, status=429)
    notes = Notebook(dies_at=3)  # after the failure, before the next upload, and here
    await publish_until_done(market, notes)

    assert notes.written > 3
    (item,) = await market.items()
    assert item["images"] == 2


async def test_a_commit_refused_as_already_made_counts_as_made(market: Market) -> None:
    channel, notes = market.channel(), Notebook()
    await channel.publish(offer(), progress=Progress(), save=notes.save)
    forgotten = dict(notes.progress.steps) | {"commit": "not_yet"}
    notes.progress = Progress(external_id=notes.progress.external_id, steps=forgotten)

    progress = await submitted(channel, offer(), notes)

    await live(channel, offer(), progress)
    assert len(await market.items()) == 1


async def test_new_data_between_attempts_is_a_new_request(market: Market) -> None:
    channel, notes = market.channel(), Notebook()
    await market.fault("POST", IMAGES, status=503)
    with pytest.raises(Unavailable):
        await channel.publish(offer(), progress=Progress(), save=notes.save)

    cheaper = offer(price=Decimal(795))
    progress = await submitted(channel, cheaper, notes)

    await live(channel, cheaper, progress)
    (item,) = await market.items()
    assert (item["startPrice"], item["images"]) == (795, 2)


async def test_new_data_without_words_does_not_hide_what_was_submitted(market: Market) -> None:
    channel, notes = market.channel(), Notebook()
    await market.fault("POST", COMMIT, drop=True)
    with pytest.raises(Unavailable):
        await channel.publish(offer(), progress=Progress(), save=notes.save)

    broken = offer(price=Decimal("949.50"))
    progress = await submitted(channel, broken, notes)

    await live(channel, broken, progress)


async def test_a_request_tradera_forgot_is_made_again(market: Market) -> None:
    channel, notes = market.channel(), Notebook()
    await market.fault("POST", IMAGES, status=404)
    with pytest.raises(Unavailable, match="no longer knows the request"):
        await channel.publish(offer(), progress=Progress(), save=notes.save)
    assert notes.progress.unclear

    await publish_until_done(market, notes)
    assert await references(market) == [[offer().key]]


async def test_too_small_a_budget_starts_nothing(market: Market) -> None:
    market.purse.left = 4
    notes = Notebook()
    with pytest.raises(OutOfBudget):
        await market.channel().publish(offer(), progress=Progress(), save=notes.save)

    assert await market.calls() == []
    assert notes.progress == Progress()


async def test_a_budget_that_runs_out_on_the_way_is_no_loss(market: Market) -> None:
    channel, notes = market.channel(), Notebook()
    market.purse.left = 5
    await market.fault("POST", COMMIT, status=503)
    with pytest.raises(Unavailable):
        await channel.publish(offer(), progress=Progress(), save=notes.save)
    market.purse.left = 1
    with pytest.raises(OutOfBudget):
        await channel.publish(offer(), progress=notes.progress, save=notes.save)
    market.purse.left = 100

    await publish_until_done(market, notes)
    assert sum(call == f"POST {CREATE}" for call in await market.calls()) == 1


async def test_what_tradera_refuses_is_repeated_in_its_words(market: Market) -> None:
    notes = Notebook()
    channel = market.channel(options={"categories": {"auto_parts": 344482}})
    with pytest.raises(Rejected, match=r"Tradera refused: Attribute 103 \(Skick\) needs 1"):
        await channel.publish(offer(), progress=Progress(), save=notes.save)
    assert notes.progress == Progress()


async def test_a_image_over_four_megabytes_is_refused_and_the_request_dropped(
    market: Market,
) -> None:
    notes = Notebook()
    huge = offer(images=[image(), image(data=b"x" * 4_000_001)])
    with pytest.raises(Rejected, match="image 2 has 4000001 bytes"):
        await market.channel().publish(huge, progress=Progress(), save=notes.save)

    assert notes.progress == Progress()
    assert await market.items() == []


async def test_images_that_cannot_be_processed_refuse_the_listing(market: Market) -> None:
    channel, broken = market.channel(), offer(images=[image(data=b"not an image")])
    progress = await submitted(channel, broken, Notebook())

    await channel.check({"a": progress})
    outcome = (await channel.check({"a": progress}))["a"]

    assert isinstance(outcome, Refusal)
    assert outcome.reason.startswith("Tradera could not process the images")


async def test_try_again_begins_again_and_ends_with_one_auction(market: Market) -> None:
    await market.turn("PUT", "results", [{"resultCode": 20}])
    channel, notes = market.channel(), Notebook()
    progress = await submitted(channel, offer(), notes)
    await channel.check({"a": progress})
    outcome = (await channel.check({"a": progress}))["a"]
    assert isinstance(outcome, Lost)
    assert outcome.progress.unclear

    notes.progress = outcome.progress
    await publish_until_done(market, notes)
    assert await references(market) == [[offer().key]]


async def test_a_result_that_says_uncommitted_is_committed_again(market: Market) -> None:
    channel, notes = market.channel(), Notebook()
    await market.fault("POST", COMMIT, status=503)
    with pytest.raises(Unavailable):
        await channel.publish(offer(), progress=Progress(), save=notes.save)

    await live(channel, offer(), notes.progress)


async def test_a_listing_never_submitted_is_to_be_tried_again(market: Market) -> None:
    outcome = (await market.channel().check({"a": Progress(unclear=True)}))["a"]
    assert outcome == Lost(
        reason="The listing was never submitted", progress=Progress(unclear=True)
    )
    assert await market.calls() == []


async def test_an_expired_token_leaves_the_publication_where_it_was(market: Market) -> None:
    notes = Notebook()
    channel = market.channel(token="an-old-token")
    with pytest.raises(Disconnected):
        await channel.publish(offer(), progress=Progress(), save=notes.save)
    assert notes.progress == Progress()

    await publish_until_done(market, notes)
    assert await references(market) == [[offer().key]]
