"""What is secret stands nowhere in clear: not in the database, not in the log."""

import json

from tests.conftest import StartHub
from tests.hub import Hub
from tests.shop import SECRET_KEY

TOKEN = "marketplace-token-4711"
TABLES = "select format('%%I.%%I', schemaname, tablename) as name from pg_tables where schemaname = 'public'"


async def dump(hub: Hub) -> str:
    """Every row of every table as text."""
    async with hub.db.statement() as tx:
        tables = await tx.all(lambda row: str(row["name"]), TABLES, {"": 0})
        lines = [
            line
            for table in tables
            for line in await tx.all(
                lambda row: str(row["line"]), f"select t::text as line from {table} t"
            )
        ]
    return "\n".join(lines)


async def test_no_key_token_secret_or_password_is_kept_or_logged_in_clear(
    start_hub: StartHub,
) -> None:
    hub = await start_hub(
        SALUHALL_TRADERA_APP_ID="5",
        SALUHALL_TRADERA_APP_KEY="app-key-4712",
        SALUHALL_AI_URL="http://127.0.0.1:9/v1",
        SALUHALL_AI_KEY="ai-key-4713",
    )
    name = "secretive"
    await hub.cli("account", "create", name, "--username", "sec", "--password", "pass-word-4714")
    key = (await hub.cli("key", "create", "--account", name))["api_key"]
    shop = await hub.open_selling_shop()
    await shop.connect(TOKEN)
    secret = await shop.listen()
    urls = [f"{hub.partner.url}/1.jpg"]
    await shop.put("OPEN", imageUrls=urls, autoPublishTradera=True)
    await shop.heard("listing.created", "OPEN")
    await hub.market.faults({"method": "*", "path": "*", "status": 401, "times": 1})
    await shop.patch("OPEN", "price", {"price": 955})
    await hub.settle()
    await shop.call("GET", shop.path("OPEN"), api_key=key)
    await shop.call("GET", shop.path("OPEN"), api_key="rheo_live_" + "a" * 32)
    await hub.stop()

    kept, logged = await dump(hub), hub.log.read_text()

    assert "OPEN" in kept  # so the dump is one
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in kept  # at the cost of RFC 9106, for one who guesses
    hidden = [key, shop.api_key, TOKEN, secret, secret.removeprefix("whsec_"), "pass-word-4714",
              "app-key-4712", "ai-key-4713", SECRET_KEY, "rheo_live_" + "a" * 32]  # fmt: skip
    hidden += [TOKEN.encode().hex(), secret.encode().hex(), shop.api_key.encode().hex()]
    assert [text for text in hidden if text in kept] == []
    assert [text for text in hidden if text in logged] == []


async def test_a_request_is_logged_with_its_id_its_account_and_its_item(hub: Hub) -> None:
    shop = await hub.open_shop()

    await hub.request(
        "GET",
        "/integration/v1/items/LOG%2F1?secret=no",
        headers={"x-api-key": shop.api_key, "x-request-id": "my-own-id-1"},
    )

    lines = [json.loads(line) for line in hub.log.read_text().splitlines() if "my-own-id-1" in line]
    [line] = lines
    assert line["event"] == "request"
    assert line["account_id"] == str(shop.principal.account_id)
    assert line["sku"] == "LOG/1"
    assert (line["method"], line["status"]) == ("GET", 404)
    assert "secret=no" not in json.dumps(line)


async def test_every_line_of_the_log_is_one_json_object(hub: Hub) -> None:
    text = hub.log.read_text()
    for line in text.split("\n")[:-1]:  # not splitlines: a value may hold U+0085 or U+2028
        assert isinstance(json.loads(line), dict)
