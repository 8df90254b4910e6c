"""An outage is one line when it begins and one when it ends, however often it is met."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from saluhall.kit import outages
from saluhall.kit.metrics import CALL_OUTCOMES, OUTAGES
from saluhall.kit.outages import Outages


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def endpoints(clock: Clock) -> Iterator[Outages]:
    made = Outages("an_endpoint", quiet_s=5.0, clock=clock)
    yield made
    outages._ALL.remove(made)


def count() -> float:
    return float(OUTAGES.labels("an_endpoint")._value.get())


def test_an_outage_is_logged_when_it_begins_and_when_it_ends(
    endpoints: Outages, clock: Clock
) -> None:
    with capture_logs() as lines:
        for _ in range(95):
            endpoints.failed("no answer", name="e1", account_id="a1")
            clock.now_s += 1
        endpoints.succeeded(name="e1")
        assert count() == 1
        clock.now_s += 5
        endpoints.settle()

    assert [line["event"] for line in lines] == [
        "an endpoint unavailable",
        "an endpoint available again",
    ]
    assert (lines[0]["name"], lines[0]["account_id"], lines[0]["error"]) == (
        "e1",
        "a1",
        "no answer",
    )
    assert (lines[1]["failures"], lines[1]["duration_s"]) == (95, 95.0)
    assert count() == 0


def test_successes_between_failures_do_not_end_an_outage(endpoints: Outages, clock: Clock) -> None:
    with capture_logs() as lines:
        for _ in range(20):
            endpoints.failed("503", name="e1")
            clock.now_s += 1
            endpoints.succeeded(name="e1")
            endpoints.settle()

    assert [line["event"] for line in lines] == ["an endpoint unavailable"]


def test_each_name_has_outages_of_its_own_and_one_that_is_gone_has_none(
    endpoints: Outages,
) -> None:
    with capture_logs() as lines:
        endpoints.failed("503", name="e1")
        endpoints.failed("503", name="e2")
        assert count() == 2
        endpoints.dismiss(name="e1")
        endpoints.dismiss(name="unknown")

    assert lines[-1]["event"] == "an endpoint not used any longer"
    assert count() == 1


@pytest.mark.parametrize("outcome", CALL_OUTCOMES)
def test_a_marketplace_is_unavailable_only_when_it_does_not_answer_as_it_should(
    outcome: str,
) -> None:
    is_outage = outcome in {"failed", "no_answer", "too_large", "not_allowed"}
    with capture_logs() as lines:
        outages.note_call("a market", outcome)
        outages.CHANNELS.dismiss(name="a market")

    assert [line["event"] for line in lines][:1] == ["channel unavailable"] * is_outage
