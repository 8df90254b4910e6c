"""A POST with an `Idempotency-Key` happens once, however often and however many at a time it is sent."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from saluhall.domain.accounts.model import MAX_KEYS
from saluhall.kit.secrets import Vault
from saluhall.practice.partner import Hosted
from tests.hub import Hub, Shop

GENERATE = "/integration/api-keys/generate"
KEYS = "/integration/api-keys"

Answer = tuple[int, Mapping[str, str], Any]


async def post(
    shop: Shop, key: str, body: bytes = b'{"name": "till"}', *, path: str = GENERATE
) -> Answer:
    if not shop.access:
        await shop.sign_in()
    headers = {"authorization": f"Bearer {shop.access}", "idempotency-key": key}
    status, found, answer = await shop.hub.request("POST", path, headers=headers, body=body)
    return status, found, json.loads(answer)


async def names_of_keys(shop: Shop) -> list[str]:
    _, answer = await shop.as_person("GET", KEYS)
    return [key["name"] for key in answer["keys"]]


async def test_twenty_at_a_time_have_one_effect(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.sign_in()

    got = await asyncio.gather(*(post(shop, "one") for _ in range(20)))

    made = {answer["apiKey"] for status, _, answer in got if status == 200}
    assert len(made) == 1
    for status, headers, answer in got:
        if status != 200:
            assert (status, answer["code"]) == (409, "REQUEST_IN_FLIGHT")
            assert headers["retry-after"] == "1"
    first = [headers for status, headers, _ in got if status == 200 and not is_replay(headers)]
    assert len(first) == 1
    assert await names_of_keys(shop) == ["till", "test"]
    status, headers, answer = await post(shop, "one")
    assert (status, {answer["apiKey"]}, is_replay(headers)) == (200, made, True)


def is_replay(headers: Mapping[str, str]) -> bool:
    return headers.get("idempotent-replayed") == "true"


@pytest.mark.parametrize("other", [b'{"name":"till"}', b"", b'{"name": "tills"}', b"not JSON"])
async def test_another_body_under_the_same_key_is_refused(other: bytes, hub: Hub) -> None:
    shop = await hub.open_shop()
    await post(shop, "one")

    status, headers, answer = await post(shop, "one", other)

    assert (status, answer["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert not is_replay(headers)
    assert await names_of_keys(shop) == ["till", "test"]


async def test_another_query_makes_it_another_request(hub: Hub) -> None:
    shop = await hub.open_shop()
    await post(shop, "one")

    status, _, answer = await post(shop, "one", path=GENERATE + "?a=b")

    assert (status, answer["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_a_key_of_another_account_tells_nothing(hub: Hub) -> None:
    anna, eve = await hub.open_shop(), await hub.open_shop()
    _, _, annas = await post(anna, "one")

    status, headers, eves = await post(eve, "one")

    assert (status, is_replay(headers)) == (200, False)
    assert eves["apiKey"] != annas["apiKey"]


async def test_without_a_key_each_request_counts(hub: Hub) -> None:
    shop = await hub.open_shop()

    for _ in range(2):
        await shop.as_person("POST", GENERATE, {"name": "till"})

    assert await names_of_keys(shop) == ["till", "till", "test"]


async def test_a_refusal_is_kept_too_and_leaves_nothing_behind(hub: Hub) -> None:
    shop = await hub.open_shop()
    for number in range(MAX_KEYS - 1):
        assert (await post(shop, f"n{number}"))[0] == 200

    first = await post(shop, "over")
    _, listed = await shop.as_person("GET", KEYS)
    await shop.as_person("DELETE", f"{KEYS}/{listed['keys'][0]['id']}")
    again = await post(shop, "over")

    assert (first[0], first[2]["code"]) == (409, "TOO_MANY_KEYS")
    assert not is_replay(first[1])
    assert is_replay(again[1])
    assert (again[0], again[2]) == (first[0], first[2])
    assert (await post(shop, "again"))[0] == 200


async def test_what_admission_refuses_is_not_kept(hub: Hub) -> None:
    shop = await hub.open_shop()
    headers = {"idempotency-key": "one"}

    status, _, _ = await hub.request("POST", GENERATE, headers=headers, body=b'{"name": "till"}')

    assert status == 401
    status, found, _ = await post(shop, "one")
    assert (status, is_replay(found)) == (200, False)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_other_methods_look_at_no_key(method: str, hub: Hub) -> None:
    shop = await hub.open_shop()
    await post(shop, "one")
    headers = {"authorization": f"Bearer {shop.access}", "idempotency-key": "one"}

    status, found, _ = await hub.request(method, KEYS, headers=headers)

    assert status in {200, 405}
    assert not is_replay(found)


async def test_no_secret_of_a_kept_answer_stands_in_the_database(hub: Hub) -> None:
    shop = await hub.open_shop()
    _, _, made = await post(shop, "one")

    rows = await shop.rows(
        "select r::text as row from requests r where account_id = %(account_id)s"
    )

    [row] = rows
    assert made["apiKey"] not in row["row"]
    assert made["apiKey"].encode().hex() not in row["row"]


async def test_a_request_cut_off_while_it_is_answered_is_neither_lost_nor_doubled(hub: Hub) -> None:
    """What was begun and not committed left nothing; the same request again is answered as if for the first time."""
    shop = await hub.open_shop()
    await shop.sign_in()
    async with hub.db.transaction() as tx:
        await tx.run(
            "select 1 from accounts where account_id = %(account_id)s for update",
            {"account_id": shop.principal.account_id},
        )
        begun = asyncio.create_task(post(shop, "one"))
        pid = await waiting_for_the_account(hub)
        status, _, answer = await post(shop, "one")
        assert (status, answer["code"]) == (409, "REQUEST_IN_FLIGHT")
        await tx.run("select pg_terminate_backend(%(pid)s)", {"pid": pid})

    assert (await begun)[0] == 503
    status, headers, _ = await post(shop, "one")
    assert (status, is_replay(headers)) == (200, False)
    assert await names_of_keys(shop) == ["till", "test"]


async def test_after_the_secret_key_changed_a_named_request_is_neither_repeated_nor_an_error_of_ours(
    hub: Hub,
) -> None:
    shop = await hub.open_shop()
    await post(shop, "one")
    sealed_by_another = Vault("another key, as long as one must be").seal("{}", purpose="response")
    await shop.rows(
        "update requests set answer = %(answer)s where account_id = %(account_id)s returning key",
        answer=sealed_by_another,
    )

    for _ in range(2):
        status, headers, answer = await post(shop, "one")
        assert (status, answer["code"]) == (409, "IDEMPOTENT_ANSWER_LOST")
        assert not is_replay(headers)
    assert (await post(shop, "one", b"{}"))[2]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert await names_of_keys(shop) == ["till", "test"]
    assert (await post(shop, "two"))[0] == 200
    assert await names_of_keys(shop) == ["till", "till", "test"]


async def waiting_for_the_account(hub: Hub) -> int:
    """Wait until a process waits for the account's row; tell which."""
    while True:
        async with hub.db.statement() as tx:
            found = await tx.all(
                lambda row: int(row["pid"]),
                """
                select pid from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'
                   and query like '%%from accounts where account_id%%for no key update%%'
                """,
                {"": 0},
            )
        if found:
            return found[0]
        await asyncio.sleep(0.02)


async def test_an_errand_to_somebody_elses_server_is_run_once(hub: Hub) -> None:
    shop = await hub.open_shop()
    hook = f"/hook/named/{shop.principal.account_id}"
    hub.partner.hooks[hook] = Hosted(status=204, delay_s=0.5)
    status, made = await shop.as_person(
        "POST", "/integration/webhooks", {"url": hub.partner.url + hook}
    )
    assert status == 200, made
    path = f"/integration/webhooks/{made['id']}/test"

    got = await asyncio.gather(*(post(shop, "one", b"", path=path) for _ in range(5)))
    again = await post(shop, "one", b"", path=path)

    assert len([r for r in hub.partner.received if r.path == hook]) == 1
    assert {status for status, _, _ in got} <= {200, 409}
    told = [answer for status, _, answer in got if status == 200]
    assert told
    assert (again[0], is_replay(again[1])) == (200, True)
    assert all(answer == again[2] for answer in told)
