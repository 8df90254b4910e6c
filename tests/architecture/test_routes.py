"""Every route says how it authenticates, with which right and how often, is in its dialect's manual, and has a recorded case."""

import json
import re
from typing import Any, cast

import pytest
from litestar.handlers import HTTPRouteHandler

from saluhall.dialect import Dialect, Route
from saluhall.domain.accounts.model import Tier
from saluhall.domain.accounts.roles import Right
from saluhall.plugins import load_dialects
from saluhall.web import connect_routes, schema_routes, system_routes
from tests.architecture.source import PACKAGE, ROOT

DIALECTS = load_dialects()
ROUTES = [(dialect, route) for dialect in DIALECTS for route in dialect.routes]
each_route = pytest.mark.parametrize(
    ("dialect", "route"), ROUTES, ids=[f"{d.name} {r.method} {r.path}" for d, r in ROUTES]
)
each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=[d.name for d in DIALECTS])

# The hub's own routes are for everybody: images are public, the rest is for the operator's machines.
OPEN = {
    "/connect/{channel:str}",  # the browser brings a state that nobody can guess
    "/healthz",
    "/readyz",
    "/metrics",
    "/images/{key:str}",
    "/schema",
    "/schema/openapi.json",
}
# Dialects without rate limits, and why.
UNLIMITED = {"sellrapido": "its published pages name none"}
# Routes for everybody, and why.
FOR_EVERYBODY = {
    (
        "POST",
        "/sr_company_ws/api/v2/auth/authorize",
    ): "who signs in is nobody yet; slowed down by failures",
    ("POST", "/sr_company_ws/api/v2/auth/token"): "the token in the body says who it is",
    ("POST", "/sr_company_ws/api/v2/auth/refresh"): "the token in the body says who it is",
    ("GET", "/categories"): "the same list for everybody, documented as open",
    ("POST", "/categories/convert"): "a table that everybody may read, documented as open",
    ("POST", "/auth/token"): "who signs in is nobody yet; slowed down by failures",
    ("POST", "/auth/refresh"): "the token in the body says who it is",
    ("GET", "/p/{slug}"): "a public profile is public",
}


@each_route
def test_a_route_says_how_it_authenticates_with_which_right_and_how_often(
    dialect: Dialect, route: Route
) -> None:
    if (route.method, route.path) in FOR_EVERYBODY:
        assert route.authenticator is None
        assert route.right is None
        assert callable(route.public_handler)
        return
    assert callable(route.authenticator)
    assert isinstance(route.right, Right), "the host refuses everybody"
    assert callable(route.batched.handle if route.batched else route.handler)
    assert route.batched is None or route.method != "POST", "a POST may carry an Idempotency-Key"
    assert route.authenticator.__module__ == f"saluhall.dialects.{dialect.name}.auth"
    if dialect.name in UNLIMITED:
        assert route.tier is None
    else:
        assert isinstance(route.tier, Tier)
        assert route.tier.per_second > 0


@each_dialect
def test_a_tier_has_one_rate(dialect: Dialect) -> None:
    tiers = {route.tier for route in dialect.routes if route.tier is not None}

    assert len({tier.name for tier in tiers}) == len(tiers)


@each_route
def test_a_route_is_under_a_prefix_of_its_dialect(dialect: Dialect, route: Route) -> None:
    assert route.path.startswith(tuple(dialect.prefixes))


@each_route
def test_a_route_is_in_the_manual_and_has_a_recorded_case(dialect: Dialect, route: Route) -> None:
    manual = (PACKAGE / "dialects" / dialect.name / "README.md").read_text(encoding="utf-8")
    pattern = re.sub(r"\{\w+\}", "[^/]+", route.path)

    assert f"`{route.method} {route.path}`" in manual
    assert [
        request
        for request in recorded_requests(dialect)
        if request["method"] == route.method
        and re.fullmatch(pattern, request["path"].split("?")[0])
    ]


def recorded_requests(dialect: Dialect) -> list[dict[str, Any]]:
    wire = ROOT / "tests" / "dialects" / dialect.name / "wire"
    return [json.loads(file.read_text(encoding="utf-8"))["request"] for file in wire.glob("*.json")]


def test_only_the_hubs_own_routes_are_open() -> None:
    nothing = cast("Any", None)
    own: list[HTTPRouteHandler] = [
        *connect_routes(nothing),
        *system_routes(nothing, nothing, lambda: nothing),
        *schema_routes(DIALECTS, version="0", public_url=""),
    ]

    assert {path for route in own for path in route.paths} == OPEN
