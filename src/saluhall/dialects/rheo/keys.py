"""API keys, managed by the people of an account."""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from saluhall.dialect import Reply, Request, Route
from saluhall.dialects.rheo.auth import MANAGEMENT, person
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_people import Key, Keys, MadeKey, NewKey
from saluhall.domain.accounts import operations, queries
from saluhall.domain.accounts.model import ApiKey, KeyNotFound
from saluhall.domain.accounts.roles import Right
from saluhall.kit.clock import iso_from_instant

KEY_PREFIX: Final = "rheo_live_"
_KEYS: Final = "/integration/api-keys"
_UNNAMED: Final = "API Key"


async def generate_key(request: Request) -> Reply:
    """Make a key that may do what the person may; its text is shown this once."""
    given = read(request.body, NewKey) if request.body else NewKey()
    name = given.name or _UNNAMED
    made = await operations.create_api_key(
        request.tx, principal=request.principal, name=name, prefix=KEY_PREFIX, now=request.now
    )
    return Reply(status=200, body=MadeKey(apiKey=made, name=name))


async def list_keys(request: Request) -> Reply:
    """List the live keys, the newest first."""
    keys = await queries.list_live_keys(request.tx, principal=request.principal, now=request.now)
    return Reply(status=200, body=Keys(keys=[_key_from_ours(key) for key in keys]))


async def revoke_key(request: Request) -> Reply:
    """Let a key open nothing from now on. Raises KeyNotFound."""
    try:
        key_id = UUID(request.path["id"])
    except ValueError as error:
        raise KeyNotFound from error
    await operations.revoke_api_key(
        request.tx, principal=request.principal, key_id=key_id, now=request.now
    )
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


_route = partial(
    Route, authenticator=person, tier=MANAGEMENT, headers={"Cache-Control": "no-store"}
)

ROUTES: Sequence[Route] = (
    _route(
        method="POST",
        path=f"{_KEYS}/generate",
        handler=generate_key,
        right=Right.KEYS_WRITE,
        summary="Make an API key; it is shown this once",
        body=NewKey,
        example={"name": "Warehouse system"},
        responses={
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
        handler=list_keys,
        right=Right.KEYS_READ,
        summary="List the live API keys, the newest first",
        responses={200: Keys, 401: Error, 403: Error, 429: Error},
    ),
    _route(
        method="DELETE",
        path=f"{_KEYS}/{{id}}",
        handler=revoke_key,
        right=Right.KEYS_WRITE,
        summary="Revoke an API key at once",
        responses={204: None, 401: Error, 403: Error, 404: Error, 429: Error},
    ),
)
