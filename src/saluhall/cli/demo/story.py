"""The story of the demo: every act does one thing and holds it to its promise."""

import base64
import hmac
import uuid

from saluhall.cli.demo import sample_products
from saluhall.cli.demo.narrator import Narrator, NotTrue, expect
from saluhall.cli.demo.scene import Play
from saluhall.cli.demo.stage import Stage, until
from saluhall.cli.demo.units import sell_units
from saluhall.practice.partner import Hosted

_SELLER = 300124
_WEEK_AND_A_DAY_S = 8 * 86_400
_NEW_PRICE = 895
_TOO_LATE = 1250
# The marketplace gives 100 calls a day and is looked at every 15 minutes unless the operator says otherwise;
# nobody wants to watch that.
_IMPATIENT = {"SALUHALL_POLL_INTERVAL_S": "1", "SALUHALL_TRADERA_CALLS_PER_DAY": "1000000"}


async def play(stage: Stage, narrator: Narrator) -> None:
    """Play every act. Raises NotTrue."""
    the_play = Play(stage, narrator)
    for act in (
        open_the_hall,
        open_an_account,
        refuse_what_is_wrong,
        push_the_parts,
        check_the_signature,
        look_at_the_image,
        change_the_price,
        refuse_a_late_price,
        take_one_off,
        delete_one,
        sell_units,
        sell,
        count_the_calls,
        close_the_hall,
    ):
        await act(the_play)


async def open_the_hall(play: Play) -> None:
    """Start everything."""
    stage, narrator = play.stage, play.narrator
    with narrator.step(
        "Start a marketplace, a partner and the hub",
        "Three real servers on this machine: Tradera's protocol over HTTP, an image host and webhook receiver"
        " over TLS, and `saluhall serve` with its own PostgreSQL.",
    ):
        narrator.say(f"practice marketplace  {await stage.start_market()}")
        await stage.partner.start()
        for name in ("caliper", "door", "mirror"):
            stage.partner.images[f"/{name}.jpg"] = Hosted(body=sample_products.photograph())
        narrator.say(f"partner               {stage.partner.url}")
        narrator.say(f"hub                   {await stage.start_hub(_IMPATIENT)}")
        play.calls_left = await stage.calls_left()


async def open_an_account(play: Play) -> None:
    """Set an account up by the command line."""
    stage, narrator, name = play.stage, play.narrator, play.account
    with narrator.step(
        "Open an account by the command line, while the server runs",
        "An account, its API key, its Tradera login, and the address that hears of its events.",
    ):
        await stage.command(
            *("account", "create", name, "--username", name, "--password", "a good password")
        )
        stage.api_key = str((await stage.command("key", "create", "--account", name))["api_key"])
        token = uuid.uuid4().hex
        await stage.market("POST", "/sellers", {"userId": _SELLER, "token": token})
        await stage.command(
            *("connection", "add", "tradera", "--account", name),
            *("--user-id", str(_SELLER), "--token", token),
        )
        hook = await stage.command(
            *("webhook", "set", f"{stage.partner.url}/hook", "--account", name),
            *("--event-types", "all"),
        )
        play.secret = str(hook["webhookSecret"])
        expect("the API key's prefix", stage.api_key[:10], wanted="rheo_live_")
        expect("the webhook secret's prefix", play.secret[:6], wanted="whsec_")
        narrator.say(f"account {name}, key {stage.api_key[:14]}..., Tradera user {_SELLER}")


async def refuse_what_is_wrong(play: Play) -> None:
    """See that a bad item is refused with every field named."""
    with play.narrator.step(
        "PUT an item that breaks the contract twice",
        "Every offending field is named at once, so that an integrator repairs all of them in one go.",
    ):
        status, answer = await play.stage.item("PUT", "WRONG", body=sample_products.bad_part())
        expect("the status", status, wanted=422)
        expect("the code", answer["code"], wanted="VALIDATION_FAILED")
        found = {d["field"]: d["message"] for d in answer["details"]}
        expect("the fields", sorted(found), wanted=["imageUrls.0", "price"])
        for field, message in found.items():
            play.narrator.say(f"422  {field}: {message}")


async def push_the_parts(play: Play) -> None:
    """PUT three parts and wait until they are live at the marketplace."""
    narrator = play.narrator
    parts = {
        sample_products.SAMPLE: sample_products.sample_part(play.url("caliper")),
        sample_products.SLASHED: sample_products.other_part(
            "Volvo V70 dörr vänster fram", 1900, play.url("door")
        ),
        sample_products.THIRD: sample_products.other_part(
            "Volvo V70 backspegel höger", 450, play.url("mirror")
        ),
    }
    with narrator.step(
        "PUT three parts; see them listed at the marketplace",
        "202 means stored. Images are fetched, hosted and submitted with the listing in the background; then a webhook reports it.",
    ):
        for external_id, body in parts.items():
            await play.accepted("PUT", external_id, body=body)
        for external_id, body in parts.items():
            _, created = await play.heard("listing.created", external_id)
            play.listings[external_id] = int(created["data"]["traderaAdId"])
            listing = await play.listing_of(external_id)
            expect("the title there", listing["title"], wanted=body["title"])
            expect("the price there", listing["startPrice"], wanted=body["price"])
            narrator.say(f"listing.created  {external_id} is listing {play.listings[external_id]}")
        status, shown = await play.stage.item("GET", sample_products.SLASHED)
        expect("GET of the id with a slash", status, wanted=200)
        expect("its Tradera status", shown["traderaStatus"], wanted="active")


async def check_the_signature(play: Play) -> None:
    """Check a webhook's signatures with nothing but the secret."""
    with play.narrator.step(
        "Check the webhook's signature",
        "Computed here again from the secret and the bytes received: Rheo's header, and that of Standard Webhooks.",
    ):
        received, event = await play.heard("listing.created", sample_products.SAMPLE)
        headers, body = received.headers, received.body
        rheo = "sha256=" + hmac.digest(play.secret.encode(), body, "sha256").hex()
        expect("X-Rheo-Signature", headers["x-rheo-signature"], wanted=rheo)
        key = base64.b64decode(play.secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        standard = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        expect("webhook-signature", headers["webhook-signature"], wanted=standard)
        expect("webhook-id", headers["webhook-id"], wanted=event["eventId"])
        play.narrator.say(f"{event['eventId']}  X-Rheo-Signature: {rheo[:24]}...  both agree")


async def look_at_the_image(play: Play) -> None:
    """Check that the hosted image contains no place."""
    stage, narrator = play.stage, play.narrator
    with narrator.step(
        "Look at a hosted image",
        "The seller's phone wrote where the image was taken. Nobody who buys a brake needs to know.",
    ):
        source = stage.partner.images["/caliper.jpg"].body
        before = sample_products.places_in(source)
        expect("the source contains a place", bool(before), wanted=True)
        expect("how often it was fetched", stage.partner.fetched["/caliper.jpg"], wanted=1)
        narrator.say(f"source: {len(source)} bytes with {', '.join(f[10:] for f in before)}")
        _, shown = await stage.item("GET", sample_products.SAMPLE)
        [image] = shown["images"]
        expect("its state", image["status"], wanted="ready")
        answer = await stage.get(image["url"].removeprefix(stage.base))
        expect("GET of the hosted image", answer.status, wanted=200)
        expect("places in the hosted image", sample_products.places_in(answer.body), wanted=[])
        narrator.say(f"hosted: {len(answer.body)} bytes with none of them")
        narrator.say(f"{image['url'][:60]}...")


async def change_the_price(play: Play) -> None:
    """Change a price and see it at the marketplace."""
    with play.narrator.step(
        f"Change the price to {_NEW_PRICE} kr",
        "Without bids the marketplace takes it, and the listing follows in place.",
    ):
        await play.accepted("PATCH", sample_products.SAMPLE, "/price", {"price": _NEW_PRICE})

        async def look() -> bool | None:
            return (
                True
                if (await play.listing_of(sample_products.SAMPLE))["startPrice"] == _NEW_PRICE
                else None
            )

        await until(f"{_NEW_PRICE} kr at the marketplace", look)
        play.narrator.say(
            f"marketplace: listing {play.listings[sample_products.SAMPLE]} now asks {_NEW_PRICE} kr"
        )


async def refuse_a_late_price(play: Play) -> None:
    """Bid, change the price again, and get the rejection."""
    stage, narrator, listing_id = play.stage, play.narrator, play.listings[sample_products.SAMPLE]
    with narrator.step(
        "Two people bid; then change the price again",
        "With bids on it the marketplace refuses. The item keeps its new price here, the listing the old one, and a webhook says so.",
    ):
        await stage.market("POST", f"/items/{listing_id}/bids", {"amount": 1100, "bidder": "anna"})
        await stage.market("POST", f"/items/{listing_id}/bids", {"amount": 1400, "bidder": "bengt"})
        listing = await play.listing_of(sample_products.SAMPLE)
        narrator.say(f"marketplace: {listing['totalBids']} bids, {listing['maxBid']} kr")
        await play.accepted("PATCH", sample_products.SAMPLE, "/price", {"price": _TOO_LATE})
        _, failed = await play.heard("listing.failed", sample_products.SAMPLE)
        narrator.say(f"listing.failed   {failed['data']['error']}")
        _, shown = await stage.item("GET", sample_products.SAMPLE)
        expect("the price here", shown["price"], wanted=_TOO_LATE)
        listing = await play.listing_of(sample_products.SAMPLE)
        expect("the price there", listing["startPrice"], wanted=_NEW_PRICE)


async def take_one_off(play: Play) -> None:
    """De-list the second part."""
    with play.narrator.step(
        "De-list the second part, the one with a slash in its id",
        "Sold over the counter, say: the listing is ended at the marketplace.",
    ):
        await play.accepted("PATCH", sample_products.SLASHED, "/status", {"status": "not_listed"})
        await play.heard("listing.ended", sample_products.SLASHED)
        expect(
            "ended there", (await play.listing_of(sample_products.SLASHED))["ended"], wanted=True
        )
        _, shown = await play.stage.item("GET", sample_products.SLASHED)
        expect("its status", shown["rheoStatus"], wanted="not_listed")
        play.narrator.say(f"listing.ended    {sample_products.SLASHED}")


async def delete_one(play: Play) -> None:
    """Delete the third part."""
    with play.narrator.step(
        "Delete the third part",
        "Deleted for the partner immediately; the listing is ended first, then the row is deleted.",
    ):
        await play.accepted("DELETE", sample_products.THIRD)
        status, answer = await play.stage.item("GET", sample_products.THIRD)
        expect("GET after DELETE", (status, answer["code"]), wanted=(404, "NOT_FOUND"))
        await play.heard("listing.ended", sample_products.THIRD)
        expect("ended there", (await play.listing_of(sample_products.THIRD))["ended"], wanted=True)
        play.narrator.say(f"GET {sample_products.THIRD} -> 404 {answer['error']}")


async def sell(play: Play) -> None:
    """Let the auction end and hear of the sale."""
    stage, narrator = play.stage, play.narrator
    with narrator.step(
        "Turn the marketplace's clock eight days on",
        "The auction ends; the hub finds the sale by polling, and reports the final price.",
    ):
        await stage.market("POST", "/clock", {"advance_s": _WEEK_AND_A_DAY_S})
        _, sold = await play.heard("item.sold", sample_products.SAMPLE)
        hammer = (await play.listing_of(sample_products.SAMPLE))["maxBid"]
        expect("the reported sale price", sold["data"]["salePrice"], wanted=hammer)
        _, shown = await stage.item("GET", sample_products.SAMPLE)
        states = (shown["rheoStatus"], shown["traderaStatus"])
        expect("its states", states, wanted=("sold", "sold"))
        narrator.say(f"item.sold        {sample_products.SAMPLE} for {hammer} kr")


async def count_the_calls(play: Play) -> None:
    """Compare the budget kept here with the calls received there."""
    with play.narrator.step(
        "Ask for the call budget",
        "Every call to the marketplace is counted before it is made; the demo allows itself more than the usual 100 a day.",
    ):
        answer = await play.stage.command("connection", "list", "--account", play.account)
        [connection] = answer["connections"]
        expect("the connection's state", connection["state"], wanted="connected")
        budget = connection["budget"]
        received = len(await play.stage.market("GET", "/calls"))
        counted = play.calls_left - budget["left"]
        if not 0 < counted <= received:
            raise NotTrue(f"counted {counted} calls, the marketplace received {received}")
        heads = ("channel", "user", "state", "used", "left", "received there")
        cells = (connection["channel"], connection["user_id"], connection["state"],
                 budget["used"], budget["left"], received)  # fmt: skip
        play.narrator.table(heads, [tuple(map(str, cells))])


async def close_the_hall(play: Play) -> None:
    """Stop the server in good order."""
    with play.narrator.step(
        "Stop the server",
        "SIGTERM: it finishes what runs, stops its PostgreSQL and ends with 0.",
    ):
        expect("the exit code", await play.stage.stop_hub(), wanted=0)
