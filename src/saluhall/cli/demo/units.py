"""The act of the demo that sells several units of one product at a fixed price."""

from typing import Any

from saluhall.cli.demo.narrator import expect
from saluhall.cli.demo.sample_products import UNITS, part_with_units
from saluhall.cli.demo.scene import Play
from saluhall.cli.demo.stage import until

_UNITS = 3
_RAISED = 5
_BUYERS = ("anna", "bengt")


async def sell_units(play: Play) -> None:
    """Offer three units at a fixed price, sell two, and raise the stock. Raises NotTrue."""
    with play.narrator.step(
        "Offer three units of one product at a fixed price; sell two of them",
        "The product comes in by Sellrapido's API. Its listing stays live; what is left is the same here and there.",
    ):
        catalog = await _offer(play)
        await _sell_two(play)
        row = {"catalog": catalog, "sku": UNITS, "quantity": _RAISED}
        changed = await play.stage.products("PATCH", [row])
        expect("the errors of the PATCH", changed["errors"], wanted=[])
        await _until_shown(play, _RAISED)
        play.narrator.say(f"PATCH quantity {_RAISED}: {_RAISED} units there")


async def _offer(play: Play) -> int:
    """Add the product and offer it; return the number of its catalog."""
    stage, narrator = play.stage, play.narrator
    account = ("--account", play.account)
    made = await stage.command("catalog", "create", "Bulbs", *account, "--code", "BULBS")
    catalog = int(made["catalog_id"])
    await stage.sign_in(play.account, "a good password")
    row = part_with_units(_UNITS, play.url("mirror"))
    added = await stage.products("POST", [{"catalog": catalog, **row}])
    expect("the errors of the POST", added["errors"], wanted=[])
    connections = (await stage.command("connection", "list", *account))["connections"]
    await stage.command(
        *("offer", "create", *account, "--connection", connections[0]["connection_id"]),
        *("--catalog", str(catalog), "--sku", UNITS, "--format", "fixed"),
    )
    _, created = await play.heard("listing.created", UNITS)
    play.listings[UNITS] = int(created["data"]["traderaAdId"])
    listing = await play.listing_of(UNITS)
    expect("the price there", listing["buyItNowPrice"], wanted=row["price1"])
    expect("the units there", listing["quantity"], wanted=_UNITS)
    narrator.say(f"offer create: {UNITS} is listing {play.listings[UNITS]} with {_UNITS} units")
    return catalog


async def _sell_two(play: Play) -> None:
    path = f"/items/{play.listings[UNITS]}/buy"
    for buyer in _BUYERS:
        await play.stage.market("POST", path, {"buyer": buyer, "quantity": 1})
    left = _UNITS - len(_BUYERS)

    async def look() -> dict[str, Any] | None:
        found = await play.stage.command("offer", "list", "--account", play.account, "--sku", UNITS)
        [offer] = found["offers"]
        listing = offer["listing"]
        shown = (offer["quantity"], listing["quantity"], listing["units_sold"])
        return offer if shown == (left, left, len(_BUYERS)) else None

    offer = await until(f"{left} unit left in `offer list`", look)
    expect("the listing's state", offer["listing"]["state"], wanted="live")
    expect("the stock here", await play.stage.stock_of(UNITS), wanted=left)
    listing = await play.listing_of(UNITS)
    expect("ended there", listing["ended"], wanted=False)
    expect("the units there", listing["quantity"], wanted=left)
    play.narrator.say(f"two sales: stock {left} here, {left} unit there, and the listing is live")


async def _until_shown(play: Play, units: int) -> None:
    async def look() -> bool | None:
        return True if (await play.listing_of(UNITS))["quantity"] == units else None

    await until(f"{units} units at the marketplace", look)
