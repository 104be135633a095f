"""How long a service is waited for."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from testflow_core.testing.servers import NoWaiting
from testflow_core.tracking import RequestFailedError, Waiting

NOW = 1_795_379_686.0


class AtNow(NoWaiting):
    def now(self):
        return NOW


@pytest.fixture
def waits():
    return []


@pytest.fixture
def waiting(waits):
    def make(**limits):
        return Waiting(AtNow(waits=waits, **limits))

    return make


def failing(*failures, answer="done"):
    left = list(failures)

    def request():
        if left:
            raise left.pop(0)
        return answer

    return request


def refused(status, message="no", **headers):
    return RequestFailedError(message, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("status", [None, 500, 502, 503, 504])
def test_what_passes_is_tried_again_after_growing_pauses(waiting, waits, status):
    assert waiting().ask(failing(*[refused(status)] * 3)) == "done"
    assert waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_what_does_not_pass_is_not_tried_again(waiting, waits, status):
    with pytest.raises(RequestFailedError):
        waiting().ask(failing(refused(status)))
    assert waits == []


def test_after_the_last_attempt_the_failure_is_told(waiting, waits):
    with pytest.raises(RequestFailedError, match="the fourth"):
        waiting().ask(failing(*[refused(503)] * 3, refused(503, "the fourth"), refused(503)))
    assert len(waits) == 3


ASKED = {
    "seconds": {"Retry_After": "7"},
    "a date": {"Retry_After": format_datetime(datetime.fromtimestamp(NOW + 7, tz=UTC), usegmt=True)},
    "a quota's end": {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(NOW) + 6)},
    "a quota's end in ISO 8601": {"X_RateLimit_Reset": f"{datetime.fromtimestamp(NOW + 6, tz=UTC).isoformat()}"},
}


@pytest.mark.parametrize("headers", ASKED.values(), ids=ASKED)
def test_a_limit_is_waited_for_as_long_as_it_says(waiting, waits, headers):
    waiting().ask(failing(refused(429, **headers)))
    assert waits == [pytest.approx(7, abs=1)]


def test_a_service_that_is_down_may_say_when_it_is_up(waiting, waits):
    waiting().ask(failing(refused(503, Retry_After="3")))
    assert waits == [3.0]


@pytest.mark.parametrize(
    "failed", [refused(429), refused(403, "You have exceeded a secondary rate limit"), refused(429, Retry_After="soon")]
)
def test_a_limit_that_does_not_say_when_it_ends_is_given_a_minute(waiting, waits, failed):
    waiting().ask(failing(failed))
    assert waits == [60.0]


def test_a_date_that_has_passed_is_no_wait(waiting, waits):
    waiting().ask(failing(refused(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")))
    assert waits == [0.0]


@pytest.mark.parametrize("asked", ["61", "999999999999999999999"])
def test_who_asks_for_too_long_is_not_waited_for(waiting, waits, asked):
    with pytest.raises(RequestFailedError, match="longer than a report waits"):
        waiting().ask(failing(refused(429, Retry_After=asked)))
    assert waits == []


def test_a_delivery_waits_no_longer_than_it_may_altogether(waiting, waits):
    patience = waiting(total=timedelta(seconds=50))
    patience.ask(failing(refused(429, Retry_After="40")))
    with pytest.raises(RequestFailedError, match="longer than a report waits"):
        patience.ask(failing(refused(429, Retry_After="40")))
    assert waits == [40.0]


def test_what_must_not_be_repeated_is_repeated_only_where_nothing_was_done(waiting):
    assert waiting().ask(failing(refused(429, Retry_After="0")), repeatable=False) == "done"
    with pytest.raises(RequestFailedError):
        waiting().ask(failing(refused(None)), repeatable=False)


def test_what_was_carried_out_without_an_answer_is_found(waiting):
    found = waiting().ask(failing(refused(502), answer="again"), repeatable=False, done=lambda: "found")
    assert found == "found"
    assert waiting().ask(failing(refused(502), answer="again"), repeatable=False, done=lambda: None) == "again"


def test_between_two_changes_a_second_passes(waiting, waits):
    waiting().pace()
    assert waits == [1.0]
