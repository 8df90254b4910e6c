"""One account never sees or touches another's rows."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import saluhall.domain
from saluhall.dialect import Dialect, Route
from saluhall.dialects.rheo.auth import api_key
from saluhall.plugins import load_dialects
from saluhall.storage.schema import migration_names
from tests.hub import Hub, Shop

# What an API key opens. The routes that answer row by row are walked in tests/dialects/sellrapido.
ROUTES = [
    (dialect, route)
    for dialect in load_dialects()
    for route in dialect.routes
    if dialect.name == "rheo" and route.authenticator is api_key
]
NAMING = [(dialect, route) for dialect, route in ROUTES if "{" in route.path]
BODIES: dict[str, Any] = {
    "Item": {"title": "Mine now", "price": 5, "autoPublishTradera": True},
    "PriceChange": {"price": 5},
    "StatusChange": {"status": "sold"},
    "Tracking": {"carrier": "dhl", "trackingNumber": "1"},
}
CLOCKS = (
    "array['last_used_at', 'cursor', 'polled_at', 'poll_due_at', 'poll_claimed_by', 'poll_claim_number',"
    " 'orders_since']"
)
OWNED = ("products", "images", "offers", "policies", "listings", "events", "connections", "catalogs", "endpoints", "deliveries",
         "delivery_attempts", "api_keys", "users", "rate_buckets", "accounts",
         "sessions", "legacy_keys", "requests", "orders", "order_lines",
         "product_counts", "sales", "sale_sums", "exchange_rates", "deals", "deal_requests", "profiles", "members",
         "account_subscriptions", "acting_accounts",
         "fulfilments", "fulfilment_lines", "order_updates", "refunds",
         "replays", "product_changes", "attention_entries", "login_attempts")  # fmt: skip


async def rows_of(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """Everything the account owns. When its key was last used and when its marketplace was polled is not part of it."""
    return {
        table: await shop.rows(
            f"select to_jsonb(t) - {CLOCKS} as row from {table} t where account_id = %(account_id)s order by 1"
        )
        for table in OWNED
        if table != "rate_buckets"
    }


def test_a_body_is_known_for_every_route_that_takes_one() -> None:
    taken = {getattr(r.body, "__name__", "") for _, r in NAMING if r.body is not None}

    assert taken <= set(BODIES)


@pytest.mark.parametrize(("dialect", "route"), NAMING, ids=lambda part: getattr(part, "path", ""))
async def test_the_other_accounts_item_is_no_item(dialect: Dialect, route: Route, hub: Hub) -> None:
    anna, eve = await hub.open_selling_shop(), await hub.open_shop()
    item_id = await anna.put("ANNAS", metadata={"a": 1})
    await anna.heard("item.created", "ANNAS")
    await anna.settle()
    before = await rows_of(anna)
    body = BODIES[getattr(route.body, "__name__", "")] if route.body is not None else None

    for name in ("ANNAS", item_id):
        path = re.sub(r"\{\w+\}", name, route.path)
        status, answer = await eve.call(route.method, path, body)
        if route.method == "PUT":  # that name is free on Eve's own shelf
            assert status == 202
            assert answer["itemId"] != item_id
        else:
            assert (status, answer["code"]) == (404, "NOT_FOUND"), dialect.name
            assert await eve.call(route.method, path.replace(name, "NONE"), body) == (
                status,
                answer,
            )
    await anna.settle()

    assert await rows_of(anna) == before


async def test_a_parent_in_another_account_is_no_parent(hub: Hub) -> None:
    anna, eve = await hub.open_shop(), await hub.open_shop()
    await anna.put("BOX", type="container")

    status, answer = await eve.call(
        "PUT", eve.path("CHILD"), {"title": "Child", "price": 5, "parentExternalId": "BOX"}
    )

    assert status == 422
    assert answer["details"][0]["field"] == "parentExternalId"


@pytest.mark.parametrize(("dialect", "route"), ROUTES, ids=lambda part: getattr(part, "path", ""))
async def test_nobody_comes_in_without_a_live_key(dialect: Dialect, route: Route, hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.put("SHUT")
    path = re.sub(r"\{\w+\}", "SHUT", route.path)
    async with hub.db.transaction() as tx:
        await tx.run(
            "update api_keys set revoked_at = now() where account_id = %s",
            [shop.principal.account_id],
        )

    for key in (shop.api_key, "wrong", "rheo_live_" + "a" * 32, "ö" * 40, "x" * 5000):
        status, answer = await shop.call(route.method, path, {}, api_key=key)
        assert (status, answer["statusCode"]) == (401, 401), dialect.name


# Statements that do not name their account, and why that is right.
WITHOUT_OWNER = {
    "accounts.people_store.LIST_ACCOUNTS": "the operator sees all accounts",
    "accounts.store.ADD_ACCOUNT": "makes the account",
    "accounts.store.FIND_ACCOUNT": "finds the account, for commands",
    "accounts.store.FIND_USER": "finds the account, for commands",
    "accounts.store.FIND_SUBJECT": "finds the account, by the subject of a token",
    "accounts.store.FIND_LEGACY_KEY": "finds the account, by a key's hash",
    "sessions.store.FIND_USER": "finds the account, by the name of who signs in",
    "accounts.store.AUTHENTICATE": "finds the account, by a key's hash",
    "attention.store.COUNT_ALL": "the operator sees all accounts",
    "connections.expiry_store.DUE": "a job announces expiries of all accounts; each row carries its own",
    "connections.expiry_store.MARK": "takes rows of several accounts; each carries its own",
    "connections.logins_store.TAKE": "finds the account, by the hash of a secret that only the browser of who logs in has",
    "connections.store.COUNT_BY_HEALTH": "the operator sees all accounts",
    "connections.store.HEALTH": "the operator sees all accounts",
    "connections.store.ACCOUNT_OF": "finds the account, for jobs whose wake-up carries only an id",
    "connections.store.POLLING": "counts calls that all accounts share",
    "webhooks.fan_out_store.MAKE_DUE": "the same",
    "events.store.APPEND": "takes events of several accounts; each row carries its own",
    "partner_business.store.END_SUB_ACCOUNTS": "takes accounts that nobody acts for any more",
    "partner_business.subscription_store.LIST_TIERS": "the operator sees all accounts",
    "partner_business.store.REQUESTS": "the operator reads what all accounts ask for",
    "partner_business.store.PROFILE_BY_SLUG": "a public profile is public",
    "webhooks.deliveries_store.FORGET": "of an endpoint that is deleted only the id is known",
    "webhooks.deliveries_store.FORGET_FINISHED": "old rows of all accounts are deleted at the same age",
    "webhooks.deliveries_store.PRUNE": "old rows of all accounts are deleted at the same age",
    "webhooks.listening_store.EXPIRED": "a job deletes expired endpoints of all accounts; each row carries its own",
    "webhooks.replays_store.CLAIM": "finds the account, for jobs whose wake-up carries only an id",
    "webhooks.replays_store.END_ORPHAN": "finds the account, for jobs whose wake-up carries only an id",
    "webhooks.replays_store.FORGET_DONE": "old rows of all accounts are deleted at the same age",
    "webhooks.store.COUNT_BY_STATE": "the operator sees all accounts",
    "webhooks.store.OFF": "the operator sees all accounts",
    "webhooks.store.FIND": "finds the account, for jobs whose wake-up carries only an id",
}


def statements() -> dict[str, str]:
    """Every SQL constant of the domain."""
    folder = Path(saluhall.domain.__path__[0])
    found = {}
    for file in folder.glob("*/*store.py"):
        module = import_module(f"saluhall.domain.{file.parent.name}.{file.stem}")
        for name, text in vars(module).items():
            is_sql = isinstance(text, str) and re.search(r"\b(select|insert|update|delete)\b", text)
            if name.isupper() and not name.startswith("_") and is_sql:
                found[f"{file.parent.name}.{file.stem}.{name}"] = text
    return found


STATEMENTS = statements()


def test_every_table_that_an_account_owns_is_watched_here() -> None:
    folder = Path(import_module("saluhall.storage.migrations").__path__[0])
    text = "\n".join((folder / name).read_text() for name in migration_names())
    tables = re.findall(r"create (?:unlogged )?table (\w+) \(\s*account_id uuid not null", text)

    assert set(tables) == set(OWNED)


def test_a_statement_on_an_accounts_rows_names_the_owner() -> None:
    about_owned = re.compile(rf"\b(from|into|update|join)\s+({'|'.join(OWNED)})\b")
    names_owner = re.compile(
        r"account_id = %\(account_id\)s|\(account_id[^;]*?(select|values \()\s*%\(account_id\)s"
    )

    assert STATEMENTS
    for name, text in STATEMENTS.items():
        if about_owned.search(text):
            assert bool(names_owner.search(text)) is not (name in WITHOUT_OWNER), name


def test_no_exception_outlives_its_statement() -> None:
    assert set(WITHOUT_OWNER) <= set(STATEMENTS)
