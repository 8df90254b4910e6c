"""A machine whose clock is wrong delays nothing and doubles nothing: the time is the database's."""

import json
from pathlib import Path

import pytest

from tests.conftest import StartHub
from tests.fencing.machines import FAKETIME, Worker, wrong_clock

pytestmark = pytest.mark.skipif(
    not FAKETIME.is_file(), reason=f"no wrong clock can be had: {FAKETIME} is missing"
)


@pytest.mark.long
async def test_an_api_ahead_and_a_worker_behind_list_an_item_without_waiting(
    start_hub: StartHub, tmp_path: Path
) -> None:
    hub = await start_hub("--no-worker", **wrong_clock("+60s"))
    right = {name: value for name, value in hub.env.items() if name not in wrong_clock("+60s")}
    worker = Worker("behind", {**right, **wrong_clock("-300s")}, tmp_path / "worker.log")
    try:
        await worker.started()
        shop = await hub.open_selling_shop()
        await shop.put("A", imageUrls=[f"{hub.partner.url}/1.jpg"], autoPublishTradera=True)
        told = await shop.heard("listing.created", "A", timeout_s=30)
    finally:
        await worker.close()

    assert [item["title"] for item in await hub.market.items()] == ["Part A"]
    assert told["eventId"]
    [warning] = [
        json.loads(line)
        for line in worker.log.read_text().splitlines()
        if "the clock of this machine is wrong" in line
    ]
    assert abs(warning["ahead_s"] + 300) < 5
