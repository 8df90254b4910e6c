"""The way in: every call is noted, met by ordered trouble, counted, let in and answered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from saluhall.practice.tradera.errors import ERROR_RESPONSES, Denied, TooLarge, UnknownApp, code_of
from saluhall.practice.tradera.faults import Fault
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Seller
from saluhall.practice.tradera.request_parsing import INT32
from saluhall.practice.tradera.routing import Call, Nothing, Route, Who

MARKET = web.AppKey("market", Market)
API = "/v4/"
log = logging.getLogger(__name__)


def error(status: int, message: str) -> web.Response:
    """Answer in the marketplace's words for trouble."""
    return _json({"error": {"code": code_of(status), "message": message}}, status)


def _json(content: object, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(content), status=status, content_type="application/json"
    )


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note a call of the imitated API and give it the trouble that was ordered for it."""
    if not request.path.startswith(API):
        return await _answered(request, handler)
    market = request.app[MARKET]
    entry = market.calls.note(
        at=market.clock.now(),
        method=request.method,
        path=request.path,
        query=request.query_string,
        user=request.headers.get("X-User-Id"),
    )
    fault = market.faults.take(request.method, request.path) or Fault(path="")
    if fault.delay_s:
        await asyncio.sleep(fault.delay_s)
    response = _trouble(fault) or await _answered(request, handler)
    entry["status"] = response.status
    if fault.drop:
        entry["dropped"] = True
        if request.transport is not None:
            request.transport.abort()
    return response


def _trouble(fault: Fault) -> web.Response | None:
    """Make the wrong answer, if a wrong answer is ordered: a dropped call takes effect."""
    if not fault.status or fault.drop:
        return None
    if fault.body is not None:
        return web.Response(text=fault.body, status=fault.status)
    return error(fault.status, "Trouble was ordered for this call")


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except tuple(ERROR_RESPONSES) as refusal:
        return error(ERROR_RESPONSES[type(refusal)][0], str(refusal))
    except web.HTTPRequestEntityTooLarge:
        return error(ERROR_RESPONSES[TooLarge][0], "The body is too large")
    except web.HTTPException as answer:
        return error(answer.status, answer.reason)
    except ConnectionError:
        raise
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return error(500, "An unexpected error occurred")


def handler_of(route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make a web handler of a route: let in, read, bring the market up to now, answer."""

    async def handle(request: web.Request) -> web.Response:
        market = request.app[MARKET]
        seller = None if route.who is Who.CONTROL else _authenticate(market, request, route)
        body = await request.read()
        if len(body) > route.limit:
            raise TooLarge(f"The body is larger than {route.limit} bytes")
        call = Call(
            market=market,
            now=market.catch_up(),
            query=request.query,
            match=request.match_info,
            body=body,
            authenticated=seller,
        )
        content = route.answer(call)
        return web.Response() if content is Nothing.NOTHING else _json(content)

    return handle


def _authenticate(market: Market, request: web.Request, route: Route) -> Seller | None:
    """Check the headers a route asks for. Raises UnknownApp, Denied, QuotaSpent."""
    app_id = _number(request.headers.get("X-App-Id"))
    app_key = request.headers.get("X-App-Key")
    if app_id is None or market.app_id not in (None, app_id):
        raise UnknownApp("Invalid application id")
    if not app_key or market.app_key not in (None, app_key):
        raise UnknownApp("Invalid application key")
    method = f"{route.method} {route.path}"
    market.quota.spend(app_id=app_id, method=method, now=market.clock.now())
    if route.who is Who.APP:
        return None
    user_id, token = _number(request.headers.get("X-User-Id")), request.headers.get("X-User-Token")
    if user_id is None or not token:
        raise Denied("X-User-Id and X-User-Token are required")
    seller = market.seller_by_token(app_id=app_id, user_id=user_id, token=token)
    if seller is None:
        raise Denied("The user is unknown, or the token is not valid or has expired")
    return seller


def _number(text: str | None) -> int | None:
    if text is None or not text.isdecimal() or not text.isascii():
        return None
    return value if (value := int(text[:11])) in INT32 else None
