"""The text of a cassette: what is written is read again, and what cannot be read is named."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer_widget.cassette import (
    HEADER,
    Cassette,
    CassetteError,
    Chunk,
    Ending,
    Entry,
    Exchange,
    Told,
    event_of,
    json_of,
    kept,
    parse,
)
from printer_widget.events import StreamEnd, TextDelta, ToolCallDelta, Usage
from printer_widget.sources.cassettes import load

# ── There and back ─────────────────────────────────────────────────────────────────────────────

MARKED = st.sampled_from(
    [
        "\n",
        "\r\n",
        "\r",
        " ",
        "\t",
        "%",
        "|",
        "| ",
        "|| ",
        "> ",
        "~ ",
        "==",
        "-- user",
        "# ",
        "+1 ms",
    ]
)
TEXTS = st.lists(MARKED | st.text(max_size=5)).map("".join)
DATA = st.lists(st.binary(min_size=1, max_size=6) | MARKED.map(str.encode), min_size=1).map(
    b"".join
)
LINE = st.text("abc: /.-|=#…", max_size=9).map(str.strip)
NAME = st.text("!#$%&'*+-.^_`|~09az", max_size=4).map("x-ratelimit-{}".format)
MS = st.integers(0, 10**6)


def chunks(begin: int, gaps: list[tuple[int, bytes]]) -> list[Chunk]:
    result = []
    for gap, data in gaps:
        begin += gap
        result.append(Chunk(begin, data))
    return result


@st.composite
def exchanges(draw) -> tuple[tuple[Exchange, ...], int]:
    now, result = 0, []
    for _ in range(draw(st.integers(0, 3))):
        begun = now + draw(MS)
        one = Exchange(begun, draw(st.sampled_from(["GET", "POST"])), "http://127.0.0.1:1/path")
        now = begun
        if draw(st.booleans()):
            one.status, one.response_at_ms = draw(st.integers(100, 599)), now + draw(MS)
            one.headers = tuple(draw(st.lists(st.tuples(NAME, LINE), max_size=2)))
            one.chunks = chunks(one.response_at_ms, draw(st.lists(st.tuples(MS, DATA), max_size=4)))
            now = one.chunks[-1].at_ms if one.chunks else one.response_at_ms
        failures = ["ReadError"] if one.status is None else ["", "ReadError", None]
        one.failure = draw(st.sampled_from(failures))
        if one.failure is not None:
            now += draw(MS)
            one.end_at_ms = now
        result.append(one)
    return tuple(result), now


@st.composite
def entries(draw) -> Entry:
    sent, now = draw(exchanges())
    kind = draw(st.sampled_from(["complete", "stopped", "failed"]))
    words = st.text("abcäöü …:", max_size=9).map(lambda text: " ".join(text.split()))
    said = ("StreamInterrupted", draw(words)) if kind == "failed" else ("", "")
    roles = draw(st.lists(st.sampled_from(["system", "user", "assistant"]), max_size=3))
    told = [Told(role, draw(TEXTS)) for role in roles]
    if draw(st.booleans()):
        told.append(Told("assistant", draw(st.none() | TEXTS)))
    return Entry(
        source="Printer",
        label="127.0.0.1:1",
        url="http://127.0.0.1:1",
        idempotent=draw(st.booleans()),
        told=(*told, Told("user", draw(TEXTS))),
        exchanges=sent,
        ending=Ending(kind, now + draw(MS), *said),
    )


@given(st.lists(entries(), max_size=4))
def test_what_is_written_is_read_again(written) -> None:
    cassette = Cassette()
    for entry in written:
        cassette = cassette.put(entry)
    text = cassette.text()
    read = parse(text, name="a.cassette")
    assert read.entries == cassette.entries
    assert read.text() == text
    # A checkout of Windows may have changed the ends of lines.
    assert parse(text.replace("\n", "\r\n"), name="a.cassette").entries == cassette.entries


@given(st.lists(st.text()), st.text())
def test_events_are_written_and_read_again(texts, name) -> None:
    events = [*map(TextDelta, texts), Usage(1), ToolCallDelta("c", name, "{}", is_whole=True)]
    events += [TextDelta("\ud83d"), StreamEnd(name), StreamEnd()]
    lines = [json_of(event) for event in events]
    assert [event_of(line) for line in lines] == events
    assert not any(b"\n" in line for line in lines)


def test_the_text_is_one_to_read() -> None:
    data = b'data: {"token":"H\xc3\xa4"}\n\ndata: half a li'
    entry = Entry(
        source="OpenAIChat",
        label="gpt",
        model="gpt",
        url="https://api.example/v1",
        told=(Told("system", "Teach.\n\nWell."), Told("user", "What\r\nis it? ")),
        exchanges=(
            Exchange(
                5,
                "POST",
                "https://api.example/v1/chat/completions",
                200,
                312,
                (("content-type", "text/event-stream"),),
                [Chunk(315, data), Chunk(315, b"ne\r\n\r\n\xff\x00%")],
                "ReadError",
                1000,
            ),
        ),
        ending=Ending("failed", 1001, "StreamInterrupted", "it broke off"),
    )
    assert Cassette().put(entry).text() == (
        """printer-widget cassette 1

== What is it?
from: OpenAIChat
model: gpt
url: https://api.example/v1

-- system
| Teach.
|
| Well.
-- user
|| What
~ is it? %0A

+5 ms
-- request POST https://api.example/v1/chat/completions
+307 ms
-- response 200
content-type: text/event-stream
+3 ms
| data: {"token":"Hä"}
|
> data: half a li
+0 ms
|| ne
||
~ %FF%00%25
+685 ms
-- broke ReadError
+1 ms
-- failed StreamInterrupted: it broke off
"""
    )


def test_comments_and_blank_lines_stay_where_other_turns_change() -> None:
    written = FINE.replace("-- complete", "# keep me\n\n-- complete")
    other = parse(FINE.replace("| Hi", "| Ho"), name="b").entries[0]
    text = parse(f"{written}\n", name="a").put(other).text()
    assert text.startswith(written)
    assert parse(text, name="a").entries[1] == other


# ── What is kept of a response ─────────────────────────────────────────────────────────────────

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_headers_without_cookies_ids_and_dates_are_kept() -> None:
    headers = [
        ("Content-Type", "text/event-stream;  charset=utf-8"),
        ("Date", "Sun, 22 Nov 2026 12:00:00 GMT"),
        ("Set-Cookie", "session=1"),
        ("X-Request-Id", "1"),
        ("X-RateLimit-Remaining", "7"),
        ("Retry-After", "Sun, 22 Nov 2026 12:00:30 GMT"),
    ]
    assert kept(headers, NOW) == (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("x-ratelimit-remaining", "7"),
        ("retry-after", "30"),
    )
    assert kept([("Retry-After", "soon")], NOW) == (("retry-after", "soon"),)


# ── What cannot be read ────────────────────────────────────────────────────────────────────────

FINE = f"""{HEADER}

== Hi
from: Printer
url: http://127.0.0.1:1
-- user
| Hi
-- request POST http://127.0.0.1:1/api/chat/stream
-- response 200
content-type: text/event-stream
+3 ms
| event: message
| data: {{"token":"Hi"}}
|
-- complete
"""
EVENTS = FINE[: FINE.index("-- request")] + '-- events\n| {"event":"StreamEnd"}\n-- complete\n'


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (FINE, "", None, "a.cassette is empty: expected 'printer-widget cassette 1' in line 1"),
        (HEADER, "{}", 1, "this is no cassette: expected 'printer-widget cassette 1', got '{}'"),
        (HEADER, "printer-widget cassette 2", 1, "another version of the format: expected"),
        ("== Hi\n", "", 3, "expected == and the first turn, got 'from: Printer'"),
        ("from: Printer\n", "", 3, "does not say what answered: expected from: and a name"),
        ("from:", "form:", 4, "expected one of from, label, model, url, idempotent, got 'form'"),
        ("| Hi\n", "Hi\n", 7, "expected text after | or >, a time as +18 ms, or a section"),
        ("| Hi\n", "|Hi\n", 7, "expected a space after |, got '|Hi'"),
        ("| Hi\n", "~ 100%\n", 7, "expected two hexadecimal digits after each %"),
        ("| Hi\n", "| Hi\n\n| Ho\n", 9, "expected no gap in a text"),
        ("-- user", "-- users", 6, "expected -- and system, user, assistant"),
        ("-- user", "-- user as recorded", 6, "expected nothing after -- user, got 'as recorded'"),
        ("-- user", "-- assistant", 3, "this turn has no question: expected -- user"),
        ("-- request POST", "-- request", 8, "expected a method and a URL after -- request"),
        ("-- response 200", "-- response OK", 9, "expected one -- response for each -- request"),
        ("-- response 200", "-- closed", 9, "expected -- closed after a response, or -- broke"),
        ("-- response 200", "-- broke", 9, "expected -- closed after a response, or -- broke"),
        ("-- complete", "-- broke X\n-- closed", 16, "expected -- request before -- closed"),
        ("+3 ms", "+3 s", 11, "expected text after | or >, a time as +18 ms"),
        ("| data", "data", 13, "expected text after | or >"),
        ("-- complete", "-- user\n| Ho", 15, "expected -- user above the answer"),
        ("-- complete\n", "", 3, "this turn has no ending: expected -- complete, -- stopped or"),
        ("-- complete", "-- complete\n-- stopped", 16, "expected nothing after the ending"),
        ("-- complete\n", f"-- complete\n{FINE[27:]}", 16, "is recorded in line 3 already: delete"),
        ("url: http", "url: |http\n| x\nurl: ", 6, "expected text only where something was told"),
        (FINE, EVENTS.replace("StreamEnd", "End"), 9, "no event of an answer: expected"),
        (FINE, EVENTS.replace('"}', '","x":1}'), 9, "a StreamEnd has message_id"),
        (FINE, EVENTS.replace("{", ""), 9, "no event of an answer: "),
        (FINE, EVENTS.replace("{", "[" * 99_999), 9, "no event of an answer: "),
        (FINE, EVENTS.replace('End"', 'End","message_id":1'), 9, "message_id must be str | None"),
        (FINE, EVENTS, 3, "answered by Printer: expected -- request, got -- events"),
        ("from: Printer", "from: events", 3, "answered by events: expected -- events, got -- req"),
        ("-- complete", "-- complete now", 15, "expected nothing after -- complete, got 'now'"),
        ("-- complete", "-- failed", 15, "expected what it failed with after -- failed, such as"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(old, new, line, says) -> None:
    assert FINE.count(old) >= 1
    where = "" if line is None else f"a.cassette, line {line}: "
    with pytest.raises(CassetteError) as caught:
        parse(FINE.replace(old, new, 1), name="a.cassette")
    assert str(caught.value).startswith(where)
    assert says in str(caught.value)


def test_an_answer_as_recorded_that_is_not_recorded_is_named(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    more = FINE[27:].replace("| Hi", "| Hi\n-- assistant as recorded\n-- user\n| Ho", 1)
    path.write_text(FINE + more, "utf-8")
    assert len(load(path, "a.cassette").entries) == 2
    path.write_text(HEADER + "\n" + more, "utf-8")
    with pytest.raises(
        CassetteError, match=r"a\.cassette, line 2: .* no turn of this file records"
    ):
        load(path, "a.cassette")


def test_a_file_that_is_no_text_or_no_file_is_named(tmp_path) -> None:
    path = tmp_path / "a.cassette"
    path.write_bytes(FINE.encode() + b"\n\xff\n")
    with pytest.raises(CassetteError, match=r"a\.cassette, line 17: this is no UTF-8 text"):
        load(path, "a.cassette")
    with pytest.raises(CassetteError, match="is a folder"):
        load(tmp_path, "folder")
    assert load(tmp_path / "none", "none").entries == ()


@given(st.text() | TEXTS.map(lambda text: f"{HEADER}\n== x\n{text}"))
def test_no_text_is_an_error_of_another_kind(text) -> None:
    with suppress(CassetteError):
        parse(text, name="a.cassette")
