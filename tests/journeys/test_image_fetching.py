"""Images: fetched once, cleaned, hosted; one bad image does not sink an item."""

import asyncio

import pyvips

from saluhall.practice.partner import Hosted, Partner
from tests.hub import Shop
from tests.images import jpeg

PLACE = {
    "exif-ifd3-GPSLatitudeRef": "N (N, ASCII, 2 components, 2 bytes)",
    "exif-ifd3-GPSLatitude": "59/1 19/1 46/1 (59, 19, 46, Rational, 3 components, 24 bytes)",
}


def _photograph() -> bytes:
    """An image that tells where it was taken."""
    image = pyvips.Image.new_from_buffer(jpeg("place"), "")
    image = image.copy()
    for field, value in PLACE.items():
        image.set_type(pyvips.GValue.gstr_type, field, value)
    taken = bytes(image.jpegsave_buffer(Q=85))
    assert _places(taken)
    return taken


def _places(image: bytes) -> list[str]:
    return [f for f in pyvips.Image.new_from_buffer(image, "").get_fields() if "GPS" in f]


async def _keys(shop: Shop, external_id: str) -> list[str]:
    rows = await shop.rows(
        "select i.stored_key from images i join products p on p.id = i.product_id"
        " where i.account_id = %(account_id)s and p.sku = %(sku)s and i.state = 'ready'",
        sku=external_id,
    )
    return [row["stored_key"] for row in rows]


async def test_one_bad_image_does_not_sink_the_item(shop: Shop, partner: Partner) -> None:
    partner.images["/broken.jpg"] = Hosted(body=b"this is no image")
    urls = [f"{partner.url}/1.jpg", f"{partner.url}/broken.jpg", f"{partner.url}/missing.jpg"]

    await shop.listed("A", imageUrls=urls)

    assert [ad["images"] for ad in await shop.ads()] == [1]
    assert (await shop.heard("item.images_ready", "A"))["data"]["imagesProcessed"] == 1
    refused = [e["data"] for e in await shop.history("A") if e["type"] == "image.rejected"]
    assert {e["url"] for e in refused} == set(urls[1:])
    assert all(e["reason"] for e in refused)


async def test_an_item_without_any_usable_image_fails_until_it_has_one(
    shop: Shop, partner: Partner
) -> None:
    bad = [f"{partner.url}/nowhere.jpg"]
    await shop.put("QUIET", imageUrls=bad)
    await shop.put("A", imageUrls=bad, autoPublishTradera=True)

    failed = await shop.heard("listing.failed", "A")
    await shop.until("QUIET", rheoStatus="active")
    assert failed["data"]["error"].startswith("Image download failed")
    assert await shop.ads() == []

    await shop.put("A", imageUrls=[f"{partner.url}/2.jpg"])
    await shop.heard("listing.created", "A")
    assert [ad["images"] for ad in await shop.ads()] == [1]


async def test_an_update_fetches_only_what_is_new(shop: Shop, partner: Partner) -> None:
    for name in ("kept", "dropped", "new"):
        partner.images[f"/only/{name}.jpg"] = Hosted(body=jpeg(name))
    kept, dropped, new = (f"{partner.url}/only/{n}.jpg" for n in ("kept", "dropped", "new"))
    await shop.put("A", imageUrls=[kept, dropped])
    await shop.until("A", rheoStatus="active")
    first = await _keys(shop, "A")

    await shop.put("A", imageUrls=[kept, dropped], title="Another title")
    await shop.put("A", title="No word of images")
    await shop.settle()
    assert [partner.fetched[f"/only/{n}.jpg"] for n in ("kept", "dropped")] == [1, 1]

    await shop.put("A", imageUrls=[new, kept])
    await shop.settle()

    assert [partner.fetched[f"/only/{n}.jpg"] for n in ("kept", "dropped", "new")] == [1, 1, 1]
    second = await _keys(shop, "A")
    assert len(first) == len(second) == 2
    assert len(set(first) & set(second)) == 1


async def test_a_draft_whose_images_are_taken_away_becomes_active(
    shop: Shop, partner: Partner
) -> None:
    partner.images["/busy.jpg"] = Hosted(status=503)
    urls = [f"{partner.url}/busy.jpg"]
    await shop.put("NONE", imageUrls=urls, autoPublishTradera=True)
    await shop.put("FEWER", imageUrls=[f"{partner.url}/1.jpg", *urls])
    await asyncio.sleep(0.5)
    assert (await shop.get("NONE"))["rheoStatus"] == "draft"

    await shop.put("NONE", imageUrls=[])
    await shop.put("FEWER", imageUrls=[f"{partner.url}/1.jpg"])

    await shop.until("NONE", rheoStatus="active", traderaStatus="active")
    await shop.until("FEWER", rheoStatus="active")


async def test_an_image_host_that_stumbles_is_asked_again(shop: Shop, partner: Partner) -> None:
    partner.images["/stumbles.jpg"] = Hosted(status=500)
    await shop.put("A", imageUrls=[f"{partner.url}/stumbles.jpg"], autoPublishTradera=True)
    for _ in range(400):
        await asyncio.sleep(0.05)
        if partner.fetched.get("/stumbles.jpg"):
            break

    partner.images["/stumbles.jpg"] = Hosted(body=jpeg("stumbles"))
    await shop.heard("listing.created", "A")

    assert [ad["images"] for ad in await shop.ads()] == [1]


async def test_a_hosted_image_tells_nothing_of_its_place_and_never_changes(
    shop: Shop, partner: Partner
) -> None:
    partner.images["/place.jpg"] = Hosted(body=_photograph())
    await shop.put("A", imageUrls=[f"{partner.url}/place.jpg"])
    await shop.until("A", rheoStatus="active")
    [key] = await _keys(shop, "A")

    status, headers, served = await shop.hub.request("GET", f"/images/{key}")
    assert status == 200
    assert "immutable" in headers["cache-control"]
    assert headers["content-type"] == "image/jpeg"
    assert _places(served) == []
    assert (await shop.hub.request("GET", f"/images/{'0' * 64}.jpg"))[0] == 404


async def test_redirects_are_followed_thrice_and_never_to_plain_http(
    shop: Shop, partner: Partner
) -> None:
    plain = partner.url.replace("https:", "http:")
    for path, to in {
        "/plain.jpg": f"{plain}/1.jpg",
        "/hop1": "/hop2",
        "/hop2": "/hop3",
        "/hop3": "/1.jpg",
        "/hop0": "/hop1",
    }.items():
        partner.images[path] = Hosted(status=302, headers={"location": to})

    paths = ("/plain.jpg", "/hop1", "/hop0")
    await shop.put("A", imageUrls=[partner.url + path for path in paths])
    await shop.until("A", rheoStatus="active")

    states = await shop.rows(
        "select source_url, state, reason from images where account_id = %(account_id)s"
    )
    found = {row["source_url"].removeprefix(partner.url): row for row in states}
    assert [found[path]["state"] for path in paths] == ["refused", "ready", "refused"]
    assert "http" in found["/plain.jpg"]["reason"]
    assert "redirects" in found["/hop0"]["reason"]


async def test_ten_images_reach_the_ad_in_their_order(shop: Shop, partner: Partner) -> None:
    for n in range(10):
        partner.images[f"/ten/{n}.jpg"] = Hosted(body=jpeg(f"ten {n}"), delay_s=(10 - n) / 50)

    await shop.listed("A", imageUrls=[f"{partner.url}/ten/{n}.jpg" for n in range(10)])

    assert [ad["images"] for ad in await shop.ads()] == [10]
    assert len(await shop.calls("/v4/listings/items/*/images")) == 10
