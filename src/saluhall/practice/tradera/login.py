"""The token login: a user lets an application act for it, and the application fetches a token."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from urllib.parse import urlencode

from saluhall.practice.tradera.clock import text_of
from saluhall.practice.tradera.errors import Denied, Refused
from saluhall.practice.tradera.listing_rules import require
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Token
from saluhall.practice.tradera.wire import FetchTokenRequest

TOKEN_LIFE = timedelta(days=548)  # about 18 months
SECRET_CHARS = range(32, 256)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRequest:
    """What an application sends the user's browser with."""

    app_id: int
    secret: str
    extra: str


def begin(market: Market, public: PublicRequest) -> None:
    """Remember that a login is under way. Raises Refused."""
    require(len(public.secret) in SECRET_CHARS, "skey must have 32 to 255 characters")
    require(market.app_id in (None, public.app_id), "Invalid application id")
    require(not _is_spent(market, public.secret), "skey has been used before")
    market.logins.setdefault(public.secret, None)


def _is_spent(market: Market, secret: str) -> bool:
    return secret in market.used_secrets or market.logins.get(secret) is not None


def accept(market: Market, public: PublicRequest, *, user_id: int) -> str | None:
    """Let the application act for a user; say where the browser goes. Raises Refused."""
    begin(market, public)
    seller = market.enrol(user_id)
    token = Token(
        text=str(uuid.UUID(int=market.dice.getrandbits(128), version=4)),
        expires_at=market.clock.now() + TOKEN_LIFE,
        app_id=public.app_id,
    )
    seller.tokens = [t for t in seller.tokens if t.app_id != public.app_id] + [token]
    market.logins[public.secret] = (user_id, token.text)
    if not market.app.acceptUrl:
        return None
    given = {"userId": str(user_id)}
    if market.app.displayToken and token.expires_at:
        given |= {"token": token.text, "exp": text_of(token.expires_at)}
    return _with_query(market.app.acceptUrl, urlencode(given), public.extra)


def reject(market: Market, public: PublicRequest) -> str | None:
    """Do not let the application act; say where the browser goes. Raises Refused."""
    begin(market, public)
    market.logins.pop(public.secret)
    market.used_secrets.add(public.secret)
    return market.app.rejectUrl or None


def fetch(market: Market, body: FetchTokenRequest) -> Token:
    """Hand out the token of a finished login, once. Raises Refused, Denied."""
    secret = body.secretKey or ""
    if secret in market.used_secrets or secret not in market.logins:
        raise Refused("The secret key is not valid")
    finished = market.logins[secret]
    if finished is None:
        raise Denied("The login is not finished")
    user_id, text = finished
    if user_id != body.userId:
        raise Refused("The secret key is not valid")
    token = next((t for t in market.sellers[user_id].tokens if t.text == text), None)
    market.logins.pop(secret)
    market.used_secrets.add(secret)
    if token is None:
        raise Denied("The login has been replaced by a later one")
    return token


def _with_query(url: str, *queries: str) -> str:
    return url + ("&" if "?" in url else "?") + "&".join(filter(None, queries))


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Practice marketplace: log in</title>
<h1>Let application {app_id} act for you?</h1>
<p>This is a marketplace to practise on. Nothing here is sold.</p>
<form method="post">
<label>User id <input name="userId" inputmode="numeric" required value="{user_id}"></label>
<button name="answer" value="accept">Accept</button>
<button name="answer" value="reject" formnovalidate>Reject</button>
</form></html>
"""
DONE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Practice marketplace: done</title>
<p>{text} You may close this window.</p></html>
"""


def page(market: Market, public: PublicRequest) -> str:
    """Write the page that asks the user."""
    known = next(iter(market.sellers), 300001)
    return PAGE.format(app_id=escape(str(public.app_id)), user_id=known)


def done_page(text: str) -> str:
    """Write the page that ends a login without a redirect."""
    return DONE.format(text=escape(text))
