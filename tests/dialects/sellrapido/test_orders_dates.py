from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.dialects.sellrapido.dates import NoDate, day_from_text, instant_from_text


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2020-10-20T02:30:00.000", "2020-10-20T02:30:00"),
        ("2020-10-20T02:30:00", "2020-10-20T02:30:00"),
        ("2020-10-20T02:30:00Z", "2020-10-20T02:30:00"),
        ("2020-10-20T02:30:00.1Z", "2020-10-20T02:30:00.100000"),
        ("2020-10-20T02:30:00.123456789Z", "2020-10-20T02:30:00.123456"),
        ("2020-10-20T02:30:00+02:00", "2020-10-20T00:30:00"),
        ("2020-10-20 02:30", "2020-10-20T02:30:00"),
        (" 2020-10-20 ", "2020-10-20T00:00:00"),
        ("Oct 20, 2020, 2:30:00 AM", "2020-10-20T02:30:00"),
        ("Oct 20, 2020 2:30:00 AM", "2020-10-20T02:30:00"),
        ("Oct 20, 2020, 2:30:00\u202fAM", "2020-10-20T02:30:00"),
        ("Jan 1, 2021, 12:00:00 AM", "2021-01-01T00:00:00"),
        ("Dec 31, 2021, 12:59:59 PM", "2021-12-31T12:59:59"),
        ("dec 31, 2021, 11:59:59 pm", "2021-12-31T23:59:59"),
    ],
)
def test_an_instant_is_read_however_clients_write_it(text: str, instant: str) -> None:
    assert instant_from_text(text) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2020-02-30",
        "2020-10-20T25:00:00",
        "Feb 30, 2020, 2:30:00 AM",
        "Okt 20, 2020, 2:30:00 AM",
        "Oct 20, 2020, 13:30:00 PM",
        "Oct 20, 2020, 0:30:00 AM",
        "Oct 20, 0000, 2:30:00 AM",
        "0001-01-01T00:00:00+10:00",
        "1603161000",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(NoDate):
        instant_from_text(text)


@given(st.text(alphabet="0123456789-:.,TZ+ OctAMP\u202f", max_size=30))
def test_a_text_is_an_instant_or_refused(text: str) -> None:
    try:
        assert instant_from_text(text).tzinfo is UTC
    except NoDate:
        return


def test_a_day_is_read() -> None:
    assert day_from_text("2025-01-31") == date(2025, 1, 31)


@pytest.mark.parametrize(
    "text", ["2025-02-30", "2025-1-31", "20250131", "2025-W05-5", "٢٠٢٥-01-31"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(NoDate):
        day_from_text(text)
