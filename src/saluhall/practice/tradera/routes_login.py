"""The page a user's browser is sent to: /token-login."""

from aiohttp import web

from saluhall.practice.tradera import login
from saluhall.practice.tradera.login import PublicRequest
from saluhall.practice.tradera.middleware import MARKET
from saluhall.practice.tradera.request_parsing import int_of


def _public_request(request: web.Request) -> PublicRequest:
    return PublicRequest(
        app_id=int_of(request.query.get("appId", "")),
        secret=request.query.get("skey", ""),
        extra=request.query.get("ruparams", ""),
    )


async def ask(request: web.Request) -> web.Response:
    """Ask the user."""
    market, public = request.app[MARKET], _public_request(request)
    login.begin(market, public)
    return web.Response(text=login.page(market, public), content_type="text/html")


async def decide(request: web.Request) -> web.Response:
    """Do what the user has decided, and send the browser on."""
    market, public, form = request.app[MARKET], _public_request(request), await request.post()
    if form.get("answer") == "accept":
        user_id = int_of(str(form.get("userId", "")))
        target, text = login.accept(market, public, user_id=user_id), "You are logged in."
    else:
        target, text = login.reject(market, public), "Nothing was allowed."
    if target is None:
        return web.Response(text=login.done_page(text), content_type="text/html")
    return web.Response(status=302, headers={"Location": target})
