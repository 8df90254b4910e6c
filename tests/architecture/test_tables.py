"""A module writes its own tables only; what it reads of others is in a list that only shrinks."""

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.source import DOMAIN, Function, tree_of
from tests.architecture.statements import STATEMENT, tables, tables_of, uses

# The tables of each module; triggers fill counts and times of changes.
OWNERS = {
    "accounts": (
        "account_directory", "accounts", "api_keys", "exchange_rates", "key_directory", "legacy_keys", "rate_buckets", "subject_directory",
        "user_directory", "users",
    ),
    "analytics": ("sale_sums", "sales"),
    "attention": ("attention_entries",),
    "catalogs": ("catalogs",),
    "connections": ("channel_budgets", "channel_calls", "connections", "login_attempts"),
    "events": ("eras", "events"),
    "idempotency": ("requests",),
    "images": ("images",),
    "listings": ("listings",),
    "offers": ("offers", "policies"),
    "orders": (
        "orders",
        "order_lines",
        "order_updates",
        "fulfilments",
        "fulfilment_lines",
        "refunds",
    ),
    "products": ("product_changes", "product_counts", "products"),
    "members": ("acting_accounts", "members"),
    "partner_business": (
        "account_subscriptions", "deal_requests", "deals", "number_plates", "profile_directory", "profiles",
    ),
    "sessions": ("sessions", "sign_in_failures"),
    "webhooks": ("deliveries", "delivery_attempts", "endpoints", "prunings", "replays"),
}  # fmt: skip
NOT_OF_THE_DOMAIN = {"workers"}  # storage/claims.py
OWNER = {table: module for module, owned in OWNERS.items() for table in owned}

# It deletes an account with all its rows, one statement for each table.
WRITES_ALL = "removals"
# What a module writes of others' tables, and why. The list only shrinks.
WRITTEN = {
    ("listings", "offers"): "deleting a product or a connection moves offers with their listings",
    ("sessions", "users"): "a password's hash is renewed when its user signs in",
}
# What a module reads of others' tables: a join instead of a query for each row. The list only shrinks.
READ = {
    "analytics": {"accounts", "exchange_rates", "order_lines", "orders", "product_counts", "products"},
    "attention": {  # it only reads: a person sees what is wrong anywhere
        "connections", "endpoints", "images", "listings", "offers", "order_lines", "order_updates", "orders", "products",
        "refunds",
    },
    "catalogs": {"product_counts", "products"},
    "connections": {"accounts"},
    "images": {"products"},
    "listings": {
        "catalogs", "connections", "images", "orders", "order_lines", "policies", "product_counts", "products", "sales",
    },
    "offers": {"catalogs", "connections", "listings", "products"},
    "orders": {"connections", "listings", "products"},
    "products": {"catalogs", "images"},
    "members": {"accounts"},
    "partner_business": {"accounts"},
    "sessions": {"accounts", "user_directory"},
    "webhooks": {"accounts", "events", "members"},
}  # fmt: skip
# Modules besides stores that have SQL; the list only shrinks.
SQL_ELSEWHERE = {
    "orders.extraction",
    "products.content",
    "products.extraction",
}  # JSON made by PostgreSQL


def used(kind: str) -> set[tuple[str, str]]:
    return {
        (use.module, table)
        for use in uses()
        for table in (use.written if kind == "written" else use.named - use.written)
        if OWNER.get(table) != use.module and use.module != WRITES_ALL
    }


def test_every_table_has_one_module() -> None:
    assert len(OWNER) == sum(len(owned) for owned in OWNERS.values())
    assert OWNER.keys() | NOT_OF_THE_DOMAIN == tables()


def test_a_module_writes_its_own_tables_only() -> None:
    assert used("written") == WRITTEN.keys(), "use the module's operations"


def test_a_module_reads_the_tables_of_others_only_where_it_is_listed() -> None:
    listed = {(module, table) for module, read in READ.items() for table in read}

    assert used("read") - WRITTEN.keys() == listed, "use the module's queries"


def texts_in(parts: Iterable[ast.AST]) -> set[str]:
    nodes = (node for part in parts for node in ast.walk(part))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def test_sql_is_in_constants_of_stores() -> None:
    found = set()
    for file in sorted(DOMAIN.glob("*/*.py")):
        tree = tree_of(file)
        functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
        texts = texts_in(functions if file.stem.endswith("store") else [tree])
        if any(STATEMENT.match(text) for text in texts):
            found.add(f"{file.parent.name}.{file.stem}")

    assert found == SQL_ELSEWHERE


@pytest.mark.parametrize(
    ("text", "written", "named"),
    [
        ("select 1 from products p, images i where p.id = %(id)s", set(), {"products", "images"}),
        ("with o as (update offers set a = 1 returning *) select from listings join o", {"offers"}, {"offers", "listings"}),
        ("insert into users (id) select id from accounts for update", {"users"}, {"users", "accounts"}),
        ("insert into users as u (id) values (%s) on conflict do update set id = 1", {"users"}, {"users"}),
        ("with {found} delete from deals using members m {where}", {"deals"}, {"deals", "members"}),
    ],
)  # fmt: skip
def test_the_tables_of_a_statement_are_found(text: str, written: set[str], named: set[str]) -> None:
    assert tables_of(text) == (frozenset(written), frozenset(named))
