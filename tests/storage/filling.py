"""Accounts with much in every table, made by PostgreSQL itself: one account holds half of it all, many small ones the rest."""

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

ACCOUNTS = 3000
SELLING = 100  # have products and all that comes of them
BIG = 0
SMALL = 7
_ID = "md5('{kind} ' || {n})::uuid"
_OWNER = "(case when n % 2 = 0 then 0 else 1 + n / 2 % {accounts} end)"


def id_of(kind: str, number: int | str) -> str:
    """Write the id of the row of this number as SQL."""
    return _ID.format(kind=kind, n=f"({number})")


def _owned(kind: str = "account") -> str:
    return id_of(kind, _OWNER.format(accounts=SELLING))


_DUE = "case when n % 50 in (0, 1) then now() - (n % 1000) * interval '1 second' end"
_EVENTS = "(array['product.created', 'product.updated', 'listing.published', 'listing.ended'])[1 + n / 7 % 4]"
# What an account has once or a few times: table -> columns and their values for each account n.
_ONCE = {
    "accounts": {"account_id": id_of("account", "n"), "name": "'account ' || n", "created_at": "now()"},
    "account_directory": {"name": "'account ' || n", "account_id": id_of("account", "n")},
    "user_directory": {
        "username": "'user ' || n", "account_id": id_of("account", "n"), "user_id": id_of("user", "n"),
    },
    "subject_directory": {
        "external_subject": "'subject ' || n", "account_id": id_of("account", "n"), "user_id": id_of("user", "n"),
    },
    "key_directory": {
        "key_hash": "sha256(('key ' || n)::bytea)", "account_id": id_of("account", "n"), "key_id": id_of("key", "n"),
    },
    "profile_directory": {"slug": "'shop-' || n", "account_id": id_of("account", "n")},
    "users": {
        "account_id": id_of("account", "n"), "id": id_of("user", "n"), "username": "'user ' || n",
        "password_hash": "'x'", "created_at": "now()", "external_subject": "'subject ' || n",
    },
    "api_keys": {
        "account_id": id_of("account", "n"), "id": id_of("key", "n"), "key_hash": "sha256(('key ' || n)::bytea)",
        "prefix": "'rk_'", "name": "'key'", "created_at": "now()",
    },
    "legacy_keys": {
        "account_id": id_of("account", "n"), "id": id_of("legacy", "n"),
        "key_hash": "sha256(('legacy ' || n)::bytea)", "created_at": "now()",
    },
    "rate_buckets": {
        "account_id": id_of("account", "n"), "key_id": id_of("key", "n"), "tier": "'item'", "full_at": "now()",
        "allowed": "true",
    },
    "catalogs": {
        "account_id": id_of("account", "n"), "id": id_of("catalog", "n"), "code": "'RHEO'", "name": "'RHEO'",
        "created_at": "now()",
    },
    "connections": {
        "account_id": id_of("account", "n"), "id": id_of("connection", "n"), "channel": "'tradera'",
        "user_id": "n::text", "token": "'x'", "state": "'connected'", "created_at": "now()",
        "poll_due_at": "now() + n * interval '1 second'",
    },
    "endpoints": {
        "account_id": id_of("account", "n"), "id": id_of("endpoint", "n"), "dialect": "'rheo'", "url": "'https://example.com'",
        "secret": "'x'", "event_types": "'{listing.published}'", "main": "true", "created_at": "now()", "updated_at": "now()",
    },
    "sessions": {
        "account_id": id_of("account", "n"), "id": id_of("session", "n"), "user_id": id_of("user", "n"),
        "refresh_jti": id_of("jti", "n"), "refresh_expires_at": "now() + interval '1 day'", "created_at": "now()",
    },
    "product_counts": {
        "account_id": id_of("account", "n"), "catalog_id": id_of("catalog", "n"), "kind": "'item'",
        "slot": id_of("slot", "n"), "draft": "1", "active": "1", "sold": "1",
        "not_listed": "1", "archived": "1",
    },
    "sale_sums": {
        "account_id": id_of("account", "n"), "currency": "'SEK'", "month": "'2026-04'", "category": "'other'",
        "slot": id_of("slot", "n"), "orders": "1", "units": "1", "gross": "1", "refunded": "0", "fee": "0", "pending": "0",
    },
    "exchange_rates": {
        "account_id": id_of("account", "n"), "currency": "'EUR'", "rate": "11.5", "changed_at": "now()",
    },
    "members": {
        "account_id": id_of("account", "n / 10 * 10"), "external_id": "'member ' || n",
        "member_account_id": id_of("account", "n"), "created_at": "now()",
    },
    "deals": {"account_id": id_of("account", "n"), "kind": "'sub_account'", "since": "now()"},
    "profiles": {"account_id": id_of("account", "n"), "slug": "'shop-' || n", "name": "'shop'"},
    "replays": {
        "account_id": id_of("account", "n"), "id": id_of("replay", "n"), "endpoint_id": id_of("endpoint", "n"),
        "since": "now()", "until": "now()", "event_types": "'{}'", "created_at": "now()",
        "due_at": "case when n % 20 = 0 then now() end",
    },
}  # fmt: skip
# What grows with what a seller does: the same for each n, and how many of them there are for each product.
_GROWING = {
    "products": (1.0, {
        "account_id": _owned(), "catalog_id": _owned("catalog"), "sku": "'SKU-' || n", "id": id_of("product", "n"),
        "kind": "'item'", "status": "(array['active', 'active', 'active', 'sold', 'draft'])[1 + n / 3 % 5]",
        "title": "'Volvo V70 headlight left ' || n", "price": "100 + n % 1000", "currency": "'SEK'",
        "shipping_strategy": "'integrated'", "image_urls": "'{}'",
        "auto_publish": "true", "ai_enhancement": "false", "created_at": "now()", "updated_at": "now()",
        "changed_at": "now() - n * interval '1 second'",
        "parent_sku": "case when n % 100 in (2, 3) then 'SKU-' || n / 1000 end",
        "enhance_due_at": "case when n % 1000 in (4, 5) then now() end",
        "attributes": """case when n % 10 in (6, 7) then
            jsonb_build_object('catalog_codes', jsonb_build_object('oem', n::text)) end""",
    }),
    "images": (0.3, {
        "account_id": _owned(), "product_id": id_of("product", "n"), "source_url": "'https://example.com/' || n",
        "state": "'ready'", "updated_at": "now()", "due_at": _DUE,
    }),
    "offers": (0.3, {
        "account_id": _owned(), "id": id_of("offer", "n"), "product_id": id_of("product", "n"), "channel": "'tradera'",
        "connection_id": _owned("connection"), "format": "'auction'", "wanted": "'live'", "price": "100", "currency": "'SEK'",
        "quantity": "1", "listing_id": id_of("listing", "n"), "created_at": "now()", "updated_at": "now()",
    }),
    "listings": (0.3, {
        "account_id": _owned(), "id": id_of("listing", "n"), "product_id": id_of("product", "n"),
        "connection_id": _owned("connection"), "offer_id": id_of("offer", "n"), "format": "'auction'",
        "state": "(array['live', 'live', 'ended', 'pending'])[1 + n / 3 % 4]", "external_id": "n::text",
        "priority": "n / 5 % 4", "due_at": _DUE, "created_at": "now()", "updated_at": "now()",
    }),
    "events": (0.3, {
        "account_id": _owned(), "id": id_of("event", "n"), "type": _EVENTS, "at": "now()",
        "product_id": id_of("product", "n"), "sku": "'SKU-' || n", "data": "'{}'",
    }),
    "deliveries": (0.3, {
        "account_id": _owned(), "id": id_of("delivery", "n"), "endpoint_id": _owned("endpoint"),
        "event_id": id_of("event", "n"), "sku": "'SKU-' || n", "state": "'delivered'", "due_at": _DUE,
        "tried_at": "now() - (1000000 - n) * interval '1 second'",
    }),
    "delivery_attempts": (0.3, {
        "account_id": _owned(), "id": id_of("attempt", "n"), "delivery_id": id_of("delivery", "n"),
        "endpoint_id": _owned("endpoint"), "event_id": id_of("event", "n"), "success": "n % 10 < 8",
        "at": "now() - (1000000 - n) * interval '1 second'", "event_type": _EVENTS, "sku": "'SKU-' || n",
    }),
    "orders": (0.2, {
        "account_id": _owned(), "connection_id": _owned("connection"), "external_id": "n::text", "number": "'T-' || n",
        "placed_at": "now() - n * interval '1 second'", "status": "case when n % 100 in (8, 9) then 'pending' else 'shipped' end",
        "changed_at": "now() - n * interval '1 second'", "created_at": "now()",
    }),
    "order_lines": (0.2, {
        "account_id": _owned(), "order_id": "n", "product_id": id_of("product", "n"), "sku": "'SKU-' || n",
        "created_at": "now()", "changed_at": "now()",
    }),
    "order_updates": (0.1, {
        "account_id": _owned(), "id": id_of("update", "n"), "order_id": "n", "connection_id": _owned("connection"),
        "kind": "'shipped'", "state": "'due'", "due_at": _DUE, "created_at": "now()",
    }),
    "sales": (0.2, {
        "account_id": _owned(), "sold_at": "now() - n * interval '1 second'",
        "order_line_id": "n", "product_id": id_of("product", "n"), "state": "'paid'", "category": "'other'",
        "currency": "'SEK'", "orders": "1", "units": "1", "gross": "100", "refunded": "0", "fee": "1",
    }),
    "fulfilments": (0.1, {
        "account_id": _owned(), "id": id_of("fulfilment", "n"), "order_id": "n", "carrier": "'DHL'", "tracking": "'P' || n",
        "shipped_at": "now()", "created_at": "now()",
    }),
    "fulfilment_lines": (0.1, {
        "account_id": _owned(), "fulfilment_id": id_of("fulfilment", "n"), "line_id": "n", "quantity": "1",
    }),
    "refunds": (0.1, {
        "account_id": _owned(), "id": id_of("refund", "n"), "order_id": "n", "external_id": "n::text", "amount": "1",
        "currency": "'SEK'", "refunded_at": "now()", "created_at": "now()",
    }),
    "requests": (0.1, {
        "account_id": _owned(), "key": "'request ' || n", "asked": "'x'", "answered_at": "now() - n * interval '1 second'",
    }),
}  # fmt: skip
GROWING = frozenset(_GROWING)
OWNED = GROWING | frozenset(_ONCE)


def open_accounts(connection: Connection[Any]) -> None:
    """Make the accounts. Nothing in this database is analysed unless it is asked for, and no trigger runs."""
    connection.execute("set session_replication_role = replica")
    for table in OWNED:
        connection.execute(f"alter table {table} set (autovacuum_enabled = false)".encode())
    for table, columns in _ONCE.items():
        _insert(connection, table, columns, first=0, last=ACCOUNTS)


def sell(connection: Connection[Any], *, first: int, last: int) -> None:
    """Make the products of these numbers, and all that comes of them."""
    for table, (share, columns) in _GROWING.items():
        _insert(connection, table, columns, first=int(first * share) + 1, last=int(last * share))


def _insert(
    connection: Connection[Any], table: str, columns: Mapping[str, str], *, first: int, last: int
) -> None:
    connection.execute(
        f"insert into {table} ({', '.join(columns)}) select {', '.join(columns.values())}"
        f" from generate_series({first}, {last}) n".encode()
    )
