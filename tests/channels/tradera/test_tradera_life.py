"""The real channel against the practice marketplace: price, end, changes, and what errors say."""

from datetime import timedelta
from decimal import Decimal

import pytest

from saluhall.capabilities import Format
from saluhall.channel import (
    Channel,
    Disconnected,
    Progress,
    Purpose,
    Rejected,
    RemoteListing,
    RemoteState,
    Unavailable,
)
from saluhall.kit.clock import utc_now
from saluhall.kit.environment import BadSetting
from saluhall.kit.http import Outbound
from saluhall.kit.metrics import OUTBOUND_CALLS
from tests.channels.tradera.practice import TOKEN, Market, offer, reprice
from tests.contract.hub_side import Notebook

WEEK_S = 7 * 24 * 3600 + 60
UPDATED = "/v4/listings/updated-seller-items"
EXPIRED = "Tradera token has expired. Partner must reconnect their Tradera account."


async def only(channel: Channel, external_id: str) -> RemoteListing:
    (listing,) = await channel.read([external_id])
    return listing


async def test_an_auction_lives_from_publication_to_sale(market: Market) -> None:
    channel = market.channel()
    made = await market.publish(offer(), channel)
    start = await channel.changes(None, [made.external_id])
    assert [each.state for each in start.listings] == [RemoteState.LIVE]

    quiet = await channel.changes(start.cursor, [made.external_id])
    assert quiet.listings == []
    assert quiet.cursor == start.cursor

    await reprice(channel, made.external_id, Decimal(795))
    await market.bid(made.external_id, 1100)
    bidden = await channel.changes(quiet.cursor, [made.external_id])
    assert [(each.price, each.bids) for each in bidden.listings] == [(Decimal(795), 1)]

    await market.turn("POST", "clock", {"advance_s": WEEK_S})
    ended = await channel.changes(bidden.cursor, [made.external_id])
    (sold,) = ended.listings
    assert sold.state is RemoteState.SOLD
    (item,) = await market.items()
    assert sold.sale_price == item["maxBid"]


async def test_an_auction_nobody_bids_on_ends_unsold(market: Market) -> None:
    channel = market.channel()
    made = await market.publish(offer(), channel)
    await market.turn("POST", "clock", {"advance_s": WEEK_S})

    listing = await only(channel, made.external_id)

    assert (listing.state, listing.sale_price) == (RemoteState.ENDED, None)


async def test_a_price_with_bids_is_refused_and_stays(market: Market) -> None:
    channel = market.channel()
    made = await market.publish(offer(), channel)
    await market.bid(made.external_id)

    with pytest.raises(Rejected, match=r"^Tradera kept the old price; an auction with bids"):
        await reprice(channel, made.external_id, Decimal(795))

    assert (await only(channel, made.external_id)).price == 950
    assert market.purse.spent[-2:] == [Purpose.PRICE, Purpose.POLL]


async def test_a_price_of_a_gone_auction_is_refused(market: Market) -> None:
    with pytest.raises(Rejected, match="no longer on Tradera"):
        await reprice(market.channel(), "999", Decimal(795))


async def test_a_broken_price_costs_no_call(market: Market) -> None:
    with pytest.raises(Rejected, match=r"the price is 795\.50 SEK"):
        await reprice(market.channel(), "999", Decimal("795.5"))
    assert await market.calls() == []


@pytest.mark.parametrize("refusal", ["error", "false"])
async def test_an_auction_with_bids_cannot_be_ended(market: Market, refusal: str) -> None:
    await market.turn("PUT", "rules", {"end_refusal": refusal})
    channel = market.channel()
    made = await market.publish(offer(), channel)
    await market.bid(made.external_id)

    with pytest.raises(Rejected, match=r"^The auction has bids and cannot be ended$"):
        await channel.end(made.external_id, Format.AUCTION)

    assert (await only(channel, made.external_id)).state is RemoteState.LIVE


@pytest.mark.parametrize("refusal", ["error", "false"])
async def test_ending_twice_is_fine(market: Market, refusal: str) -> None:
    await market.turn("PUT", "rules", {"end_refusal": refusal})
    channel = market.channel()
    made = await market.publish(offer(), channel)
    spent = len(market.purse.spent)

    await channel.end(made.external_id, Format.AUCTION)
    await channel.end(made.external_id, Format.AUCTION)

    assert (await only(channel, made.external_id)).state is RemoteState.ENDED
    assert market.purse.spent[spent:] == [Purpose.END] * 3 + [Purpose.POLL]


async def test_ending_what_tradera_does_not_know_is_fine(market: Market) -> None:
    await market.channel().end("999", Format.AUCTION)


async def test_ending_after_a_lost_answer_is_fine(market: Market) -> None:
    channel = market.channel()
    made = await market.publish(offer(), channel)
    # aiohttp repeats an idempotent call once when a kept connection breaks, hence twice
    await market.fault("DELETE", "/v4/listings/items/*", drop=True, times=2)
    with pytest.raises(Unavailable) as error:
        await channel.end(made.external_id, Format.AUCTION)

    assert error.value.unclear
    await market.turn("PUT", "faults", [])
    await channel.end(made.external_id, Format.AUCTION)


async def test_few_changes_are_read_singly_and_many_with_one_call(market: Market) -> None:
    channel = market.channel()
    ids = [
        (await market.publish(offer(key=f"lst_{n}", images=[]), channel)).external_id
        for n in range(4)
    ]
    before = len(await market.calls())

    many = await channel.changes(None, ids[:3])
    few = await channel.changes(None, ids[:2])

    assert {each.external_id for each in many.listings} == set(ids[:3])
    assert {each.external_id for each in few.listings} == set(ids[:2])
    assert (await market.calls())[before:] == [
        f"GET {UPDATED}",
        "GET /v4/listings/seller-items",
        f"GET {UPDATED}",
        *(f"GET /v4/listings/items/{external_id}" for external_id in ids[:2]),
    ]


async def test_changed_items_missing_from_the_list_are_read_singly(market: Market) -> None:
    channel = market.channel()
    ids = [
        (await market.publish(offer(key=f"lst_{n}", images=[]), channel)).external_id
        for n in range(3)
    ]
    await market.turn(
        "PUT", "faults", [{"path": "/v4/listings/seller-items", "status": 200, "body": "null"}]
    )
    changes = await channel.changes("0", ids)
    assert [each.external_id for each in changes.listings] == ids


async def test_reading_leaves_out_what_tradera_does_not_know(market: Market) -> None:
    channel = market.channel()
    made = await market.publish(offer(), channel)

    listings = await channel.read(["999", made.external_id])

    assert [each.external_id for each in listings] == [made.external_id]


async def test_a_token_past_its_time_makes_no_call(market: Market) -> None:
    channel = market.channel(expires_at=utc_now() - timedelta(seconds=1))
    with pytest.raises(Disconnected) as error:
        await channel.changes(None, [])

    assert str(error.value) == EXPIRED
    assert await market.calls() == []
    assert market.purse.spent == []


async def test_a_refused_token_asks_the_seller_to_connect_again(market: Market) -> None:
    with pytest.raises(Disconnected) as error:
        await market.channel(token="wrong").changes(None, [])
    assert str(error.value) == EXPIRED


KEYS = {"SALUHALL_TRADERA_APP_ID": "5", "SALUHALL_TRADERA_APP_KEY": "k-e-y"}


async def test_a_refused_application_names_the_settings(market: Market) -> None:
    await market.turn("PUT", "faults", [{"path": UPDATED, "status": 401}])
    with pytest.raises(Disconnected, match="SALUHALL_TRADERA_APP_KEY are not set"):
        await market.channel().changes(None, [])
    with pytest.raises(Disconnected, match="SALUHALL_TRADERA_APP_KEY is wrong"):
        await market.channel(env=KEYS).changes(None, [])


async def test_the_call_limit_is_noted_in_the_budget(market: Market) -> None:
    await market.turn("PUT", "quota", {"calls_per_day": 0})
    with pytest.raises(Unavailable, match="call limit") as error:
        await market.channel().changes(None, [])

    assert not error.value.unclear
    assert len(market.purse.blocks) == 1
    assert market.purse.blocks[0] == error.value.retry_in


@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        (500, "<html>oops</html>", Unavailable, "Tradera is in trouble: HTTP 500"),
        (302, "", Unavailable, "HTTP 302"),
        (400, "[]", Rejected, "Tradera refused: HTTP 400"),
        (400, '{"error": {"code": "BadRequest"}}', Rejected, "Tradera refused: BadRequest"),
        (409, '{"error": {"message": "No."}}', Rejected, "Tradera refused: No."),
        (200, "{}", Unavailable, "answer cannot be read"),
        (200, "", Unavailable, "answer cannot be read"),
    ],
)
async def test_every_answer_says_what_happens_next(
    market: Market, status: int, body: str, error: type[Exception], message: str
) -> None:
    await market.turn("PUT", "faults", [{"path": UPDATED, "status": status, "body": body}])
    with pytest.raises(error, match=message):
        await market.channel().changes(None, [])


async def test_secrets_in_an_answer_are_not_repeated(market: Market) -> None:
    body = f'{{"error": {{"message": "token {TOKEN} of app k-e-y is bad"}}}}'
    await market.turn("PUT", "faults", [{"path": UPDATED, "status": 400, "body": body}])
    with pytest.raises(Rejected, match=r"token \*\*\* of app \*\*\* is bad"):
        await market.channel(env=KEYS).changes(None, [])


async def test_a_marketplace_that_is_not_there_has_seen_nothing(http: Outbound) -> None:
    gone = Market(url="http://127.0.0.1:9", http=http)
    notes = Notebook()
    with pytest.raises(Unavailable) as error:
        await gone.channel().publish(offer(), progress=Progress(), save=notes.save)

    assert not error.value.unclear
    assert notes.progress == Progress()


def test_an_address_that_cannot_be_called_names_the_setting(http: Outbound) -> None:
    with pytest.raises(BadSetting, match=r"^SALUHALL_TRADERA_URL: the address must start with"):
        Market(url="ftp://tradera", http=http).channel()


async def test_a_slow_answer_is_given_up(market: Market) -> None:
    await market.fault("GET", UPDATED, delay_s=1.5)
    with pytest.raises(Unavailable, match="did not answer"):
        await market.channel(env={"SALUHALL_TRADERA_TIMEOUT_S": "1"}).changes(None, [])


async def test_calls_are_counted_by_what_came_of_them(market: Market) -> None:
    def counted(outcome: str) -> float:
        return float(OUTBOUND_CALLS.labels("tradera", outcome)._value.get())

    before = counted("ok"), counted("not_there")
    await market.channel().read(["999"])
    await market.channel().changes(None, [])
    assert (counted("ok") - before[0], counted("not_there") - before[1]) == (1, 1)


def test_unusable_options_and_settings_are_named(http: Outbound) -> None:
    market = Market(url="http://127.0.0.1:9", http=http)
    with pytest.raises(BadSetting, match="duration_days"):
        market.channel(options={"duration_days": 30})
    with pytest.raises(BadSetting, match="LANGUAGE"):
        market.channel(env={"SALUHALL_TRADERA_LANGUAGE": "de"})
    with pytest.raises(BadSetting, match="SALUHALL_TRADERA_CATEGORIES"):
        market.channel(env={"SALUHALL_TRADERA_CATEGORIES": "watches:5"})
    with pytest.raises(BadSetting, match="SALUHALL_TRADERA_APP_ID"):
        market.channel(env={"SALUHALL_TRADERA_APP_ID": "five"})
    with pytest.raises(BadSetting, match="SALUHALL_TRADERA_PAYMENT_OPTION_IDS"):
        market.channel(env={"SALUHALL_TRADERA_PAYMENT_OPTION_IDS": "swish"})
