"""What an operator types about clocks, subscriptions and deals."""

from pathlib import Path

import psycopg
import pytest

from tests.cli.command import Saluhall
from tests.postgres import Postgres


@pytest.fixture
def operator(postgres: Postgres, tmp_path: Path) -> Saluhall:
    """Commands on a database of their own, with the account Anna."""
    command = Saluhall(tmp_path / "data", {"SALUHALL_DATABASE_URL": postgres.new_database()})
    command.json("account", "create", "Anna", "--username", "anna", "--password", "a good one")
    return command


def test_a_clock_is_set_and_changed(operator: Saluhall) -> None:
    person = ("--username", "bo", "--password", "a good password")
    operator.json("account", "create", "Bo", *person, "--time-zone", "Europe/Helsinki")

    changed = operator.json("account", "time-zone", "Bo", "Europe/Oslo")

    assert changed == {"account": "Bo", "time_zone": "Europe/Oslo"}


def test_a_currency_and_its_rates_are_set_and_removed(operator: Saluhall) -> None:
    rate = ("account", "rate", "--account", "Anna")
    set_to = operator.json(*rate, "USD", "10.25")
    shown = operator.json("account", "show", "Anna")
    changed = operator.json("account", "currency", "EUR", "--account", "Anna")
    operator.json(*rate, "SEK", "0.09")
    removed = operator.json(*rate, "SEK", "--remove")

    assert set_to == {"account": "Anna", "currency": "USD", "rate": "10.25"}
    assert (shown["currency"], shown["rates"]) == (None, {"USD": "10.25"})
    assert changed == {"account": "Anna", "currency": "EUR", "removed_rates": ["USD"]}
    assert removed == {"account": "Anna", "currency": "SEK", "rate": None}
    for words, sentence in {
        ("account", "currency", "kronor", "--account", "Anna"): "no ISO 4217 code",
        (*rate, "EUR", "2"): "it needs no rate",
        (*rate, "USD", "0"): "a number above 0",
        (*rate, "USD", "--remove"): "has no rate for 'USD'",
    }.items():
        assert operator.run(*words).refuses(sentence), words


def test_a_subscription_is_put_on_prolonged_and_ended(operator: Saluhall) -> None:
    pro = ("account", "subscribe", "--account", "Anna", "--tier", "pro", "--until")

    first = operator.json(*pro, "2999-07-01")
    longer = operator.json(*pro, "2999-08-01T12:00:00+02:00")
    ended = operator.json("account", "subscribe", "--account", "Anna", "--tier", "free")

    assert (first["tier"], first["expires_at"]) == ("pro", "2999-07-01T00:00:00Z")
    assert longer["expires_at"] == "2999-08-01T10:00:00Z"
    assert longer["subscribed_at"] == first["subscribed_at"]
    assert ended == {
        "account": "Anna", "tier": "free", "subscribed_at": None, "expires_at": None
    }  # fmt: skip


def test_a_deal_is_granted(operator: Saluhall) -> None:
    grant = ("deal", "grant", "--account", "Anna", "--type")

    granted = operator.json(*grant, "reseller_agreement", "--commission-bps", "250")

    assert granted == {
        "account": "Anna",
        "deal": "reseller_agreement",
        "commission_bps": 250,
        "flat_monthly_ore": None,
        "per_listing_ore": None,
    }
    assert operator.json("deal", "requests") == {"requests": []}


def test_what_makes_no_sense_is_said_in_one_sentence(operator: Saluhall) -> None:
    grant = ("deal", "grant", "--account", "Anna", "--type")
    person = ("--username", "eve", "--password", "a good password")
    refused = {
        ("account", "create", "Eve", *person, "--time-zone", "Mars/Base"): "no time zone",
        ("account", "time-zone", "Anna", "europe/oslo"): "no time zone",
        ("account", "time-zone", "Nobody", "Europe/Oslo"): "'Nobody'",
        ("account", "subscribe", "--account", "Nobody", "--tier", "pro"): "'Nobody'",
        (*grant, "sub_account"): "cannot be granted",
        (*grant, "direct_commission"): "needs commission_bps",
        (*grant, "flat_monthly", "--flat-monthly-ore", "1", "--commission-bps", "2"): "has no",
        (*grant, "direct_commission", "--commission-bps", "10001"): "from 0 to 10000",
    }

    for words, sentence in refused.items():
        ran = operator.run(*words)
        assert ran.refuses(sentence), (words, ran.code, ran.out, ran.err)


ASK = """
  insert into deal_requests (account_id, kind, id, message, requested_at)
  select account_id, %s, gen_random_uuid(), %s, timestamptz '2026-04-01 12:00+00' + %s * interval '1 day'
    from accounts where name = 'Anna'
"""


def ask(operator: Saluhall, kind: str, message: str, *, day: int = 0) -> None:
    """Ask for a deal as Anna."""
    with psycopg.connect(operator.env["SALUHALL_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(ASK, [kind, message, day])


def test_what_is_asked_for_is_listed_the_oldest_first(operator: Saluhall) -> None:
    ask(operator, "flat_monthly", "Later", day=1)
    ask(operator, "reseller_agreement", "We sell for 30 yards")

    listed = operator.json("deal", "requests")
    shown = operator.run("deal", "requests")

    assert listed["requests"] == [
        {
            "account": "Anna",
            "deal": "reseller_agreement",
            "message": "We sell for 30 yards",
            "requested_at": "2026-04-01T12:00:00Z",
        },
        {
            "account": "Anna",
            "deal": "flat_monthly",
            "message": "Later",
            "requested_at": "2026-04-02T12:00:00Z",
        },
    ]
    heading, *rows = [line for line in shown.out.splitlines() if any(c.isalpha() for c in line)]
    assert all(word in heading for word in ("account", "deal", "message", "requested at"))
    assert "Anna" in rows[0]
    assert "2026-04-01 12:00" in " ".join(shown.out.split())
    text = " ".join(rows)
    assert text.index("30") < text.index("Later")
    assert not any(sign in shown.out for sign in "{}'")


def test_when_nobody_asks_the_table_is_empty(operator: Saluhall) -> None:
    ran = operator.run("deal", "requests")

    assert (ran.code, ran.err) == (0, "")
    assert "message" in ran.out
    assert "Anna" not in ran.out


@pytest.mark.parametrize("message", ["[/red]", "[bold]x[/]", "\x1b[2J", "a\rb", "å", ""])
def test_nothing_in_a_message_is_taken_for_a_sign_to_the_terminal(
    operator: Saluhall, message: str
) -> None:
    ask(operator, "flat_monthly", message)

    ran = operator.run("deal", "requests")

    assert (ran.code, ran.err) == (0, "")
    assert "Anna" in ran.out
    assert not set(ran.out) & {"\x1b", "\r"}
    assert message not in {"[/red]", "[bold]x[/]"} or message in ran.out
    assert operator.json("deal", "requests")["requests"][0]["message"] == message
