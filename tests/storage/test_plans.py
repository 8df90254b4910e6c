"""However much a seller has, no statement reads all of it, or all that others have, to find a few rows.

Every statement that the code runs is planned, not run: for whatever values it may get, and for those of a large and of a small account;
in tables that were filled and never analysed, in small ones, and in large ones. There are 100,000 products in these, and a part of that
of everything else; `PLANS_PRODUCTS=1000000 pytest tests/storage/test_plans.py` looks at a million.
"""

import os
from collections.abc import Iterator, Mapping

import psycopg
import pytest
from msgspec import Struct

from saluhall.jobs.schedule import JOBS
from tests.postgres import Postgres
from tests.storage import filling, statements
from tests.storage.plans import ANY, Node, Planner, ReadWays

LARGE = int(os.environ.get("PLANS_PRODUCTS", "100000"))
SMALL = 20_000
LARGE_ACCOUNT = "a large account"
ACCOUNTS = {LARGE_ACCOUNT: 0, "a small account": 7}
# What may read all that is there, by the beginning of its name.
_ALL_IS_WANTED = {
    "product lines": "all products are written",
    "page count": "all that match are counted, once for the first page",
    "orders count": "all that match are counted",
    **{f"{job.name} measure": "all that is due is counted" for job in JOBS},
    **dict.fromkeys(("orders json[tags", "orders csv[tags"), "tags are looked for in all orders"),
    "domain.listings.store.KNOWN_IDS": "all that is live is compared with what the marketplace returns",
    "domain.listings.suspension_store.": "a connection was lost or made: all its listings are suspended, or resumed",
    "domain.accounts.people_store.LIST_ACCOUNTS": "all accounts are listed for the operator",
    "domain.connections.store.POLLING": "all connections that are polled are counted",
    "domain.connections.store.HEALTH": "all connections are listed for the operator",
    "domain.webhooks.store.OFF": "all endpoints that are off are listed for the operator",
    "domain.removals.store.CONTENTS": "all that an account has is counted before it is deleted",
    "domain.catalogs.store.REMOVE": "a catalog is removed once in a long while, and must be empty",
    "domain.orders.pushes_store.CANCEL": "a connection is removed with all its order updates",
    "domain.offers.store.LIST": "a person lists the offers of an account",
    "domain.offers.store.CONNECT": "a connection is made: the offers that waited for one are found",
    "domain.listings.disconnecting_store.": "a connection is removed with all its listings",
    "domain.analytics.sales_store.ADD_UP_AGAIN": "another time zone makes other months of all sales",
    "removal ": "all that an account has is deleted",
    "domain.connections.store.COUNT_BY_HEALTH": "all connections are counted for who measures",
    "domain.webhooks.store.COUNT_BY_STATE": "all endpoints are counted for who measures",
    "domain.partner_business.store.REQUESTS": "all accounts that ask for a deal are listed for the operator",
    "domain.webhooks.store.DELETE": "an endpoint goes with all that waits for it",
    "poll_connection release": "a worker has died; the index of what is due holds nearly all connections",
}
_IN_TABLES_NEVER_ANALYSED = {
    **{f"{job.name} release": "a worker has died" for job in JOBS},
    **{f"{job.name} release": "a job has failed, once in a long while" for job in JOBS},
    "domain.members.store.": "members are few until many accounts are made at once",
    "domain.webhooks.deliveries_store.PRUNE": "once an hour",
    "domain.webhooks.replays_store.END_ORPHAN": "a replay's endpoint was deleted",
    "domain.connections.expiry_store.": "once an hour, and connections are few until many are made at once",
    "poll_connection due keys": "connections are few until many are made at once",
    "domain.connections.expiry_store.MARK": "the same",
}
_UNTIL_THERE_ARE_ENOUGH = dict.fromkeys(
    (
        "orders json",
        "orders csv",
        "log[",
        "domain.orders.store.LIST",
        "domain.events.store.OF_ACCOUNT",
    ),
    "the newest come first",
)
# A catalog code is looked up by an index of its own, beside which all of the account's is read: PostgreSQL takes a code for common.
_TAKEN_FOR_COMMON = {"page[code]": "", "page[status+code]": "", "page[changed_since+code]": ""}
_BETTER = {
    "domain.webhooks.deliveries_store.PRUNE": "old lines are found by a BRIN index once it pays",
    "domain.listings.follow_store.OFFERED": "the offers of an account that has few are read by either of two indexes",
}
Plans = Mapping[str, Mapping[str, Node]]


class Planned(Struct, frozen=True):
    """The plans of every statement, by its name and by what they were made for, in tables of each kind."""

    reads: ReadWays
    unseen: Plans
    small: Plans
    large: Plans


@pytest.fixture(scope="module")
def planned(postgres: Postgres) -> Iterator[Planned]:
    with psycopg.connect(postgres.new_database(), autocommit=True) as connection:
        planner = Planner(connection)

        def plan() -> Plans:
            return {s.name: planner.plans_of(s, ACCOUNTS) for s in statements.every_statement()}

        filling.open_accounts(connection)
        filling.sell(connection, first=0, last=SMALL)
        unseen = plan()
        connection.execute("analyze")
        small = plan()
        filling.sell(connection, first=SMALL, last=LARGE)
        connection.execute("vacuum analyze")
        reads = ReadWays(connection, growing=filling.GROWING, owned=filling.OWNED)
        yield Planned(reads, unseen, small, plan())


def test_every_module_that_assembles_a_statement_is_known_here() -> None:
    assert statements.put_together() == set(statements.PUT_TOGETHER)


def _without(plans: Plans, *allowed: Mapping[str, str]) -> Plans:
    names = tuple(name for some in allowed for name in some)
    return {name: made for name, made in plans.items() if not name.startswith(names)}


def test_no_large_table_is_read_whole(planned: Planned) -> None:
    read = {
        f"{name} for {for_whom}": tables
        for name, made in _without(planned.large, _ALL_IS_WANTED).items()
        for for_whom, plan in made.items()
        if (tables := planned.reads.read_whole(plan))
    }
    assert not read


def test_no_table_is_read_whole_because_nobody_has_analysed_it(planned: Planned) -> None:
    read = {
        f"{name} for {for_whom}": tables
        for name, made in _without(
            planned.unseen, _ALL_IS_WANTED, _IN_TABLES_NEVER_ANALYSED
        ).items()
        for for_whom, plan in made.items()
        if (tables := planned.reads.read_whole(plan))
    }
    assert not read


def test_no_large_account_is_read_whole(planned: Planned) -> None:
    # The plan for any values is taken where it is no dearer than those made for the values that came.
    read = {
        name: indexes
        for name, made in _without(
            planned.large, _ALL_IS_WANTED, _UNTIL_THERE_ARE_ENOUGH, _TAKEN_FOR_COMMON
        ).items()
        if (indexes := planned.reads.read_of_account(made[LARGE_ACCOUNT]))
    }
    assert not read


def test_plans_stay_when_tables_become_large(planned: Planned) -> None:
    ways = planned.reads.ways
    changed = {
        name: (ways(small), ways(large))
        for name, made in _without(
            planned.large, _ALL_IS_WANTED, _UNTIL_THERE_ARE_ENOUGH, _TAKEN_FOR_COMMON, _BETTER
        ).items()
        if ways(small := planned.small[name][ANY]) != ways(large := made[ANY])
        # Of an account that has little, all may be read; of one that has much, only a part (see above).
        and not planned.reads.read_of_account(small)
    }
    assert not changed
