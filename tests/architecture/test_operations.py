"""What every operation and query is held to."""

import ast
import importlib
import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import DOMAIN, module_of, public_async_functions, shown, tree_of
from tests.architecture.statements import statements

# Functions that need neither a principal nor an account, and the reason.
OWNERLESS = {
    "accounts.operations.create_account": "makes the account",
    "partner_business.queries.list_requests": "the operator reads what all accounts ask for",
    "partner_business.queries.public_profile": "a public profile is public",
    "accounts.operations.authenticate_key": "finds out who calls",
    "accounts.operations.authenticate_legacy_key": "finds out who calls",
    "accounts.operations.authenticate_subject": "finds out who calls",
    "accounts.queries.principal_of_user": "finds the user that the operator names",
    "sessions.operations.sign_in": "finds out who calls",
    "accounts.queries.principal_of_account": "finds the account that the operator names",
    "accounts.queries.list_accounts": "the operator lists all accounts",
    "attention.queries.count_all": "the operator looks at all accounts",
    "connections.queries.list_health": "the operator looks at all accounts",
    "webhooks.queries.list_off": "the operator looks at all accounts",
    "connections.operations.spend": "the budget of calls is the application's, not an account's",
    "connections.operations.block": "the budget of calls is the application's, not an account's",
    "connections.queries.budget_of_channel": "the budget of calls is the application's",
    "connections.queries.find_limit_of_channel": "a limit is the application's, not an account's",
    "connections.operations.set_limits": "the same",
    "connections.queries.count_polling": "all connections share the application's budget",
    "connections.queries.count_by_health": "counts for who measures the hub",
    "webhooks.queries.count_endpoints": "counts for who measures the hub",
    "connections.queries.account_of_connection": "a job's wake-up carries the connection's id alone",
    "partner_business.number_plates.recall": "a number plate is the same to every account",
    "partner_business.number_plates.remember": "a number plate is the same to every account",
    "partner_business.subscriptions.sign_in": "finds out who calls",
    "partner_business.subscriptions.list_tiers": "the operator lists all accounts",
    "connections.expiry.notify_of_expiry": "a job announces expiries of all accounts",
    "connections.logins.take": "finds the account of a login, by a secret",
    "webhooks.deliveries.forget": "of an endpoint that is deleted only the id is known",
    "webhooks.deliveries.claim_pruning": "old rows of all accounts are deleted at the same age",
    "webhooks.deliveries.prune": "the same",
    "webhooks.deliveries.forget_finished": "the same",
    "webhooks.deliveries.end_pruning": "the same",
    "webhooks.replays.forget_done": "the same",
    "webhooks.replays.advance": "a job's wake-up carries the replay's id alone",
    "webhooks.listening.remove_expired": "a job deletes expired endpoints of all accounts",
    "offers.selection.are_over": "looks at transactions of the database, not at rows of accounts",
    "offers.selection.newest_transaction": "the same",
    "webhooks.queries.find_endpoint": "a job's wake-up carries the endpoint's id alone",
}


# Statements that read the database's clock, and why.
READS_CLOCK = {
    "accounts.store.AUTHENTICATE": "a rate limit uses the database's clock, the same for all processes",
    "accounts.store.COUNT_CALL": "the same",
    "listings.listed_store.FIND": "it shows what is due at the moment",
}


def found() -> Iterator[tuple[str, Path, str]]:
    """Find what a module of the domain offers to others: its public async functions in a transaction, except the stores'."""
    for file in sorted(DOMAIN.glob("*/*.py")):
        for node in public_async_functions(file):
            first = next(iter(node.args.args), None)
            if first is not None and first.arg in {"tx", "db"} and not file.stem.endswith("store"):
                yield f"{file.parent.name}.{file.stem}.{node.name}", file, node.name


ASKED = list(found())


def test_the_time_of_an_operation_has_a_name() -> None:
    assert ASKED
    for name, file, function in ASKED:
        operation = getattr(importlib.import_module(module_of(file)), function)
        now = inspect.signature(operation).parameters.get("now")
        if now is not None:
            assert now.kind is inspect.Parameter.KEYWORD_ONLY, name
            assert now.default is inspect.Parameter.empty, name


def test_the_domain_reads_no_clock() -> None:
    names = {"utc_now", "steady_s", "HubClock"}
    for file in sorted(DOMAIN.glob("*/*.py")):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.ImportFrom):
                assert not names & {each.name for each in node.names}, shown(file)
            if isinstance(node, ast.Import):
                assert "time" not in {each.name for each in node.names}, shown(file)
            if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
                assert getattr(node.value, "id", "") not in {"datetime", "date"}, shown(file)


def test_a_statement_gets_the_time_as_a_parameter() -> None:
    clock = re.compile(r"\bnow\(\)|clock_timestamp|current_timestamp")
    read = {
        f"{file.parent.name}.{file.stem}.{name}"
        for file in sorted(DOMAIN.glob("*/*.py"))
        for name, text in statements(file)
        if clock.search(text)
    }

    assert read == READS_CLOCK.keys()


def carries_an_owner(hint: object) -> bool:
    """Return whether a value of this type names its account: it, what it is a list of, or what it is made of has an `account_id`."""
    inner = typing.get_args(hint) or (hint,)
    return any(_names_account(kind) for kind in inner)


def _names_account(kind: object) -> bool:
    fields = getattr(kind, "__struct_fields__", ())
    parts = typing.get_type_hints(kind) if fields else {}
    return "account_id" in fields or any(
        "account_id" in getattr(part, "__struct_fields__", ()) for part in parts.values()
    )


def is_owned(file: Path, function: str) -> bool:
    operation = getattr(importlib.import_module(module_of(file)), function)
    hints = typing.get_type_hints(operation)
    hints.pop("return", None)
    return any(
        name in {"principal", "account_id"} or carries_an_owner(hint)
        for name, hint in hints.items()
    )


def test_every_operation_and_query_knows_the_account_of_its_rows() -> None:
    ownerless = {name for name, file, function in ASKED if not is_owned(file, function)}

    assert ownerless == OWNERLESS.keys(), "give it a principal or an account_id, or a reason"
