"""Where a channel's login page sends the browser back to: `GET /connect/{channel}`. No token is in the address, and none is logged."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

import structlog
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from saluhall.channel import ChannelCard, Disconnected, Rejected, Toolbox, Unavailable
from saluhall.domain.accounts.model import Principal
from saluhall.domain.connections import logins, operations
from saluhall.domain.connections.model import LoginAttempt, LoginOutcome
from saluhall.domain.listings import suspension
from saluhall.kit.environment import BadSetting
from saluhall.kit.secrets import Vault
from saluhall.storage import Database

_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
}
_UNKNOWN = "This login is not known, was used already, or has expired. Start it again in the hub."
_NO_ACCESS = "{label} gave no access. Start the login again in the hub if that was a mistake."
_CONNECTED = "Connected. You may close this window."
_log = structlog.get_logger(__name__)


class Connecting(Struct, frozen=True, kw_only=True):
    """What the route works with."""

    db: Database
    vault: Vault
    clock: Callable[[], datetime]
    cards: Mapping[str, ChannelCard]
    toolbox: Callable[[ChannelCard], Toolbox]


def connect_routes(connecting: Connecting) -> Sequence[HTTPRouteHandler]:
    """Make the route. A HEAD request, as programs send that look at links, uses no login up."""

    @HTTPRouteHandler(
        "/connect/{channel:str}", http_method="GET", include_in_schema=False, status_code=200
    )
    async def connect(channel: str, request: Request[Any, Any, Any]) -> Response[bytes]:
        answer = {name: str(text) for name, text in request.query_params.items()}
        status, text = await _outcome(connecting, channel, answer)
        return _page(status, text)

    return [connect]


async def _outcome(
    connecting: Connecting, channel: str, answer: Mapping[str, str]
) -> tuple[int, str]:
    card = connecting.cards.get(channel)
    if card is None or card.exchange is None:
        return 404, _UNKNOWN
    if not answer.get("state"):
        return 400, _NO_ACCESS.format(label=card.label)
    now = connecting.clock()
    async with connecting.db.transaction() as tx:
        taken = await logins.take(
            tx, channel=channel, state=answer["state"], vault=connecting.vault, now=now
        )
    if taken is None:
        return 400, _UNKNOWN
    return await _exchange(connecting, card, *taken, answer)


async def _exchange(
    connecting: Connecting,
    card: ChannelCard,
    attempt: LoginAttempt,
    secret: str,
    answer: Mapping[str, str],
) -> tuple[int, str]:
    """Get the token and store the connection; what the channel refuses ends the attempt, what it cannot answer now does not."""
    if card.exchange is None:
        raise AssertionError("a card without a login page has no attempts")
    try:
        login = await card.exchange(connecting.toolbox(card), secret, answer)
    except Unavailable as error:
        async with connecting.db.transaction() as tx:
            await logins.reopen(tx, attempt, now=connecting.clock())
        return 503, f"{error}. Load this page again in a moment."
    except (Rejected, Disconnected, BadSetting) as error:
        await _refuse(connecting, attempt, str(error))
        return 400, str(error)
    principal = Principal(account_id=attempt.account_id, account_name="")
    async with connecting.db.transaction() as tx:
        now = connecting.clock()
        connection_id = await operations.connect(
            tx,
            principal=principal,
            channel=card.name,
            user_id=login.user_id,
            token=login.token,
            expires_at=login.expires_at,
            options=attempt.options,
            vault=connecting.vault,
            now=now,
        )
        await suspension.resume(tx, attempt.account_id, connection_id, now=now)
        await logins.finish(
            tx, attempt, outcome=LoginOutcome.CONNECTED, connection_id=connection_id, now=now
        )
    _log.info("connected", account_id=str(attempt.account_id), channel=card.name)
    return 200, _CONNECTED


async def _refuse(connecting: Connecting, attempt: LoginAttempt, reason: str) -> None:
    async with connecting.db.transaction() as tx:
        now = connecting.clock()
        await logins.finish(tx, attempt, outcome=LoginOutcome.REJECTED, reason=reason, now=now)


def _page(status: int, text: str) -> Response[bytes]:
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Saluhall</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body><h1>Saluhall</h1><p>{escape(text)}</p></body></html>"
    )
    return Response(page.encode(), status_code=status, media_type="text/html", headers=_HEADERS)
