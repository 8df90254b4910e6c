"""A day in a filter is a day of the account's clock, however many hours it has."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest

from saluhall.domain.analytics import operations as analytics
from saluhall.kit.clock import iso_from_instant, utc_now
from tests.dialects.sellrapido.order_book import keep, order
from tests.hub import Hub
from tests.sellrapido import Client

SECOND = timedelta(seconds=1)
# A day by a clock, when it begins, and when the next one does.
DAYS = [
    ("Europe/Stockholm", "2025-01-15", "2025-01-14T23:00:00Z", "2025-01-15T23:00:00Z"),
    ("Europe/Stockholm", "2025-03-30", "2025-03-29T23:00:00Z", "2025-03-30T22:00:00Z"),
    ("Europe/Stockholm", "2025-10-26", "2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z"),
    ("America/New_York", "2025-11-02", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"),
    ("Pacific/Kiritimati", "2025-05-01", "2025-04-30T10:00:00Z", "2025-05-01T10:00:00Z"),
    ("UTC", "2025-03-30", "2025-03-30T00:00:00Z", "2025-03-31T00:00:00Z"),
    # It is midnight twice, never, and twice for the day before.
    ("Atlantic/Azores", "2025-10-26", "2025-10-26T00:00:00Z", "2025-10-27T01:00:00Z"),
    ("Africa/Cairo", "2025-04-25", "2025-04-24T22:00:00Z", "2025-04-25T21:00:00Z"),
    ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),
]


async def set_clock(client: Client, time_zone: str) -> None:
    async with client.shop.hub.db.transaction() as tx:
        await analytics.set_time_zone(
            tx, principal=client.shop.principal, time_zone=time_zone, now=utc_now()
        )


async def found(client: Client, **query: str) -> list[str]:
    status, _, answer = await client.call("GET", f"/order?{urlencode(query)}")
    assert status == 200, answer
    assert answer["totalCount"] == len(answer["orders"])
    return [each["head"]["code"] for each in answer["orders"]]


def around(begins: str, ends: str) -> dict[str, str]:
    """Name instants just before a day, in it, and just after it."""
    first, following = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    instants = {
        "before": first - SECOND,
        "first": first,
        "last": following - SECOND,
        "after": following,
    }
    return {code: iso_from_instant(instant) for code, instant in instants.items()}


async def test_without_a_clock_of_its_own_an_account_has_days_in_utc(hub: Hub) -> None:
    client = await Client.signed_in(await hub.open_shop())
    instants = around("2025-03-30T00:00:00Z", "2025-03-31T00:00:00Z")
    await keep(client.shop, *[order(code=c, date_order=at) for c, at in instants.items()])

    day = {"start_date": "2025-03-30", "end_date": "2025-03-30"}
    assert sorted(await found(client, **day)) == ["first", "last"]
    await set_clock(client, "Europe/Stockholm")
    assert sorted(await found(client, **day)) == ["before", "first"]


@pytest.mark.parametrize(("zone", "day", "begins", "ends"), DAYS)
async def test_a_day_is_one_of_the_accounts_clock(
    hub: Hub, zone: str, day: str, begins: str, ends: str
) -> None:
    client = await Client.signed_in(await hub.open_shop())
    book = [order(code=c, date_order=at, modified=at) for c, at in around(begins, ends).items()]
    await keep(client.shop, *book)
    await set_clock(client, zone)

    for of in ("date", "modified"):
        assert await found(client, **{f"start_{of}": day, f"end_{of}": day}) == ["last", "first"]
        assert await found(client, **{f"start_{of}": day}) == ["after", "last", "first"]
        assert await found(client, **{f"end_{of}": day}) == ["last", "first", "before"]


async def test_another_clock_counts_from_the_next_call_on_for_this_account_alone(
    client: Client, hub: Hub
) -> None:
    other = await Client.signed_in(await hub.open_shop())
    for each in (client, other):
        await set_clock(each, "Europe/Stockholm")
        await keep(each.shop, order(code="late", date_order="2025-06-30T23:30:00Z"))
    assert await found(client, startDate="2025-07-01") == ["late"]

    await set_clock(client, "Europe/London")
    assert await found(client, startDate="2025-07-01") == ["late"]
    await set_clock(client, "UTC")

    assert await found(client, startDate="2025-07-01") == []
    assert await found(other, startDate="2025-07-01") == ["late"]


async def test_csv_and_the_older_generation_go_by_the_same_clock(client: Client) -> None:
    await set_clock(client, "America/New_York")
    await keep(
        client.shop,
        order(code="in", date_order="2025-11-03T04:59:59Z", rows=0),
        order(code="out", date_order="2025-11-03T05:00:00Z", rows=0),
    )

    _, _, lines = await client.call("GET", "/order?format=csv&end_date=2025-11-02")
    _, _, by_key = await client.key_call("POST", "/order/{key}", {"endDate": "2025-11-02"})

    heading, *rows = lines.decode().splitlines()
    place = heading.split("|").index("code")
    assert [row.split("|")[place] for row in rows] == ["in"]
    assert [each["head"]["code"] for each in by_key["orders"]] == ["in"]


async def test_the_first_and_the_last_day_that_can_be_written_are_days_too(client: Client) -> None:
    await keep(client.shop, order(code="any"))

    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        await set_clock(client, zone)
        assert await found(client, startDate="0001-01-01", endDate="9999-12-31") == ["any"]
        assert await found(client, endDate="0001-01-01") == []
        assert await found(client, startModified="9999-12-31") == []
