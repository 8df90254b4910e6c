"""What is asked of a server is what was given, letter by letter."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from saluhall.kit.http.ssrf_guard import NotAllowed, parse_url
from saluhall.kit.http.target import redirected

if TYPE_CHECKING:
    from tests.kit.conftest import Theatre

SIGNED = "/a%2Cb.jpg?u=a%40b.se&sig=x%2Fy%3D&t=10%3A00"
AS_GIVEN = [
    SIGNED,
    "/a,b.jpg?u=a@b.se&sig=x/y=&t=10:00",
    "/%61%7Eb%2fc%2F/d",
    "/a%20b+c?q=a+b%20c%2B",
    "/%C3%A5%c3%a4?%E5",
    "/a%zz%?%",
    "/a//b///c/",
    "/a/./b/../c/.",
    "/%2e%2e/%2E/x",
    "/?",
    "/a?",
    "/?a=1&&b=2&",
    "/a?b?c=?",
    "/a;v=1=2;w",
    "/(a)!$'*,:@",
    "/?filter[]=1&f[a]=2",
    '/a|b^c`d{e}"f<g>h\\i',
    "/?X-Amz-Credential=AK%2F20260101%2Feu-north-1%2Fs3%2Faws4_request&X-Amz-Signature=ab",
    "/~user/_-.x",
]
ESCAPED = [
    ("", "/"),
    ("?x=1", "/?x=1"),
    ("#part", "/"),
    ("/a#part?no", "/a"),
    ("/a?x=%23#part", "/a?x=%23"),
    ("/bild ä.jpg?q=å b", "/bild%20%C3%A4.jpg?q=%C3%A5%20b"),
    ("/\u00a0\u2028😀", "/%C2%A0%E2%80%A8%F0%9F%98%80"),
    ("?", "/?"),
]
SPELLINGS = [(given, given) for given in AS_GIVEN] + ESCAPED


@pytest.mark.parametrize(("given", "asked"), SPELLINGS)
def test_a_request_target_is_what_was_given(given: str, asked: str) -> None:
    assert parse_url(f"https://shop.example{given}").raw_path_qs == asked


async def test_every_spelling_goes_over_the_line_as_given(theatre: Theatre) -> None:
    stage = await theatre.answering(b"")
    outbound = theatre.outbound()

    for spelled, _ in SPELLINGS:
        await outbound.fetch(stage.url(spelled), max_bytes=10, timeout_s=5)
        await outbound.post(stage.url(spelled), body=b"", headers={}, timeout_s=5)
        await outbound.call("GET", stage.url(spelled), timeout_s=5)

    asked = [heard.target for heard in stage.heard]
    assert asked == [asked for _, asked in SPELLINGS for _ in range(3)]


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        *[(given, given) for given in AS_GIVEN],
        ("?", "/f/g?"),
        ("?sig=x%2Fy%3D", "/f/g?sig=x%2Fy%3D"),
        ("h%2Ci.jpg?t=10%3A00", "/f/h%2Ci.jpg?t=10%3A00"),
        ("./h?a=./b", "/f/h?a=./b"),
        ("../h%2F..%2Fi", "/h%2F..%2Fi"),
        ("../../..", "/"),
        ("h/..", "/f/"),
        ("#part", "/f/g?q=%2C"),
        ("", "/f/g?q=%2C"),
        ("/å b", "/%C3%A5%20b"),
        ("/\udce5", "/%E5"),
    ],
)
def test_a_redirect_leads_to_the_target_that_it_names(location: str, asked: str) -> None:
    base = parse_url("https://shop.example:8443/f/g?q=%2C")

    led = parse_url(redirected(base, location))
    wholly = parse_url(redirected(base, f"https://cdn.example{asked}"))

    assert (led.raw_authority, led.raw_path_qs) == ("shop.example:8443", asked)
    assert (wholly.raw_authority, wholly.raw_path_qs) == ("cdn.example", asked)


@pytest.mark.parametrize(
    "location", ["//cdn.example/x", "https://cdn.example/x", "HTTPS://CDN.example/x"]
)
def test_a_redirect_may_lead_to_another_host(location: str) -> None:
    led = parse_url(redirected(parse_url("https://shop.example/f"), location))

    assert str(led) == "https://cdn.example/x"


@pytest.mark.parametrize(
    "location", ["http://shop.example/", "javascript:x", "//", "https:/x", "//user@cdn.example/"]
)
def test_a_redirect_that_must_not_be_followed_is_refused(location: str) -> None:
    with pytest.raises(NotAllowed):
        parse_url(redirected(parse_url("https://shop.example/f"), location))


async def test_a_signed_redirect_arrives_as_it_was_signed(theatre: Theatre) -> None:
    stage = await theatre.redirecting(f"{SIGNED}&n=/1")

    await theatre.outbound().fetch(stage.url("/0"), max_bytes=10, timeout_s=5)

    assert stage.heard[1].target == f"{SIGNED}&n=/1"


@given(host=st.text(max_size=20), rest=st.text(max_size=20))
def test_the_host_that_was_checked_is_the_host_that_is_dialled(host: str, rest: str) -> None:
    url = f"https://{host}/{rest}"
    try:
        exact = parse_url(url)
    except NotAllowed:
        return

    assert exact.raw_host == URL(url).raw_host
    assert exact.explicit_port == URL(url).explicit_port
    assert urlsplit(str(exact)).hostname == str(exact.raw_host)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_every_target_is_sendable_and_reads_back_as_given(text: str) -> None:
    url = f"https://shop.example/{text}"
    if url != url.strip():
        return
    target = parse_url(url).raw_path_qs

    assert all(0x20 < ord(sign) < 0x7F for sign in target)
    assert parse_url(f"https://shop.example{target}").raw_path_qs == target
