"""A backup of a hub that is being written to, restored into an empty database, is that hub."""

import asyncio
from pathlib import Path

from tests.hub import Hub, Shop
from tests.postgres import Postgres


async def test_a_hub_is_backed_up_while_it_is_written_to_and_works_when_it_is_restored(
    hub: Hub, shop: Shop, postgres: Postgres, tmp_path: Path
) -> None:
    image = f"{hub.partner.url}/1.jpg"
    sold = await shop.listed("SOLD", imageUrls=[image])
    await hub.market.bid(sold, 1100)
    await hub.market.advance(8 * 86400)
    await shop.heard("item.sold", "SOLD")
    backup = tmp_path / "backups" / "today"

    writer = asyncio.create_task(_write(shop))
    made = await hub.cli("backup", str(backup))
    assert not writer.done()
    writer.cancel()

    assert made["missing_images"] == 0
    assert made["orders"] >= 1
    assert backup.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in backup.rglob("*") if file.is_file()} == {0o600}

    restored = Hub(
        url=postgres.new_database(empty=True),
        folder=tmp_path,
        market=hub.market,
        partner=hub.partner,
        env={},
    )
    del restored.env["SALUHALL_SECRET_KEY"]  # it is in the backup
    try:
        assert (await restored.cli("restore", str(backup)))["products"] == made["products"]
        await restored.start()
        again = Shop(restored, principal=shop.principal, api_key=shop.api_key, user_id=shop.user_id)
        await _works(again, restored, image=image)
    finally:
        await restored.close()


async def _write(shop: Shop) -> None:
    for number in range(10_000):
        await shop.put(f"W{number}")
        await asyncio.sleep(0.02)  # others need the processor too


async def _works(shop: Shop, hub: Hub, *, image: str) -> None:
    sold = await shop.get("SOLD")
    assert sold["rheoStatus"] == "sold"
    [hosted] = sold["images"]
    path = "/images/" + hosted["url"].rpartition("/")[2]
    status, _, body = await hub.request("GET", path)
    assert (status, body[:2]) == (200, b"\xff\xd8")
    await shop.sign_in()
    await shop.listed("NEW", imageUrls=[image])  # needs the token and the webhook's secret
