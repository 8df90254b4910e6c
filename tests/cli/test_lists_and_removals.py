"""Accounts and what they have: listed, removed, and nothing of others touched."""

import asyncio
import io
import json
import sys
from typing import Any

import pytest

from saluhall.storage import Database
from tests.cli.command import Saluhall
from tests.postgres import Postgres

PASSWORD = ("--password", "a good password")


@pytest.fixture(scope="module")
def saluhall(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Saluhall:
    """Commands on a database with the accounts Anna and Bo."""
    url = postgres.new_database()
    command = Saluhall(tmp_path_factory.mktemp("lists"), {"SALUHALL_DATABASE_URL": url})
    for name in ("Anna", "Bo"):
        command.json("account", "create", name, "--username", name.lower(), *PASSWORD)
    return command


def refusal(ran: Any, code: str) -> bool:
    return bool(ran.code == 1 and json.loads(ran.out)["error"]["code"] == code)


def test_accounts_are_listed_and_shown(saluhall: Saluhall) -> None:
    listed = saluhall.json("account", "list")["accounts"]
    shown = saluhall.json("account", "show", "Anna")

    assert {"Anna", "Bo"} <= {each["name"] for each in listed}
    assert (shown["name"], shown["catalogs"], shown["products"]) == ("Anna", 1, 0)
    assert "Anna" in saluhall.run("account", "list").out


def test_users_are_added_listed_and_removed_with_their_sessions(saluhall: Saluhall) -> None:
    added = saluhall.json("user", "add", "eva", "--account", "Anna", "--role", "packer", *PASSWORD)
    taken = saluhall.run("user", "add", "eva", "--account", "Bo", *PASSWORD, "--json")
    both = saluhall.json("user", "list", "--account", "Anna")["users"]
    removed = saluhall.json("user", "remove", "eva")
    one = saluhall.json("user", "list", "--account", "Anna")["users"]
    again = saluhall.run("user", "remove", "eva", "--json")

    assert added == {"username": "eva", "account": "Anna", "role": "packer"}
    assert refusal(taken, "account_taken")
    assert [(each["username"], each["role"]) for each in both] == [
        ("anna", "owner"),
        ("eva", "packer"),
    ]
    assert removed == {"removed": "eva", "account": "Anna", "ended_sessions": 0}
    assert [each["username"] for each in one] == ["anna"]
    assert refusal(again, "user_not_found")


def test_a_user_gets_another_role_and_an_account_keeps_an_owner(saluhall: Saluhall) -> None:
    alone = saluhall.run("user", "role", "bo", "viewer")
    gone = saluhall.run("user", "remove", "bo", "--account", "Bo")
    saluhall.json("user", "add", "ben", "--account", "Bo", *PASSWORD)
    strange = saluhall.run("user", "role", "ben", "--account", "Anna", "owner")
    lowered = saluhall.json("user", "role", "bo", "--account", "Bo", "viewer")

    last = "the user is the last owner of the account 'Bo': give another user the role owner first"
    assert alone.refuses(last)
    assert gone.refuses(last)
    assert strange.refuses("the account 'Anna' has no user named 'ben'")
    assert lowered == {"username": "bo", "account": "Bo", "role": "viewer"}
    assert saluhall.run("user", "remove", "ben").refuses(last)
    wrong = saluhall.run("user", "role", "bo", "boss")
    assert wrong.refuses('Invalid value "boss"', code=2)
    assert "integrator" in wrong.err


def test_a_key_gets_a_scope_and_an_end_that_are_listed(saluhall: Saluhall) -> None:
    def create(*words: str) -> Any:
        return saluhall.run("key", "create", "--account", "Bo", *words, "--json")

    assert create("--scope", "viewer", "--expires", "2999-01-01").code == 0
    [listed] = saluhall.json("key", "list", "--account", "Bo")["keys"]

    assert list(listed) == [
        "key_id", "name", "prefix", "scope", "created_at", "last_used_at", "expires_at",
    ]  # fmt: skip
    assert (listed["scope"], listed["expires_at"]) == ("viewer", "2999-01-01T00:00:00Z")
    assert saluhall.run("key", "create", "--account", "Bo", "--expires", "2020-01-01").refuses(
        "a key expires in the future, not at 2020-01-01T00:00:00+00:00"
    )
    assert create("--expires", "tomorrow").code == 2
    assert (
        "--expires takes an ISO 8601 instant such as 2027-01-31, not 'tomorrow'"
        in create("--expires", "tomorrow").out
    )
    assert create("--scope", "boss").code == 2


def test_keys_are_listed_and_revoked_by_their_own_account(saluhall: Saluhall) -> None:
    made = saluhall.json("key", "create", "--account", "Anna", "--name", "till")["api_key"]
    [listed] = saluhall.json("key", "list", "--account", "Anna")["keys"]
    strange = saluhall.run("key", "revoke", listed["key_id"], "--account", "Bo", "--json")
    revoked = saluhall.json("key", "revoke", listed["key_id"], "--account", "Anna")

    assert made.startswith(listed["prefix"])
    assert made not in json.dumps(listed)
    assert refusal(strange, "key_not_found")
    assert revoked == {"revoked": listed["key_id"]}
    assert saluhall.json("key", "list", "--account", "Anna") == {"keys": []}


def test_a_legacy_key_is_revoked_by_its_id_or_by_itself_from_standard_input(
    saluhall: Saluhall, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = saluhall.json("legacy-key", "create", "--account", "Anna")["legacy_key"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(made + "\n"))

    revoked = saluhall.json("legacy-key", "revoke", "-", "--account", "Anna")

    [listed] = saluhall.json("legacy-key", "list", "--account", "Anna")["legacy_keys"]
    assert listed["revoked_at"]
    assert made in json.dumps(revoked)
    assert saluhall.run("legacy-key", "revoke", "nonsense", "--account", "Anna").code == 2


def test_a_catalog_is_removed_unless_it_is_the_systems(saluhall: Saluhall) -> None:
    def run(*words: str) -> Any:
        return saluhall.run("catalog", *words, "--account", "Anna", "--json")

    made = json.loads(run("create", "Shop", "--code", "S").out)["catalog_id"]
    listed = json.loads(run("list").out)["catalogs"]
    system = next(each["catalog_id"] for each in listed if each["code"] == "RHEO")

    assert refusal(run("remove", str(system)), "catalog_in_use")
    assert refusal(run("remove", "999999999999"), "catalog_not_found")
    assert json.loads(run("remove", str(made)).out) == {
        "removed": made,
        "name": "Shop",
        "code": "S",
    }


def test_an_endpoint_is_switched_gets_a_new_secret_and_is_removed(saluhall: Saluhall) -> None:
    def run(*words: str) -> dict[str, Any]:
        return saluhall.json("webhook", *words, "--account", "Anna")

    first = run("set", "https://anna.example/hook")
    [listed] = run("list")["endpoints"]
    endpoint = listed["endpoint_id"]

    assert (listed["url"], listed["state"], listed["pending"]) == (first["webhookUrl"], "on", 0)
    assert run("disable", endpoint)["state"] == "off"
    assert run("list")["endpoints"][0]["state"] == "off"
    assert run("enable", endpoint)["state"] == "on"
    assert run("secret", endpoint)["webhookSecret"] != first["webhookSecret"]
    strange = saluhall.run("webhook", "remove", endpoint, "--account", "Bo", "--json")
    assert refusal(strange, "endpoint_not_found")
    removed = {"removed": endpoint, "url": first["webhookUrl"], "deleted_deliveries": 0}
    assert run("remove", endpoint) == removed
    assert run("list") == {"endpoints": []}


def test_a_connection_gets_a_new_token_and_is_removed(saluhall: Saluhall) -> None:
    def run(*words: str) -> dict[str, Any]:
        return saluhall.json("connection", *words, "--account", "Anna")

    made = run("add", "tradera", "--user-id", "17", "--token", "t")["connection_id"]
    again = run("reconnect", made, "--token", "u")
    strange = saluhall.run("connection", "remove", made, "--account", "Bo", "--json")
    removed = run("remove", made)

    assert again == {"connection_id": made, "channel": "tradera", "user_id": "17"}
    assert refusal(strange, "connection_not_found")
    assert (removed["removed"], removed["live_listings"], removed["moved_listings"]) == (made, 0, 0)
    assert run("list") == {"connections": []}
    assert run("add", "tradera", "--user-id", "17", "--token", "t")["connection_id"] == made


def test_an_account_is_removed_only_when_it_is_suspended_and_it_is_confirmed(
    saluhall: Saluhall,
) -> None:
    saluhall.json("account", "create", "Eve", "--username", "eve", *PASSWORD)
    unconfirmed = saluhall.run("account", "remove", "Eve", "--json")
    in_use = saluhall.run("account", "remove", "Eve", "--yes", "--json")
    saluhall.json("account", "suspend", "Eve")
    early = saluhall.run("account", "remove", "Eve", "--yes", "--json")
    asyncio.run(pass_a_minute(saluhall.env["SALUHALL_DATABASE_URL"]))
    removed = saluhall.json("account", "remove", "Eve", "--yes")

    assert refusal(unconfirmed, "refused")
    assert "the account with 1 user, 1 catalog, for good" in unconfirmed.out
    assert refusal(in_use, "not_suspended")
    assert refusal(early, "not_suspended")
    assert (removed["removed"], removed["users"]) == ("Eve", 1)
    assert refusal(saluhall.run("account", "show", "Eve", "--json"), "account_not_found")
    saluhall.json("account", "create", "Eve", "--username", "eve", *PASSWORD)


async def pass_a_minute(url: str) -> None:
    async with Database(url, connections=1) as db, db.transaction() as tx:
        await tx.run("update accounts set suspended_at = suspended_at - interval '61 seconds'")
