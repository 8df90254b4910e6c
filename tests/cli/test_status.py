"""`saluhall status`: how the hub is, and an exit code that says whether somebody is needed."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace

from saluhall.cli.status_report import DueWork, Status
from saluhall.domain.connections.model import ConnectionHealth, ConnectionState
from saluhall.domain.webhooks.model import EndpointOff
from saluhall.kit.clock import utc_now
from saluhall.storage.claims import Worker
from saluhall.storage.schema import DatabaseFacts
from tests.cli.command import Saluhall
from tests.hub import Hub
from tests.postgres import Postgres

WELL = Status(
    version="1",
    database=DatabaseFacts(postgres="18", size_bytes=1, schema=9, read_only=False),
    expected_schema=9,
    clock_ahead_s=0.1,
    workers=[Worker(worker_id=uuid4(), silent_s=1.0)],
    due=[DueWork("sync_connection", 3, 60.0)],
)
LOGIN = ConnectionHealth(
    account="Anna",
    connection_id=uuid4(),
    channel="tradera",
    user_id="17",
    state=ConnectionState.DISCONNECTED,
    reason="The token has expired.",
    expires_at=None,
    polled_at=None,
)
OFF = EndpointOff(
    account="Anna",
    endpoint_id=uuid4(),
    url="https://a.example",
    failed=True,
    failures=15,
    off_since=utc_now(),
    held=2,
)
TROUBLES = [
    ({"database": replace(WELL.database, schema=8)}, "run `saluhall migrate`"),
    ({"database": replace(WELL.database, schema=10)}, "of a newer version"),
    ({"database": replace(WELL.database, read_only=True)}, "takes no writes"),
    ({"workers": []}, "No worker is running"),
    ({"workers": [Worker(worker_id=uuid4(), silent_s=9.0)]}, "No worker is running"),
    ({"due": [DueWork("fetch_images", 3, 1800.0)]}, "fetch_images: 3 due, the oldest for 30 min."),
    ({"connections": [LOGIN]}, "Anna: tradera (17) is disconnected: The token has expired."),
    ({"endpoints_off": [OFF]}, "Anna: https://a.example is off after 15 failures in a row."),
    ({"attention_entries": 2}, "2 entries"),
    ({"clock_ahead_s": -3.0}, "by -3.0 s"),
]


def test_nothing_is_wrong_with_a_hub_that_works_or_an_endpoint_that_somebody_switched_off() -> None:
    assert WELL.problems() == []
    assert replace(WELL, endpoints_off=[replace(OFF, failed=False)]).problems() == []
    assert (
        replace(WELL, connections=[replace(LOGIN, state=ConnectionState.CONNECTED)]).problems()
        == []
    )


@pytest.mark.parametrize(("change", "sentence"), TROUBLES)
def test_what_needs_someone_is_one_sentence(change: dict[str, object], sentence: str) -> None:
    [problem] = replace(WELL, **change).problems()

    assert sentence in problem


async def test_beside_a_running_hub_it_shows_its_worker_and_its_connections(hub: Hub) -> None:
    shop = await hub.open_selling_shop()
    off = "update endpoints set active = false, fail_count = 15 where account_id = %(account_id)s"
    async with hub.db.transaction() as tx:
        await tx.run(off, {"account_id": shop.principal.account_id})

    shown = await hub.cli("status", code=1)

    mine = [each for each in shown["connections"] if each["account"] == shop.principal.account_name]
    assert [(each["channel"], each["state"]) for each in mine] == [("tradera", "connected")]
    assert [worker["silent_s"] < 8 for worker in shown["workers"]] == [True]
    assert {"fetch_images", "sync_connection"} <= {work["job"] for work in shown["due"]}
    assert not shown["healthy"]
    assert any(shop.principal.account_name in problem for problem in shown["problems"])


def test_without_a_worker_it_says_so_and_changes_nothing(
    postgres: Postgres, tmp_path: Path
) -> None:
    new = {"SALUHALL_DATABASE_URL": postgres.new_database(empty=True)}
    old = {"SALUHALL_DATABASE_URL": postgres.new_database()}

    unmigrated = Saluhall(tmp_path, new).run("status", "--json")
    idle = Saluhall(tmp_path, old).run("status")

    assert (unmigrated.code, json.loads(unmigrated.out)["database"]["schema"]) == (1, 0)
    assert Saluhall(tmp_path, new).run("status", "--json").code == 1
    assert idle.code == 1
    assert idle.out.startswith("No worker is running")
