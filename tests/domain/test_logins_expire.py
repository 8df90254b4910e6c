"""A login that expires soon is said 30, 7 and 1 days before, each once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from saluhall.dialects.rheo.event_words import VOCABULARY
from saluhall.domain.connections import expiry, operations
from saluhall.domain.webhooks import operations as webhooks
from saluhall.kit.http import Outbound
from saluhall.kit.secrets import Vault
from saluhall.storage import Database
from tests.domain.selling import NOW, Seller

DAY = timedelta(days=1)
EVENTS = """
  select e.type, e.at, e.product_id, e.sku, e.data ->> 'error' as error,
         (select count(*) from deliveries d where d.event_id = e.id) as deliveries
    from events e where e.account_id = %(account_id)s and e.type = 'connection.expiring' order by e.at
"""


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def log_in(seller: Seller, expires_at: datetime, *, now: datetime) -> None:
    async with seller.db.transaction() as tx:
        await operations.connect(
            tx, principal=seller.principal, channel="tradera", user_id="41", token="t", expires_at=expires_at, options={},
            vault=Vault("k"), now=now,
        )  # fmt: skip


async def notified(seller: Seller, *days: float) -> list[dict[str, Any]]:
    """Look at these days, counted from the start; return all events of the account."""
    for day in days:
        async with seller.db.transaction() as tx:
            now = NOW + timedelta(days=day)
            await expiry.notify_of_expiry(tx, labels={"tradera": "Tradera"}, limit=100, now=now)
    async with seller.db.statement() as tx:
        return await tx.all(dict, EVENTS, {"account_id": seller.principal.account_id})


async def test_a_seller_is_notified_thirty_seven_and_one_days_before_and_each_time_once(
    seller: Seller,
) -> None:
    await log_in(seller, NOW + 40 * DAY, now=NOW)

    found = await notified(seller, 0, 9, 10, 10.1, 20, 32.9, 33, 33.1, 38.9, 39, 39.5, 41)

    assert [(each["at"] - NOW).days for each in found] == [10, 33, 39]
    assert {(each["product_id"], each["sku"]) for each in found} == {(None, "")}
    assert found[0]["error"] == (
        "The login of user 41 at Tradera expires on 2027-01-01 12:00 UTC. Connect again before then."
    )


async def test_a_login_that_is_about_to_expire_when_it_is_stored_is_said_at_once(
    seller: Seller,
) -> None:
    await log_in(seller, NOW + 5 * DAY, now=NOW)
    assert [(each["at"] - NOW).days for each in await notified(seller, 0, 1, 2, 4, 4.5)] == [0, 4]


async def test_a_new_login_begins_again_and_an_old_one_is_said_no_longer(seller: Seller) -> None:
    await log_in(seller, NOW + 20 * DAY, now=NOW)
    assert len(await notified(seller, 0)) == 1

    await log_in(seller, NOW + 500 * DAY, now=NOW + DAY)

    assert len(await notified(seller, 2, 13, 19, 20)) == 1


async def test_an_endpoint_hears_of_it_only_when_it_asks_for_it_by_name(seller: Seller) -> None:
    heard = []
    for n, types in enumerate(([], ["connection.expiring"], ["item.sold"])):
        async with seller.db.transaction() as tx:
            await webhooks.set_main_endpoint(
                tx, principal=seller.principal, url="https://example.com/hook", subscription=VOCABULARY.subscription(types),
                http=Outbound(), vault=Vault("k"), now=NOW,
            )  # fmt: skip
        await log_in(seller, NOW + (20 + n) * DAY, now=NOW)
        heard.append((await notified(seller, n / 100))[-1]["deliveries"])

    assert heard == [0, 1, 0]


@pytest.mark.parametrize(
    ("left", "first", "following"),
    [
        (timedelta(days=40), timedelta(days=10), timedelta(days=33)),
        (timedelta(days=30), timedelta(), timedelta(days=23)),
        (timedelta(days=8), timedelta(), timedelta(days=1)),
        (timedelta(days=7), timedelta(), timedelta(days=6)),
        (timedelta(hours=5), timedelta(), None),
        (timedelta(), None, None),
    ],
)
def test_notices_follow_each_other_to_the_end(
    left: timedelta, first: timedelta | None, following: timedelta | None
) -> None:
    at = expiry.first_notice_at(NOW + left, now=NOW)
    assert at == (None if first is None else NOW + first)
    if at is not None:
        later = expiry.next_notice_at(NOW + left, now=at)
        assert later == (None if following is None else NOW + following)


def test_a_login_without_an_end_is_never_said() -> None:
    assert expiry.first_notice_at(None, now=NOW) is None
    assert expiry.days_left(None, now=NOW) is None
    assert expiry.days_left(NOW + 7 * DAY, now=NOW) == 7
    assert expiry.days_left(NOW - DAY, now=NOW) == 0
