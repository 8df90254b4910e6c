"""Whom item routes admit: the holder of an API key in `x-api-key`."""

from saluhall.dialect import Knock
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Admitted, UnknownKey


async def api_key(knock: Knock) -> Admitted:
    """Admit a live key and take one call of its tier. Raises UnknownKey, RateLimited.

    Only `x-api-key` counts: a key sent as `Authorization: Bearer` is the documented mistake.
    """
    key = knock.headers.get("x-api-key", "").strip()
    if not key:
        raise UnknownKey
    return await accounts.admit_key(knock.tx, key=key, tier=knock.tier, now=knock.now)
