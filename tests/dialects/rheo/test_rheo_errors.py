import json

import msgspec
import pytest

from saluhall.dialect import Dialect, Invalid, Problem, Unexpected
from saluhall.dialects.rheo import DIALECT
from saluhall.dialects.rheo.errors import ERROR_RESPONSES, render_error
from saluhall.domain.accounts.model import AccountTaken, RateLimited, Tier, UnknownKey
from saluhall.domain.products.model import ParentNotFound, ProductNotFound

PRICE = Tier("price", 20)


def said(fact: Exception) -> str:
    reply = render_error(fact)
    assert reply is not None
    return msgspec.json.encode(reply.body).decode()


@pytest.mark.parametrize(
    ("fact", "body"),
    [
        (
            UnknownKey(),
            '{"error":"Invalid or missing API key","code":"UNAUTHORIZED","statusCode":401}',
        ),
        (
            ProductNotFound("A-1"),
            '{"error":"No item found with this external ID","code":"NOT_FOUND","statusCode":404}',
        ),
        (
            Invalid([Problem("price", "Must be at least 1")]),
            (
                '{"error":"Validation failed","code":"VALIDATION_FAILED",'
                '"details":[{"field":"price","message":"Must be at least 1"}],"statusCode":422}'
            ),
        ),
        (
            ParentNotFound("A-1"),
            (
                '{"error":"Validation failed","code":"VALIDATION_FAILED",'
                '"details":[{"field":"parentExternalId",'
                '"message":"No item found with this external ID"}],"statusCode":422}'
            ),
        ),
        (
            Unexpected("a secret detail"),
            '{"error":"Internal server error","code":"INTERNAL_ERROR","statusCode":500}',
        ),
    ],
)
def test_a_fact_sounds_as_documented(fact: Exception, body: str) -> None:
    assert said(fact) == body


def test_a_limit_says_when_to_come_back() -> None:
    reply = render_error(RateLimited(tier=PRICE, retry_after_s=1))

    assert reply is not None
    assert reply.status == 429
    assert reply.headers == {
        "Retry-After": "1",
        "RateLimit-Policy": '"price";q=20;w=1',
        "RateLimit": '"price";r=0;t=1',
    }


def test_a_fact_that_no_item_route_can_meet_has_no_words() -> None:
    assert render_error(AccountTaken()) is None


def test_every_answer_of_the_table_is_one_that_clients_read() -> None:
    for status, code, error in ERROR_RESPONSES.values():
        assert 400 <= status <= 503
        assert code.isupper()
        assert json.dumps(error).isascii()


def test_the_dialect_is_a_value_whose_routes_announce_the_documented_rates() -> None:
    assert isinstance(DIALECT, Dialect)
    rates = {
        f"{route.method} {route.path.rpartition('/')[2]}": route.tier.per_second
        for route in DIALECT.routes
        if route.tier
    }
    documented = {
        "PUT {external_id}": 10,
        "GET {external_id}": 30,
        "PATCH price": 20,
        "PATCH status": 20,
        "DELETE {external_id}": 10,
    }
    assert documented.items() <= rates.items()
