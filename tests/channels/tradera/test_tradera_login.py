"""Tradera's login page, and what it leads to, against the practice marketplace."""

from urllib.parse import parse_qs, urlsplit

import pytest

from saluhall.channel import Purpose, Rejected, Unavailable
from saluhall.channels.tradera import CHANNEL, login
from saluhall.kit.clock import utc_now
from saluhall.kit.environment import BadSetting
from tests.channels.tradera.practice import Market

TOKEN_CALL = "/v4/auth/token"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "PAUSES_S", (0.0, 0.01))


async def logged_in(market: Market) -> str:
    """Log in as user 41; return the secret of the page."""
    page = login.login_page({"SALUHALL_TRADERA_URL": market.url}, "a-state")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await market.http.call(
        "POST", page.url, body=b"answer=accept&userId=41", headers=form, timeout_s=5
    )
    assert answer.status == 200
    return page.secret


def env(market: Market) -> dict[str, str]:
    return {"SALUHALL_TRADERA_URL": market.url}


def test_the_login_page_has_the_application_a_secret_and_the_state() -> None:
    keys = {
        "SALUHALL_TRADERA_APP_ID": "5458",
        "SALUHALL_TRADERA_APP_KEY": "k",
        "SALUHALL_TRADERA_PUBLIC_KEY": "p",
    }
    assert CHANNEL.connect_url is not None
    pages = [CHANNEL.connect_url(keys, "s&t") for _ in range(2)]

    query = parse_qs(urlsplit(pages[0].url).query)
    assert pages[0].url.startswith("https://api.tradera.com/token-login?")
    assert query == {
        "appId": ["5458"],
        "pkey": ["p"],
        "skey": [pages[0].secret],
        "ruparams": ["state=s%26t"],
    }
    assert len(pages[0].secret) == 36
    assert pages[0].secret != pages[1].secret


def test_a_login_at_the_real_marketplace_needs_the_public_key() -> None:
    with pytest.raises(BadSetting, match="PUBLIC_KEY"):
        login.login_page({}, "a-state")


async def test_a_finished_login_is_exchanged_for_a_token(market: Market) -> None:
    secret = await logged_in(market)

    made = await login.exchange(
        market.toolbox(env(market)), secret, {"userId": "41", "token": "no"}
    )

    assert (made.user_id, made.token != "no") == ("41", True)
    assert made.expires_at is not None
    assert made.expires_at > utc_now()
    assert market.purse.spent == [Purpose.LOGIN]


async def test_a_token_that_is_not_there_yet_is_asked_for_again(market: Market) -> None:
    secret = await logged_in(market)
    await market.fault("POST", TOKEN_CALL, status=403)

    made = await login.exchange(market.toolbox(env(market)), secret, {"userId": "41"})

    assert made.token
    assert (await market.calls()).count(f"POST {TOKEN_CALL}") == 2


@pytest.mark.parametrize("answer", [{}, {"userId": ""}, {"userId": "x1"}, {"userId": "\u0661"}])
async def test_a_return_without_a_user_is_no_access(market: Market, answer: dict[str, str]) -> None:
    with pytest.raises(Rejected, match="gave no access"):
        await login.exchange(market.toolbox(env(market)), "s", answer)
    assert await market.calls() == []


async def test_a_secret_that_was_used_gives_no_token(market: Market) -> None:
    secret = await logged_in(market)
    await login.exchange(market.toolbox(env(market)), secret, {"userId": "41"})

    with pytest.raises(Rejected, match="The secret key is not valid"):
        await login.exchange(market.toolbox(env(market)), secret, {"userId": "41"})


async def test_a_login_that_never_finishes_gives_no_token(market: Market) -> None:
    await market.fault("POST", TOKEN_CALL, status=403, times=5)
    with pytest.raises(Rejected, match="gave no token"):
        await login.exchange(market.toolbox(env(market)), "s" * 36, {"userId": "41"})


async def test_a_marketplace_in_trouble_can_be_asked_again_later(market: Market) -> None:
    await market.fault("POST", TOKEN_CALL, status=503)
    with pytest.raises(Unavailable):
        await login.exchange(market.toolbox(env(market)), "s" * 36, {"userId": "41"})
