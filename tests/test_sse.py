"""The decoder against the WHATWG standard (§9.2.5, §9.2.6), its own limits, and a real browser.

``wire/sse.json`` holds streams, as text or as bytes (one character each, Latin-1), and what the
standard makes of them: ``[type, data, last event id]`` for each event.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chromium import find_chromium
from printer_widget.errors import StreamTooLarge
from printer_widget.sse import EventStreamDecoder, ServerSentEvent
from servers import serve_in_thread

VECTORS = json.loads((Path(__file__).parent / "wire" / "sse.json").read_text(encoding="utf-8"))
FRAGMENTS = [b"data", b"event", b"id", b"retry", b"d", b":", b" ", b"7", b"e", b"\n", b"\r"]
FRAGMENTS += [b"\r\n", b"\n\n", b"\0", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc3\xa9", b"\xff"]
FRAGMENTS += [b"data: x\n", b"data\n", b": comment\n", b"id: 1\n", b"event: e\n", b"retry: 10\n"]

fragments = st.sampled_from(FRAGMENTS)
streams = (st.lists(fragments) | st.lists(fragments, min_size=20, max_size=60)).map(b"".join)


def stream_of(vector) -> bytes:
    return vector["stream"].encode() if "stream" in vector else vector["bytes"].encode("latin-1")


def named(vector) -> str:
    return vector["name"]


def decode(*chunks: bytes, **limits):
    """Feed the chunks, and return all events with what else the decoder knows at the end."""
    decoder = EventStreamDecoder(**limits)
    events: list[ServerSentEvent] = []
    too_large = False
    try:
        for chunk in [*chunks, b""]:
            events += decoder.feed(chunk)
    except StreamTooLarge:
        too_large = True
    found = [[event.event, event.data, event.id] for event in events]
    return found, decoder.last_event_id, decoder.retry_ms, too_large


def by_the_standard(stream: bytes):
    """The standard's own steps, on a stream that is there as a whole."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    *lines, _unfinished = re.split("\r\n|\n|\r", text)
    events, last_id, retry = [], "", None
    data, kind, new_id = "", "", ""
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            last_id = new_id
            if data:
                events.append([kind or "message", data.removesuffix("\n"), last_id])
            data, kind = "", ""
        elif name == "data":
            data += value + "\n"
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            new_id = value
        elif name == "retry" and re.fullmatch("[0-9]+", value):
            retry = int(value)
    return events, last_id, retry, False


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_a_stream_gives_what_the_standard_says(vector) -> None:
    expected = (vector["events"], vector.get("last_event_id", ""), vector.get("retry_ms"), False)
    assert decode(stream_of(vector)) == expected


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_a_stream_gives_the_same_byte_by_byte(vector) -> None:
    stream = stream_of(vector)
    assert decode(*(stream[at : at + 1] for at in range(len(stream)))) == decode(stream)


@given(streams, st.data())
@example(b"data: x\r\n\r\n", None)
def test_any_chunking_gives_what_one_feed_gives(stream: bytes, data) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(stream)))) if data else range(len(stream))
    edges = [0, *sorted(cuts), len(stream)]
    chunks = [stream[start:end] for start, end in itertools.pairwise(edges)]
    assert decode(*chunks) == decode(stream)


@given(streams, st.integers(1, 30))
@example(b"data: x\r\n\r\n", 8)
@example(b"data: x\r\n\r\n", 9)
@example(b": comment\r\ndata: x\r\n\r\n", 10)
def test_the_limit_is_the_same_for_any_chunking(stream: bytes, limit: int) -> None:
    one_by_one = [stream[at : at + 1] for at in range(len(stream))]
    assert decode(*one_by_one, max_event_bytes=limit) == decode(stream, max_event_bytes=limit)


@given(streams)
def test_each_feed_returns_all_that_is_complete_by_then(stream: bytes) -> None:
    decoder, events = EventStreamDecoder(), []
    for at in range(len(stream)):
        events += [[e.event, e.data, e.id] for e in decoder.feed(stream[at : at + 1])]
        found = (events, decoder.last_event_id, decoder.retry_ms, False)
        assert found == by_the_standard(stream[: at + 1])


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_an_event_is_out_with_the_feed_that_ends_its_blank_line(end: str) -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(f"data: x{end}".encode()) == []
    assert decoder.feed(end.encode()) == [ServerSentEvent("message", "x", "")]


def test_a_lone_cr_completes_a_blank_line_at_once() -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(b"data: x\r\n\r") == [ServerSentEvent("message", "x", "")]
    assert decoder.feed(b"\ndata: y\n\n") == [ServerSentEvent("message", "y", "")]


def test_an_lf_after_a_cr_is_skipped_past_an_empty_feed() -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(b"data: a\r") == []
    assert decoder.feed(b"") == []
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"\n") == [ServerSentEvent("message", "a", "")]


def test_a_bom_may_come_in_three_feeds() -> None:
    assert decode(b"\xef", b"\xbb", b"\xbfdata: x\n\n")[0] == [["message", "x", ""]]


def test_an_event_may_be_as_large_as_the_limit() -> None:
    stream = b"data: 12345\n\n"
    assert decode(stream, max_event_bytes=len(stream))[0] == [["message", "12345", ""]]
    assert decode(stream, max_event_bytes=len(stream) - 1) == ([], "", None, True)


def test_the_limit_counts_all_lines_of_an_event() -> None:
    assert decode(b"data: x\n" * 10, max_event_bytes=79)[3]
    assert decode(b"ignored: x\n" * 10, max_event_bytes=79)[3]


def test_the_limit_is_for_each_event_and_not_for_the_stream() -> None:
    events, *_, too_large = decode(b"data: x\n\n" * 1000, max_event_bytes=10)
    assert (len(events), too_large) == (1000, False)


def test_events_before_one_that_is_too_large_are_not_lost() -> None:
    decoder = EventStreamDecoder(max_event_bytes=20)
    assert decoder.feed(b"data: x\n\ndata: " + b"y" * 20) == [ServerSentEvent("message", "x", "")]
    with pytest.raises(StreamTooLarge, match="larger than 20 bytes"):
        decoder.feed(b"")


def test_an_event_that_is_too_large_is_not_returned_later() -> None:
    decoder = EventStreamDecoder(max_event_bytes=20)
    for chunk in (b"data: " + b"y" * 20, b"\n\ndata: z\n\n", b""):
        with pytest.raises(StreamTooLarge):
            decoder.feed(chunk)


def test_comments_without_end_never_reach_the_limit() -> None:
    stream = b"data: x\n" + b": ping\r\n" * 10_000 + b"\n"
    assert decode(stream, max_event_bytes=64)[0] == [["message", "x", ""]]


def test_one_comment_without_end_reaches_the_limit() -> None:
    assert decode(b":", *[b"x" * 10] * 10, max_event_bytes=64)[3]


def test_a_large_event_comes_out_whole_under_a_raised_limit() -> None:
    data = b"0123456789abcdef" * (10 << 16)
    stream = b"data: " + data + b"\n\n"
    chunks = [stream[at : at + 1024] for at in range(0, len(stream), 1024)]
    events, *_ = decode(*chunks, max_event_bytes=11 << 20)
    assert events == [["message", data.decode(), ""]]


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [1, 64, 1024])
@pytest.mark.parametrize("line", [b"x", b"data: x\n"], ids=["one line", "many lines"])
def test_four_times_the_event_is_about_four_times_the_work(chunk: int, line: bytes) -> None:
    def seconds(size: int) -> float:
        stream = b"data: " + line * (size // len(line)) + b"\n\n"
        chunks = [stream[at : at + chunk] for at in range(0, len(stream), chunk)]
        decoder = EventStreamDecoder(max_event_bytes=2 * size)
        start = time.process_time()
        for piece in chunks:
            decoder.feed(piece)
        return time.process_time() - start

    small = 1 << (17 if chunk == 1 else 20)
    # Quadratic work would be 16 times as much.
    assert any(seconds(4 * small) < 10 * seconds(small) for _ in range(3))


# ── A real browser's EventSource ───────────────────────────────────────────────────────────────

_READ = """async ([path, types]) => new Promise((resolve) => {
  const events = [];
  const source = new EventSource(path);
  const take = (event) => {
    if (event instanceof MessageEvent) events.push([event.type, event.data, event.lastEventId]);
  };
  for (const type of types) source.addEventListener(type, take);
  source.onerror = (event) => {
    if (event instanceof MessageEvent) return;
    source.close();
    resolve(events);
  };
})"""


@pytest.fixture
def chromium():
    """A page of a real Chromium: of the variable CHROMIUM, or one on the PATH."""
    from playwright.sync_api import sync_playwright

    with contextlib.ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        stack.callback(browser.close)
        yield browser.new_page()


@pytest.mark.browser
def test_chromium_reads_the_same_events(chromium) -> None:
    pick = random.Random(20)
    made = [b"".join(pick.choices(FRAGMENTS, k=30)) for _ in range(300)]
    all_streams = [*map(stream_of, VECTORS), *made]
    expected = [decode(stream)[0] for stream in all_streams]
    types = sorted({event[0] for events in expected for event in events} | {"message", "error"})

    async def answer(connection) -> None:
        _, _, name = connection.request.path.rpartition("/")
        if not name.isdigit():
            await connection.head(content_type="text/html", more={"Connection": "close"})
            return
        await connection.head()
        await connection.send(all_streams[int(name)])

    with serve_in_thread(answer) as server:
        chromium.goto(server.url)
        found = [chromium.evaluate(_READ, [f"/{at}", types]) for at in range(len(all_streams))]
    # Where the standard is plain, Chromium takes a line end right behind the BOM for text.
    differing = [
        (stream, ours, theirs)
        for stream, ours, theirs in zip(all_streams, expected, found, strict=True)
        if ours != theirs and not re.match(b"\xef\xbb\xbf[\r\n]", stream)
    ]
    assert differing == []
