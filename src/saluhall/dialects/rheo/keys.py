"""API keys, managed by the people of an account."""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from saluhall.dialect import Call, Reply, Route
from saluhall.dialects.rheo.auth import MANAGEMENT, person
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_people import Key, Keys, MadeKey, NewKey
from saluhall.domain.accounts import operations, queries
from saluhall.domain.accounts.model import ApiKey, KeyNotFound
from saluhall.kit.clock import iso_from_instant

_KEYS: Final = "/integration/api-keys"
_UNNAMED: Final = "API Key"


async def generate_key(call: Call) -> Reply:
    """Mint a key; its text is shown this once."""
    given = read(call.body, NewKey) if call.body else NewKey()
    name = given.name or _UNNAMED
    made = await operations.create_api_key(call.tx, by=call.by, name=name, now=call.now)
    return Reply(status=200, body=MadeKey(apiKey=made, name=name))


async def list_keys(call: Call) -> Reply:
    """List the live keys, the newest first."""
    keys = await queries.list_keys(call.tx, by=call.by)
    return Reply(status=200, body=Keys(keys=[_key_from_ours(key) for key in keys]))


async def revoke_key(call: Call) -> Reply:
    """Let a key open nothing from now on. Raises KeyNotFound."""
    try:
        key_id = UUID(call.path["id"])
    except ValueError as error:
        raise KeyNotFound from error
    await operations.revoke_api_key(call.tx, by=call.by, key_id=key_id, now=call.now)
    return Reply(status=204)


def _key_from_ours(key: ApiKey) -> Key:
    return Key(
        id=str(key.id),
        userId=str(key.account_id),
        prefix=key.prefix,
        name=key.name,
        createdAt=iso_from_instant(key.created_at),
        lastUsedAt=iso_from_instant(key.last_used_at) if key.last_used_at else None,
    )


_route = partial(Route, admits=person, tier=MANAGEMENT, headers={"Cache-Control": "no-store"})

ROUTES: Sequence[Route] = (
    _route(
        method="POST",
        path=f"{_KEYS}/generate",
        endpoint=generate_key,
        summary="Make an API key; it is shown this once",
        takes=NewKey,
        example={"name": "Warehouse system"},
        answers={
            200: MadeKey,
            400: Error,
            401: Error,
            403: Error,
            409: Error,
            422: Error,
            429: Error,
        },
    ),
    _route(
        method="GET",
        path=_KEYS,
        endpoint=list_keys,
        summary="List the live API keys, the newest first",
        answers={200: Keys, 401: Error, 403: Error, 429: Error},
    ),
    _route(
        method="DELETE",
        path=f"{_KEYS}/{{id}}",
        endpoint=revoke_key,
        summary="Revoke an API key at once",
        answers={204: None, 401: Error, 403: Error, 404: Error, 429: Error},
    ),
)
