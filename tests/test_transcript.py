"""A conversation that is kept comes back as it was, and reads well."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from printer_widget import Attachment, Message, Transcript
from printer_widget.transcript import markdown
from printer_widget.wire.limits import MAX_NAME
from shown import TRANSCRIPT, Shown

TIME = "2026-11-22T18:55:01.123+00:00"

# What a format could mistake for its own, or a renderer for more than text.
PIECES = [
    *("`", "```", "```py\n", "~~~", "    ", "\n", "\n\n", "\r\n", "\u2028", "\\", "$$", "|", "]"),
    *("<", "<b>", "</", "](", "]:", "&", "&amp;", "lt;", "&lt;", "&#40;", "&#10;", "-->", "}"),
    *("<code>", "</code></pre>", '<pre data-open="', "<!-- printer_widget message {", "### You"),
    "\n\n<!-- printer_widget end -->\n",
]
TEXTS = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)
OPTIONAL = st.none() | TEXTS
MESSAGES = st.builds(
    Message,
    id=st.uuids().map(str),
    role=st.sampled_from(["user", "assistant", "system"]),
    content=TEXTS,
    timestamp=TEXTS | st.just(TIME),
    status=st.sampled_from(["complete", "stopped", "interrupted", "error"]),
    conversation_id=OPTIONAL,
    error=OPTIONAL,
    note=OPTIONAL,
    model=OPTIONAL,
    reasoning=OPTIONAL,
    context=st.lists(
        st.builds(Attachment, name=TEXTS, kind=TEXTS, text=TEXTS, warning=OPTIONAL), max_size=2
    ).map(tuple),
    usage=st.none()
    | st.fixed_dictionaries({"input_tokens": st.integers(0), "output_tokens": st.integers(0)}),
    tools=st.lists(st.fixed_dictionaries({"name": TEXTS, "arguments": TEXTS}), max_size=2).map(
        tuple
    ),
)
TRANSCRIPTS = st.builds(
    Transcript,
    messages=st.lists(MESSAGES, max_size=4, unique_by=lambda message: message.id).map(tuple),
    title=TEXTS,
)


def message(content: str = "Hi", **fields: object) -> Message:
    return Message(
        **{"id": "m1", "role": "user", "content": content, "timestamp": TIME, **fields}  # type: ignore[arg-type]
    )


def load(folder: Path, name: str, text: str) -> Transcript:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return Transcript.load(folder / name)


# ── Round trips ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transcripts")


@given(transcript=TRANSCRIPTS)
def test_any_conversation_comes_back_from_json(folder: Path, transcript: Transcript) -> None:
    assert Transcript.load(transcript.save(folder / "a.json")) == transcript


@pytest.mark.slow
@given(transcript=TRANSCRIPTS)
def test_any_conversation_comes_back_from_json_lines(folder: Path, transcript: Transcript) -> None:
    assert Transcript.load(transcript.save(folder / "a.jsonl")).messages == transcript.messages


@pytest.mark.slow
@given(transcript=TRANSCRIPTS)
def test_any_conversation_comes_back_from_markdown(folder: Path, transcript: Transcript) -> None:
    assert Transcript.load(transcript.save(folder / "a.md")) == transcript


@pytest.mark.slow
@given(transcript=TRANSCRIPTS)
def test_html_shows_any_conversation_and_nothing_that_could_act(transcript: Transcript) -> None:
    page = Shown(transcript.to_html(), {**TRANSCRIPT, **PAGE})
    said = [message.content.replace("\0", "\ufffd") for message in transcript.messages]
    assert page.texts == said
    assert page.harms == ["<!doctype html>"]
    bundle = transcript._repr_mimebundle_()
    assert Shown(bundle["text/html"]).harms == []
    assert Shown(bundle["text/html"]).texts == said


PAGE = {
    "html": {"lang": "en"},
    "head": {},
    "title": {},
    "style": {},
    "body": {},
    "h1": {},
    "meta": {"charset": "utf-8", "name": r"[a-z-]+", "http-equiv": r"[A-Za-z-]+", "content": r".*"},
}


@given(TEXTS)
@example("&amp;lt;b>&#58; a[0]: b[1](2) <b>")
def test_markdown_is_made_inert_and_active_again(text: str) -> None:
    made = markdown.inert(text)
    assert markdown.active(made) == text
    ours = r'<pre(?: lang="[\w+#.-]*")? data-open="[^"<>]*" data-close="[^"<>]*">|</?code>|</pre>'
    rest = re.sub(ours, "", made)
    assert not re.search(r"<[A-Za-z/!?]|\]\(|\]:", rest)


# ── How it reads ───────────────────────────────────────────────────────────────────────────────

ANSWER = """Use `list[int]`, or `a[0]: b`:

```python
print("<b>")
```

- **one**
- [docs](https://example.org)"""

CONVERSATION = Transcript(
    (
        message("How?", context=(Attachment(name="sales", kind="DataFrame", text="a,b\n" * 300),)),
        message(ANSWER, id="m2", role="assistant", status="stopped", model="tiny-1"),
    ),
    "A lesson",
)

MARKDOWN = """\
# A lesson

### You · 2026-11-22 18:55 UTC

How?

*with sales (DataFrame, 1.2 kB)*

### Assistant · tiny-1 · 2026-11-22 18:55 UTC

Use `list[int]`, or <code>a&#91;0&#93;: b</code>:

<pre lang="python" data-open="&#96;&#96;&#96;python&#10;" data-close="&#96;&#96;&#96;"><code>\
print(&#34;&#60;b&#62;&#34;)
</code></pre>

- **one**
- [docs]&#40;https://example.org)

*[stopped]*
"""


def test_markdown_reads_as_markdown() -> None:
    without_comments = re.sub(r"<!--.*-->\n\n?", "", CONVERSATION.to_markdown())
    assert without_comments == MARKDOWN


def test_an_answer_that_broke_off_in_its_code_does_not_take_in_what_follows() -> None:
    made = Transcript((message("```py\nx = 1"), message("# Title", id="m2"))).to_markdown()
    assert "```" not in made
    assert "\n# Title\n" in made


TEXT = """\
You, with sales (DataFrame, 1.2 kB):
How?

Assistant [stopped]:
"""


def test_plain_text_names_speakers_context_and_ending() -> None:
    assert CONVERSATION.to_text() == TEXT + ANSWER
    assert repr(CONVERSATION) == CONVERSATION.to_text()


def test_html_has_context_folded_model_time_and_ending() -> None:
    html = CONVERSATION.to_html()
    assert "<details><summary><bdi>with sales (DataFrame, 1.2 kB)</bdi></summary><pre" in html
    assert "<b>Assistant</b> · <bdi>tiny-1</bdi> · <bdi>2026-11-22 18:55 UTC</bdi>" in html
    assert "<p><em>[stopped]</em></p>" in html
    assert "default-src &#x27;none&#x27;" in html or "default-src 'none'" in html


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:00-05:00", "soon", "24:00"]
)
def test_what_is_no_time_in_utc_is_shown_as_it_is_written(time: str) -> None:
    transcript = Transcript((message(timestamp=time),))
    assert f"<bdi>{time}</bdi>" in transcript.to_html()
    assert f"### You · {time}\n" in transcript.to_markdown()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "stopped"}, "[stopped]"),
        ({"status": "interrupted", "error": "it broke"}, "[interrupted: it broke]"),
        ({"status": "error", "error": "no key"}, "[failed: no key]"),
        ({"note": "It was cut short."}, "It was cut short."),
    ],
)
def test_every_format_says_how_an_answer_ended(fields: dict[str, str], said: str) -> None:
    transcript = Transcript((message("Hel", role="assistant", **fields),))
    for text in (transcript.to_html(), transcript.to_markdown(), transcript.to_text()):
        assert said in text


def test_what_is_displayed_is_the_same_in_every_run() -> None:
    later = Transcript((message(timestamp="2027-01-01T00:00:00+00:00", id="other"),))
    bundle = Transcript((message(),))._repr_mimebundle_()
    assert bundle == later._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}


def test_no_terminal_obeys_what_is_displayed() -> None:
    assert "\x1b" not in Transcript((message("a\x1b[2Jb"),))._repr_mimebundle_()["text/plain"]


def test_an_empty_conversation_says_so() -> None:
    assert repr(Transcript()) == "Nothing was said yet."
    assert "Nothing was said yet." in Transcript().to_html()


# ── Files ──────────────────────────────────────────────────────────────────────────────────────


def test_a_name_with_another_ending_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.md, \.html, \.json, \.jsonl, \.txt, got 'a\.pdf'"):
        CONVERSATION.save(tmp_path / "a.pdf")
    with pytest.raises(ValueError, match=r"ends in \.json, \.jsonl, \.md, got 'a\.html'"):
        Transcript.load(CONVERSATION.save(tmp_path / "a.html"))
    assert CONVERSATION.save(tmp_path / "a.TXT").read_text("utf-8").startswith("You, with sales")


def test_half_a_character_does_not_keep_a_conversation_from_being_saved(tmp_path: Path) -> None:
    half = Transcript((message("a \ud83d\ude00 \ud83d"),), "\udc00")
    for ending in (".json", ".jsonl", ".md", ".html", ".txt"):
        saved = half.save(tmp_path / f"a{ending}")
        assert "a 😀 \ufffd" in saved.read_text("utf-8")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.md"])
def test_a_byte_order_mark_that_an_editor_put_in_front_is_passed_over(
    tmp_path: Path, name: str
) -> None:
    text = CONVERSATION.save(tmp_path / name).read_text("utf-8")
    assert load(tmp_path, name, f"\ufeff{text}").messages == CONVERSATION.messages


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.md"])
def test_a_file_that_git_gave_other_line_ends_can_be_loaded(tmp_path: Path, name: str) -> None:
    text = CONVERSATION.save(tmp_path / name).read_text("utf-8")
    assert load(tmp_path, name, text.replace("\n", "\r\n")).messages == CONVERSATION.messages


def test_messages_of_others_need_no_more_than_role_and_content(tmp_path: Path) -> None:
    lines = '{"role": "user", "content": "Hi"}\n\n{"role": "assistant", "content": "Ho", "x": 1}\n'
    messages = load(tmp_path / ".", "a.jsonl", lines).messages
    assert [(one.id, one.content, one.status) for one in messages] == [
        ("m1", "Hi", "complete"),
        ("m2", "Ho", "complete"),
    ]
    assert load(tmp_path, "a.json", '[{"role": "user", "content": "Hi"}]').messages == messages[:1]


def test_halves_of_a_character_are_replaced_when_they_are_loaded(tmp_path: Path) -> None:
    loaded = load(tmp_path, "a.json", '[{"role": "user", "content": "\\ud83d\\ude00 \\ud83d"}]')
    assert loaded.messages[0].content == "😀 \ufffd"


def test_ids_that_are_made_are_none_that_were_given(tmp_path: Path) -> None:
    said = '"role": "user", "content": "Hi"'
    loaded = load(tmp_path, "a.json", f'[{{"id": "m2", {said}}}, {{{said}}}, {{{said}}}]')
    assert [one.id for one in loaded.messages] == ["m2", "m1", "m3"]


def test_an_id_that_no_browser_could_name_is_replaced(tmp_path: Path) -> None:
    """Such a message could not be deleted: its name would be too long for the command."""
    given = ["m" * MAX_NAME, "m" * (MAX_NAME + 1), "😀" * MAX_NAME, ""]
    entries = [{"id": one, "role": "user", "content": "Hi"} for one in given]
    loaded = load(tmp_path, "a.json", json.dumps(entries))
    assert [one.id for one in loaded.messages] == [given[0], "m1", "m2", "m3"]


HEAD = '<!-- printer_widget transcript {"version": 1} -->\n'
BEGIN = '<!-- printer_widget message {"role": "user"} -->\n\n'
END = "\n\n<!-- printer_widget end -->\n"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("&#55296;", "\ufffd"),
        ("&#55357;&#56832;", "😀"),
        ("&#99999999999999999999;", "&#99999999999999999999;"),
        ("&#1114112;&#1114111;", "&#1114112;\U0010ffff"),
    ],
)
def test_numbers_in_markdown_that_are_no_characters_are_no_harm(
    tmp_path: Path, written: str, said: str
) -> None:
    loaded = load(tmp_path, "a.md", f"{HEAD}{BEGIN}<code>{written}</code>{END}")
    assert loaded.messages[0].content == f"`{said}`"
    loaded.save(tmp_path / "b.json")


@pytest.mark.parametrize("ends", ["", END.strip() + "x\n\n", END])
def test_markdown_of_many_messages_without_ends_is_read_once(tmp_path: Path, ends: str) -> None:
    """Looking for the end of each to the end of the file would take half an hour."""
    many = 100_000
    with pytest.raises(ValueError, match="a message has lost its end"):
        load(tmp_path, "a.md", HEAD + BEGIN * many + ends * many)


GOOD = {"id": "m1", "role": "user", "content": "Hi", "timestamp": ""}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ([], "message 1: expected an object"),
        (GOOD | {"role": "bot"}, r'a role \(user, assistant, system\), got "bot"'),
        (GOOD | {"role": ["user"]}, "expected a role"),
        (GOOD | {"status": "streaming"}, "expected a status"),
        (GOOD | {"content": None}, "expected content as text, got null"),
        (GOOD | {"id": 1}, "expected id as text"),
        (GOOD | {"model": {}}, "expected model as text"),
        (GOOD | {"tools": [{"name": "x"}]}, "name, arguments as texts in each item of tools"),
        (GOOD | {"context": ["x"]}, "name, kind, text as texts in each item of context"),
        (GOOD | {"context": "x"}, "expected context as a list"),
    ],
)
def test_what_is_no_message_is_refused_by_its_place(
    tmp_path: Path, entry: object, said: str
) -> None:
    with pytest.raises(ValueError, match=f"a.jsonl: .*{said}"):
        load(tmp_path, "a.jsonl", json.dumps(entry))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "a.json: the file is no JSON"),
        ("a.json", "[" * 100_000, "the file is no JSON"),
        ("a.json", "1", 'expected an object with a list of "messages"'),
        ("a.json", '{"messages": [], "version": 2}', "expected version 1 of the format, got 2"),
        ("a.json", json.dumps([GOOD, GOOD]), "message 2 has the id 'm1', as another one has"),
        ("a.jsonl", "{}\n{", "line 2 is no JSON"),
        ("a.md", "# My notes", "expected Markdown that Transcript.to_markdown made"),
        ("a.md", CONVERSATION.to_markdown().replace(" end ", " "), "a message has lost its end"),
        ("a.md", CONVERSATION.to_markdown().replace('"id"', "id"), "is no JSON any more"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_why(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        load(tmp_path, name, text)
