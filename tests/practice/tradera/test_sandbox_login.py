"""The token login."""

import aiohttp

from tests.practice.tradera.seller_client import Desk

SECRET = "6f1c2a54-8f5e-4d51-9d0e-6d5b9f3c1a77"
PAGE = f"/token-login?appId=5458&pkey=public&skey={SECRET}&ruparams=state%3D42"


async def answer(desk: Desk, word: str, *, user_id: int = 41) -> aiohttp.ClientResponse:
    form = {"answer": word, "userId": str(user_id)}
    return await desk.http.post(desk.url + PAGE, data=form, allow_redirects=False)


async def test_an_accepted_login_gives_a_token_that_opens_and_expires(desk: Desk) -> None:
    app = {"acceptUrl": "http://hub.example/accept", "rejectUrl": "http://hub.example/reject"}
    await desk.good("PUT", "/sandbox/app", app)
    wish = {"userId": 41, "secretKey": SECRET}

    unknown = await desk.call("POST", "/v4/auth/token", wish)
    page = await desk.call("GET", PAGE)
    unfinished = await desk.call("POST", "/v4/auth/token", wish)
    accepted = await answer(desk, "accept")
    token = await desk.good("POST", "/v4/auth/token", wish)
    again = await desk.call("POST", "/v4/auth/token", wish)

    assert "5458" in page.content
    assert accepted.headers["Location"] == "http://hub.example/accept?userId=41&state=42"
    assert (unknown.status, unfinished.status, again.status) == (400, 403, 400)
    assert (await answer(desk, "accept")).status == 400
    desk.headers |= {"X-User-Id": "41", "X-User-Token": token["authToken"]}
    assert (await desk.good("GET", "/v4/users/me"))["id"] == 41
    desk.headers["X-App-Id"] = "17"
    assert (await desk.call("GET", "/v4/users/me")).status == 403
    desk.headers["X-App-Id"] = "5458"
    await desk.later(days=549)
    assert (await desk.call("GET", "/v4/users/me")).status == 403


async def test_a_shown_token_rides_on_the_redirect(desk: Desk) -> None:
    await desk.good("PUT", "/sandbox/app", {"acceptUrl": "http://h/?a=1", "displayToken": True})

    accepted = await answer(desk, "accept")

    location = accepted.headers["Location"]
    assert location.startswith("http://h/?a=1&userId=41&token=")
    assert "exp=" in location


async def test_without_redirects_the_user_may_close_the_window(desk: Desk) -> None:
    accepted = await answer(desk, "accept")

    assert "close this window" in await accepted.text()


async def test_a_rejected_login_gives_no_token(desk: Desk) -> None:
    rejected = await answer(desk, "reject")

    assert rejected.status == 200
    wish = {"userId": 41, "secretKey": SECRET}
    assert (await desk.call("POST", "/v4/auth/token", wish)).status == 400


async def test_a_short_secret_is_refused(desk: Desk) -> None:
    assert (await desk.call("GET", "/token-login?appId=1&pkey=p&skey=short")).status == 400
    assert (await desk.call("GET", f"/token-login?appId=x&skey={SECRET}")).status == 400
