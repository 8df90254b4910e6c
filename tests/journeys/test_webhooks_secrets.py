"""A secret that was replaced signs on for a day: receivers have that long to learn the new one."""

import asyncio
from collections.abc import Sequence

from saluhall.practice.partner import Hosted
from tests.hub import Hub, Shop
from tests.journeys.endpoints import WEBHOOKS, made, rheo_signature, standard_signature

# Secrets were replaced so much earlier.
LATER = """
  update endpoints
     set rotated_at = rotated_at - make_interval(hours => %(hours)s),
         older_replaced_at = array(select at - make_interval(hours => %(hours)s)
                                     from unnest(older_replaced_at) with ordinality as o (at, n) order by n)
   where account_id = %(account_id)s
  returning id
"""


async def signers(shop: Shop, name: str, secrets: Sequence[str]) -> list[str]:
    """Let something happen; tell which of the secrets signed what was told of it, in order."""
    heard = len(shop.received())
    await shop.put(name)
    await shop.until_received(heard + 1)
    got = shop.received()[-1]
    assert got.headers["x-rheo-signature"] == rheo_signature(secrets[-1], got)
    of = {standard_signature(secret, got): secret for secret in secrets}
    return [of[signature] for signature in got.headers["webhook-signature"].split(" ")]


async def test_a_secret_that_was_replaced_signs_on_beside_the_new_one_for_a_day(hub: Hub) -> None:
    shop = await hub.open_shop()
    hub.partner.hooks[shop.hook] = Hosted(status=500)
    endpoint = await made(shop)
    await shop.put("A")
    await shop.logged(1)

    path = f"{WEBHOOKS}/{endpoint['id']}/rotate-secret"
    _, rotated = await shop.as_person("POST", path)
    before = len(shop.received())
    del hub.partner.hooks[shop.hook]
    await shop.settle()

    old, new = endpoint["secret"], rotated["secret"]
    assert old != new
    assert before >= 1
    got = shop.received()[-1]
    assert got.headers["x-rheo-signature"] == rheo_signature(new, got)
    wanted = [standard_signature(new, got), standard_signature(old, got)]
    assert got.headers["webhook-signature"].split(" ") == wanted

    await shop.rows(
        "update endpoints set rotated_at = rotated_at - interval '24 hours'"
        " where account_id = %(account_id)s returning id"
    )
    await shop.put("B")
    await shop.settle()
    got = shop.received()[-1]
    assert got.headers["webhook-signature"] == standard_signature(new, got)


async def test_every_secret_signs_on_for_a_day_however_often_it_is_replaced(hub: Hub) -> None:
    shop = await hub.open_shop()
    endpoint = await made(shop)
    path = f"{WEBHOOKS}/{endpoint['id']}/rotate-secret"
    secrets = [endpoint["secret"]]
    for _ in range(2):
        secrets.append((await shop.as_person("POST", path))[1]["secret"])
        await shop.rows(LATER, hours=10)
    first, second, third = secrets

    assert await signers(shop, "A", secrets) == [third, second, first]
    await shop.rows(LATER, hours=4)
    assert await signers(shop, "B", secrets) == [third, second]
    await shop.rows(LATER, hours=9)
    secrets.append((await shop.as_person("POST", path))[1]["secret"])
    assert await signers(shop, "C", secrets) == [secrets[3], third, second]
    await shop.rows(LATER, hours=2)
    assert await signers(shop, "D", secrets) == [secrets[3], third]


async def test_no_more_than_ten_secrets_sign_at_a_time(hub: Hub) -> None:
    shop = await hub.open_shop()
    endpoint = await made(shop)
    path = f"{WEBHOOKS}/{endpoint['id']}/rotate-secret"
    answers = [await shop.as_person("POST", path) for _ in range(12)]
    secrets = [endpoint["secret"], *(answer["secret"] for _, answer in answers)]

    assert await signers(shop, "A", secrets) == list(reversed(secrets))[:10]


async def test_secrets_replaced_at_the_same_moment_are_all_kept(hub: Hub) -> None:
    shop = await hub.open_shop()
    endpoint = await made(shop)
    path = f"{WEBHOOKS}/{endpoint['id']}/rotate-secret"

    answers = await asyncio.gather(*(shop.as_person("POST", path) for _ in range(5)))
    _, last = await shop.as_person("POST", path)

    secrets = [endpoint["secret"], *(answer["secret"] for _, answer in answers), last["secret"]]
    found = await signers(shop, "A", secrets)
    assert (found[0], found[-1], set(found)) == (secrets[-1], secrets[0], set(secrets))
