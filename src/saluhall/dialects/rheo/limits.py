"""`GET /limits`: the caller's own limits, what of each is used and left, and when it is there again."""

import math
from collections.abc import Sequence
from datetime import datetime

from saluhall.dialect import Handler, Reply, Request, Route
from saluhall.dialects.rheo.auth import READ, api_key, key_or_person, person
from saluhall.dialects.rheo.errors import ERROR_RESPONSES
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_limits import Limit, Limits
from saluhall.domain.accounts import queries as accounts
from saluhall.domain.accounts.model import MAX_KEYS, RateLimited, Tier, TooManyKeys
from saluhall.domain.accounts.roles import Right
from saluhall.domain.connections import operations as budgets
from saluhall.domain.connections import queries as connections
from saluhall.domain.webhooks import queries as webhooks
from saluhall.domain.webhooks.model import MAX_ENDPOINTS, TooManyEndpoints
from saluhall.kit.clock import iso_from_instant


def routes_of(others: Sequence[Route]) -> Sequence[Route]:
    """Make the route; the tiers are those of the other routes."""
    own = Route(
        method="GET",
        path="/limits",
        handler=_limits_of(others),
        right=Right.SELF_READ,
        authenticator=key_or_person,
        tier=READ,
        summary="Read the caller's own limits: used, left, and when they reset",
        responses={200: Limits, 401: Error, 403: Error, 404: Error, 429: Error},
        headers={"Cache-Control": "no-store"},
    )
    return [own]


def _limits_of(others: Sequence[Route]) -> Handler:
    async def list_limits(request: Request) -> Reply:
        """List the caller's limits."""
        limits = [*await _rates(request, others), *await _owned(request), *await _calls(request)]
        return Reply(status=200, body=Limits(limits=limits))

    return list_limits


async def _rates(request: Request, others: Sequence[Route]) -> list[Limit]:
    """Say what is left of each tier of the caller's routes."""
    authenticator = person if request.principal.user_id else api_key
    tiers = {r.tier.name: r.tier for r in others if r.tier and r.authenticator is authenticator}
    tiers[READ.name] = READ
    full_at = await accounts.list_buckets(request.tx, principal=request.principal)
    counts_for = "user" if request.principal.user_id else "key"
    return [_rate(tier, full_at.get(tier.name), counts_for, request.now) for tier in tiers.values()]


def _rate(tier: Tier, full_at: datetime | None, counts_for: str, now: datetime) -> Limit:
    missing_s = max(0.0, (full_at - now).total_seconds()) if full_at else 0.0
    left = max(0, math.floor(tier.per_second * (1 - missing_s) + 1e-6))
    return Limit(
        name=f"requests a second: {tier.name}",
        countsFor=counts_for,
        limit=tier.per_second,
        used=tier.per_second - left,
        left=left,
        resetsAt=iso_from_instant(full_at) if full_at and missing_s else None,
        beyond=_beyond(RateLimited),
    )


async def _owned(request: Request) -> list[Limit]:
    """Say how many keys and endpoints the account has."""
    keys = len(
        await accounts.list_live_keys(request.tx, principal=request.principal, now=request.now)
    )
    endpoints = await webhooks.count_endpoints_of_account(request.tx, principal=request.principal)
    return [
        _count("API keys", keys, limit=MAX_KEYS, fact=TooManyKeys),
        _count("webhook endpoints", endpoints, limit=MAX_ENDPOINTS, fact=TooManyEndpoints),
    ]


def _count(name: str, used: int, *, limit: int, fact: type[Exception]) -> Limit:
    return Limit(
        name=name,
        countsFor="account",
        limit=limit,
        used=used,
        left=max(0, limit - used),
        resetsAt=None,
        beyond=_beyond(fact),
    )


async def _calls(request: Request) -> list[Limit]:
    """Say how many calls are left at each marketplace to which the account is connected; all accounts of the hub share them."""
    own = await connections.list_connections(request.tx, principal=request.principal)
    found = []
    for channel in sorted({connection.channel for connection in own}):
        limit = await connections.find_limit_of_channel(request.tx, channel)
        if limit is None:
            continue
        state = await connections.budget_of_channel(request.tx, channel, now=request.now)
        next_at = budgets.next_call_at(state, limit=limit, now=request.now)
        resets_at = next_at or (state.frees_at if state.used else None)
        found.append(
            Limit(
                name=f"calls in 24 hours: {channel}",
                countsFor="hub",
                limit=limit,
                used=state.used,
                left=0 if next_at else max(0, limit - state.used),
                resetsAt=iso_from_instant(resets_at) if resets_at else None,
                beyond="items wait, and say so",
            )
        )
    return found


def _beyond(fact: type[Exception]) -> str:
    status, _, text = ERROR_RESPONSES[fact]
    return f"{status} {text}"
