"""The batcher on a clock of the test's own: whole milliseconds, so that sums are exact."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer_widget.batching import INTERVAL_S, Batcher, join_surrogates

INTERVAL = 16

texts = st.text(st.sampled_from(["a", "é", "\n", "😀", "\ud83d", "\ude00", "\udbff", "\udfff"]))
arrival = st.tuples(st.integers(0, 40), texts)
arrivals = st.lists(arrival) | st.lists(arrival, min_size=10, max_size=30)


def stream(arrivals, *, interval=INTERVAL):
    """Add each ``(ms since the last one, text)``, flush when due; return ``(ms, text)`` of each.

    At last comes the final flush, as of a stream that ends with its last text.
    """
    batcher, flushed, now = Batcher(interval_s=interval), [], 0
    for pause, text in arrivals:
        now += pause
        if batcher.due is not None and batcher.due <= now:
            flushed.append((batcher.due, batcher.flush(batcher.due)))
        batcher.add(text, now)
        if batcher.due is not None and batcher.due <= now:
            flushed.append((now, batcher.flush(now)))
    return flushed, batcher.flush(now, final=True)


def by_the_standard(text: str) -> str:
    """Join pairs and replace lone halves, one code unit after the other (Unicode §3.9)."""
    joined, rest = [], text
    while rest:
        if len(rest) > 1 and "\ud800" <= rest[0] <= "\udbff" and "\udc00" <= rest[1] <= "\udfff":
            joined.append(chr(0x10000 + ((ord(rest[0]) - 0xD800) << 10) + ord(rest[1]) - 0xDC00))
            rest = rest[2:]
            continue
        joined.append("\ufffd" if "\ud800" <= rest[0] <= "\udfff" else rest[0])
        rest = rest[1:]
    return "".join(joined)


@given(arrivals)
def test_no_code_point_is_lost_added_or_moved(arrivals) -> None:
    flushed, last = stream(arrivals)
    shown = "".join(text for _, text in flushed) + last
    assert shown == by_the_standard("".join(text for _, text in arrivals))


@given(arrivals)
def test_what_is_shown_is_always_a_prefix_of_the_whole(arrivals) -> None:
    flushed, _ = stream(arrivals)
    whole = by_the_standard("".join(text for _, text in arrivals))
    assert whole.startswith("".join(text for _, text in flushed))


@given(arrivals)
def test_two_flushes_are_never_closer_than_the_interval(arrivals) -> None:
    flushed, _ = stream(arrivals)
    times = [at for at, _ in flushed]
    assert all(later - earlier >= INTERVAL for earlier, later in itertools.pairwise(times))


@given(arrivals)
def test_no_text_waits_longer_than_the_interval(arrivals) -> None:
    batcher, now = Batcher(interval_s=INTERVAL), 0
    for pause, text in arrivals:
        now += pause
        if batcher.due is not None and batcher.due <= now:
            batcher.flush(batcher.due)
        batcher.add(text, now)
        assert not text or batcher.due is not None
        assert batcher.due is None or batcher.due <= now + INTERVAL


def test_the_first_text_is_due_at_once() -> None:
    batcher = Batcher()
    batcher.add("Hi", 1000.0)
    assert batcher.due == 1000.0


def test_text_after_a_pause_is_due_at_once() -> None:
    flushed, _ = stream([(5, "a"), (INTERVAL, "b"), (100, "c")])
    assert flushed == [(5, "a"), (21, "b"), (121, "c")]


def test_a_later_text_does_not_move_the_deadline() -> None:
    batcher = Batcher(interval_s=INTERVAL)
    batcher.flush(100)
    batcher.add("a", 101)
    batcher.add("b", 115)
    assert batcher.due == 116


def test_a_later_text_does_not_move_a_deadline_that_was_missed() -> None:
    batcher = Batcher(interval_s=INTERVAL)
    batcher.add("a", 100)
    batcher.add("b", 130)
    assert batcher.due == 100


def test_a_stream_faster_than_the_interval_shows_every_interval() -> None:
    flushed, last = stream([(1, "x")] * 49)
    assert flushed == [(1, "x"), (17, "x" * 15), (33, "x" * 16), (49, "x" * 16)]
    assert last == "x"


def test_the_interval_is_one_frame_unless_told_otherwise() -> None:
    assert Batcher().interval_s == INTERVAL_S == 0.016


def test_nothing_is_due_while_nothing_waits() -> None:
    batcher = Batcher()
    assert batcher.due is None
    batcher.add("a", 0)
    batcher.flush(0)
    assert batcher.due is None


def test_an_empty_text_is_no_text() -> None:
    batcher = Batcher()
    batcher.add("", 0)
    assert (batcher.due, batcher.flush(0)) == (None, "")


def test_a_flush_of_nothing_is_empty() -> None:
    assert Batcher().flush(0, final=True) == ""


def test_half_a_character_waits_for_its_other_half() -> None:
    batcher = Batcher()
    batcher.add("a\ud83d", 0)
    assert batcher.flush(0) == "a"
    assert batcher.due is None
    batcher.add("\ude00b", 1)
    assert batcher.flush(1) == "😀b"


def test_half_a_character_waits_through_flushes_of_nothing() -> None:
    batcher = Batcher()
    batcher.add("\ud83d", 0)
    assert [batcher.flush(0), batcher.flush(1)] == ["", ""]
    batcher.add("\ude00", 2)
    assert batcher.flush(2) == "😀"


def test_half_a_character_that_stays_alone_is_replaced_at_the_end() -> None:
    batcher = Batcher()
    batcher.add("a\ud83d", 0)
    assert batcher.flush(0) + batcher.flush(1, final=True) == "a\ufffd"


def test_half_a_character_before_another_is_replaced_and_the_other_kept() -> None:
    batcher = Batcher()
    batcher.add("\ud83d", 0)
    batcher.flush(0)
    batcher.add("b", 1)
    assert batcher.flush(1) == "\ufffdb"


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("plain ümläut 😀", "plain ümläut 😀"),
        ("\ud83d\ude00", "😀"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ud83d\ude00", "\ufffd😀"),
        ("a\ud83db", "a\ufffdb"),
        ("\udbff\udfff", "\U0010ffff"),
        ("😀\ud83d", "😀\ufffd"),
        ("", ""),
    ],
)
def test_pairs_are_joined_and_lone_halves_replaced(text: str, joined: str) -> None:
    assert join_surrogates(text) == joined


@given(texts)
def test_joined_text_can_always_be_sent(text: str) -> None:
    assert join_surrogates(text).encode().decode() == by_the_standard(text)
