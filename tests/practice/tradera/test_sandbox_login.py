"""The token login."""

import aiohttp

from tests.practice.tradera.seller_client import SellerClient

SECRET = "6f1c2a54-8f5e-4d51-9d0e-6d5b9f3c1a77"
PAGE = f"/token-login?appId=5458&pkey=public&skey={SECRET}&ruparams=state%3D42"


async def answer(client: SellerClient, word: str, *, user_id: int = 41) -> aiohttp.ClientResponse:
    form = {"answer": word, "userId": str(user_id)}
    return await client.http.post(client.url + PAGE, data=form, allow_redirects=False)


async def test_an_accepted_login_gives_a_token_that_opens_and_expires(client: SellerClient) -> None:
    app = {"acceptUrl": "http://hub.example/accept", "rejectUrl": "http://hub.example/reject"}
    await client.good("PUT", "/sandbox/app", app)
    body = {"userId": 41, "secretKey": SECRET}

    unknown = await client.call("POST", "/v4/auth/token", body)
    page = await client.call("GET", PAGE)
    unfinished = await client.call("POST", "/v4/auth/token", body)
    accepted = await answer(client, "accept")
    token = await client.good("POST", "/v4/auth/token", body)
    again = await client.call("POST", "/v4/auth/token", body)

    assert "5458" in page.content
    assert accepted.headers["Location"] == "http://hub.example/accept?userId=41&state=42"
    assert (unknown.status, unfinished.status, again.status) == (400, 403, 400)
    assert (await answer(client, "accept")).status == 400
    client.headers |= {"X-User-Id": "41", "X-User-Token": token["authToken"]}
    assert (await client.good("GET", "/v4/users/me"))["id"] == 41
    client.headers["X-App-Id"] = "17"
    assert (await client.call("GET", "/v4/users/me")).status == 403
    client.headers["X-App-Id"] = "5458"
    await client.later(days=549)
    assert (await client.call("GET", "/v4/users/me")).status == 403


async def test_a_shown_token_rides_on_the_redirect(client: SellerClient) -> None:
    await client.good("PUT", "/sandbox/app", {"acceptUrl": "http://h/?a=1", "displayToken": True})

    accepted = await answer(client, "accept")

    location = accepted.headers["Location"]
    assert location.startswith("http://h/?a=1&userId=41&token=")
    assert "exp=" in location


async def test_without_redirects_the_user_may_close_the_window(client: SellerClient) -> None:
    accepted = await answer(client, "accept")

    assert "close this window" in await accepted.text()


async def test_a_rejected_login_gives_no_token(client: SellerClient) -> None:
    rejected = await answer(client, "reject")

    assert rejected.status == 200
    body = {"userId": 41, "secretKey": SECRET}
    assert (await client.call("POST", "/v4/auth/token", body)).status == 400


async def test_a_short_secret_is_refused(client: SellerClient) -> None:
    assert (await client.call("GET", "/token-login?appId=1&pkey=p&skey=short")).status == 400
    assert (await client.call("GET", f"/token-login?appId=x&skey={SECRET}")).status == 400
