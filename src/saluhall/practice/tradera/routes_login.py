"""The page a user's browser is sent to: /token-login."""

from aiohttp import web

from saluhall.practice.tradera import login
from saluhall.practice.tradera.login import PublicRequest
from saluhall.practice.tradera.middleware import MARKET
from saluhall.practice.tradera.request_parsing import int_of


def _visit(request: web.Request) -> PublicRequest:
    return PublicRequest(
        app_id=int_of(request.query.get("appId", "")),
        secret=request.query.get("skey", ""),
        extra=request.query.get("ruparams", ""),
    )


async def ask(request: web.Request) -> web.Response:
    """Ask the user."""
    market, visit = request.app[MARKET], _visit(request)
    login.begin(market, visit)
    return web.Response(text=login.page(market, visit), content_type="text/html")


async def decide(request: web.Request) -> web.Response:
    """Do what the user has decided, and send the browser on."""
    market, visit, form = request.app[MARKET], _visit(request), await request.post()
    if form.get("answer") == "accept":
        user_id = int_of(str(form.get("userId", "")))
        target, text = login.accept(market, visit, user_id=user_id), "You are logged in."
    else:
        target, text = login.reject(market, visit), "Nothing was allowed."
    if target is None:
        return web.Response(text=login.done_page(text), content_type="text/html")
    return web.Response(status=302, headers={"Location": target})
