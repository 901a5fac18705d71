"""When a request is tried again, and after how long: the tables, and what always holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer_widget.retry import RETRYABLE, backoff_s, retry_after_s

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (6, 8.0), (99, 8.0)]
)
def test_the_back_off_doubles_from_half_a_second_to_eight(attempt: int, longest: float) -> None:
    assert backoff_s(attempt, 1.0) == longest
    assert backoff_s(attempt, 0.5) == longest / 2
    assert backoff_s(attempt, 0.0) == 0.0


@given(st.integers(1, 10**9), st.floats(0, 1, exclude_max=True))
def test_no_back_off_is_negative_or_longer_than_eight_seconds(attempt: int, dice: float) -> None:
    assert 0 <= backoff_s(attempt, dice) < 8


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        # seconds
        ("0", 0),
        ("1", 1),
        ("120", 120),
        ("007", 7),
        (" 5 ", 5),
        ("0.25", 0.25),
        ("1.5", 1.5),
        ("9" * 13, 1e9),
        ("9" * 400, 1e9),
        # dates, in the three forms of RFC 9110, and those that mail has beside
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30),
        ("Sun Mar  1 12:00:30 2026", 30),
        ("Sun, 01 Mar 2026 12:00:30", 30),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30),
        ("Sun, 01 Mar 2026 14:00:30 +0200", 30),
        ("Sun, 01 Mar 2026 12:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 11:59:59 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 13:00:00 GMT", 3600),
        # nothing that names a time
        ("", None),
        (" ", None),
        ("soon", None),
        ("-5", None),
        ("+5", None),
        ("-0", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("1e3", None),
        ("1_0", None),
        ("0x10", None),
        (".5", None),
        ("5.", None),
        ("5s", None),
        ("1, 2", None),
        ("1 2", None),
        ("٥", None),
        ("Sun, 32 Mar 2026 12:00:30 GMT", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 +9999", None),
        ("\x00", None),
    ],
)
def test_retry_after_is_read_in_each_of_its_forms(value: str, wait_s: float | None) -> None:
    assert retry_after_s({"retry-after": value}, NOW) == wait_s


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [("0", 0), ("1", 0.001), ("1500", 1.5), ("12.5", 0.0125), ("99999", 99.999), ("9" * 99, 1e6)],
)
def test_retry_after_ms_is_in_milliseconds(value: str, wait_s: float) -> None:
    assert retry_after_s({"retry-after-ms": value}, NOW) == pytest.approx(wait_s)


def test_retry_after_ms_comes_before_retry_after() -> None:
    assert retry_after_s({"retry-after-ms": "20", "retry-after": "3"}, NOW) == 0.02


@pytest.mark.parametrize("garbage", ["", "soon", "-1", "nan", "Sun, 01 Mar 2026 12:00:30 GMT"])
def test_a_retry_after_ms_that_is_no_number_leaves_the_other(garbage: str) -> None:
    assert retry_after_s({"retry-after-ms": garbage, "retry-after": "3"}, NOW) == 3


def test_without_either_no_wait_is_named() -> None:
    assert retry_after_s({}, NOW) is None


@given(st.text() | st.from_regex(r"[-+]?[0-9 .,eE_]*", fullmatch=True), st.booleans())
def test_whatever_a_header_holds_is_a_wait_or_none(value: str, in_ms: bool) -> None:
    name = "retry-after-ms" if in_ms else "retry-after"
    wait_s = retry_after_s({name: value}, NOW)
    assert wait_s is None or 0 <= wait_s < 1e12  # nan compares false


@given(st.integers(0, 10**12))
def test_a_number_of_seconds_is_that_wait_up_to_thirty_years(seconds: int) -> None:
    assert retry_after_s({"retry-after": str(seconds)}, NOW) == min(seconds, 1e9)


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1)).map(  # noqa: DTZ001  # made aware
        lambda date: date.replace(microsecond=0, tzinfo=UTC)
    )
)
def test_a_date_is_the_time_from_now_to_it(date: datetime) -> None:
    wait_s = retry_after_s({"retry-after": format_datetime(date, usegmt=True)}, NOW)
    assert wait_s == max(0, (date - NOW) / timedelta(seconds=1))


def test_what_passes_by_itself_is_tried_again_and_nothing_else() -> None:
    assert sorted(RETRYABLE) == [408, 425, 429, 500, 502, 503, 504, 529]
