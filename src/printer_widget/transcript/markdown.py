"""A conversation as Markdown that reads well, is inert in any renderer, and can be read back.

Each message is a heading, a comment with all that is known of it but its text, and its text::

    ### Assistant

    <!-- printer_widget message {"id": "…", "role": "assistant", …} -->

    The text, as it was written but for what is said below.

    <!-- printer_widget end -->

A message's text stays Markdown, but cannot make a tag, a picture or a link whose address is out of
sight. Renderers differ in what they take for code or formulas, so that this must not depend on
where in the text a thing stands. Three pairs of characters are broken by an entity, wherever they
are: ``<`` before what may begin a tag, ``](`` and ``]:``. An entity that was there already gets
another ``&amp;`` in front, so that all of it can be taken back. Formulas are left to the renderer:
one that takes TeX's ``\\href`` makes a link of it.

In code an entity would be seen as such. So a code span or a fenced block that has such a pair
becomes ``<code>`` or ``<pre>``, every special character in it an entity; the ``<pre>`` notes its
fences. Tags of ours are the only ones there are, and a text cannot forge one, nor a comment.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from ..conversation import Message
from .data import VERSION, clean, read_messages
from .words import shown_with, when, who

_TITLE = re.compile(r"<!-- printer_widget transcript (\{[^\n]*\}) -->\n")
_BEGIN = "<!-- printer_widget message {"
_END = "<!-- printer_widget end -->"
_ABOUT = re.compile(r"^<!-- printer_widget message (\{[^\n]*\}) -->\n\n", re.MULTILINE)
_ENDING = re.compile(rf"\n\n{_END}$", re.MULTILINE)

_ACTIVE = re.compile(r"<(?=[A-Za-z/!?])|\]\(|\]:|&(?=(?:amp;)*(?:lt;|#40;|#58;))")
_BROKEN = {"<": "&lt;", "](": "]&#40;", "]:": "]&#58;", "&": "&amp;"}
_ENTITY = re.compile(r"&(?:(amp;)((?:amp;)*(?:lt;|#40;|#58;))|(lt;|#40;|#58;))")
_MENDED = {"lt;": "<", "#40;": "(", "#58;": ":"}

_OPENING = re.compile(r" {0,3}(`{3,}|~{3,})([^`\n]*)\n?")
_SPAN = re.compile(r"(?<![`\\])`([^`\n]+)`(?!`)")
_OURS = re.compile(
    r'<pre(?: lang="[^"]*")? data-open="([^"]*)" data-close="([^"]*)"><code>([^<]*)</code></pre>'
    r"|<code>([^<]*)</code>"
)
_SPECIAL = re.compile(r"""[&<>"`*_\[\]~\\|$@^{}]""")
_NUMBER = re.compile(r"&#([0-9]{1,7});")


def to_markdown(title: str, messages: Iterable[Message]) -> str:
    """Return the conversation as Markdown."""
    about = {"version": VERSION, "title": title}
    heading = f"# {_line(title)}\n"
    return f"{_comment('transcript', about)}\n{heading}" + "".join(map(_message, messages))


def from_markdown(text: str) -> tuple[str | None, tuple[Message, ...]]:
    """Return title and messages of what :func:`to_markdown` made.

    Raises:
        ValueError: if it is not that, or was changed so that it cannot be read.
    """
    if "\n" not in text.replace("\r\n", ""):  # git may have given all lines Windows' ends
        text = text.replace("\r\n", "\n")
    head = _TITLE.match(text)
    if head is None:
        raise ValueError(
            "expected Markdown that Transcript.to_markdown made, which begins with "
            "'<!-- printer_widget transcript'; other Markdown does not say who said what"
        )
    title = _parsed(head[1]).get("title")
    found = list(_messages(text))
    if len(found) != text.count(_BEGIN):
        raise ValueError(
            f"a message has lost its end: expected a blank line and '{_END}' below its text"
        )
    entries = [{**_parsed(about), "content": clean(active(said))} for about, said in found]
    return title if isinstance(title, str) else None, read_messages(entries)


def inert(text: str) -> str:
    """Return Markdown that shows ``text`` and can do nothing."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    parts: list[str] = []
    fence: re.Match[str] | None = None
    at = 0
    while at < len(lines):
        begin = at
        while at < len(lines) and not (fence := _OPENING.fullmatch(lines[at])):
            at += 1
        parts.append(_prose("".join(lines[begin:at])))
        if at < len(lines) and fence is not None:
            end = at + 1
            while end < len(lines) and not _closes(lines[end], fence[1]):
                end += 1
            parts.append(_fenced(lines[at], "".join(lines[at + 1 : end]), lines[end : end + 1]))
            at = end + 1
    return "".join(parts)


def active(text: str) -> str:
    """Return what :func:`inert` was given."""
    done, parts = 0, []
    for found in _OURS.finditer(text):
        opening, closing, block, span = found.groups()
        parts.append(_ENTITY.sub(_mended, text[done : found.start()]))
        parts.append(_plain(opening + block + closing) if span is None else f"`{_plain(span)}`")
        done = found.end()
    return "".join([*parts, _ENTITY.sub(_mended, text[done:])])


def _messages(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is known of each message, and its text, up to the first that has no end."""
    at = 0
    while (about := _ABOUT.search(text, at)) and (end := _ENDING.search(text, about.end())):
        yield about[1], text[about.end() : end.start()]
        at = end.end()


def _message(message: Message) -> str:
    about = message.to_dict()
    del about["content"]
    head = filter(None, [who(message), _line(message.model or ""), _line(when(message))])
    notes = [
        *(f"with {_line(shown_with(item))}" for item in message.context),
        *(f"asks for the tool {_line(tool['name'])}" for tool in message.tools),
        *([_line(message.note)] if message.note else []),
        *([f"[{_line(message.ending)}]"] if message.ending else []),
    ]
    parts = [f"### {' · '.join(head)}", _comment("message", about), inert(message.content), _END]
    return "\n" + "\n\n".join([*parts, *(f"*{note}*" for note in notes)]) + "\n"


def _comment(kind: str, data: dict[str, Any]) -> str:
    packed = json.dumps(data, ensure_ascii=False)
    # Only strings have these signs; without them no comment ends early or begins in another.
    for sign in "<>&`":
        packed = packed.replace(sign, f"\\u{ord(sign):04x}")
    return f"<!-- printer_widget {kind} {packed} -->"


def _parsed(packed: str) -> dict[str, Any]:
    try:
        found = clean(json.loads(packed))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"the comment above a message is no JSON any more: {error}") from error
    return found if isinstance(found, dict) else {}


def _closes(line: str, fence: str) -> bool:
    mark = line.strip()
    return mark.startswith(fence) and not mark.strip(fence[0])


def _prose(text: str) -> str:
    done, parts = 0, []
    for span in _SPAN.finditer(text):
        if _ACTIVE.search(span[1]):
            parts += [_broken(text[done : span.start()]), f"<code>{_numbers(span[1])}</code>"]
            done = span.end()
    return "".join([*parts, _broken(text[done:])])


def _fenced(opening: str, body: str, closing: list[str]) -> str:
    """Return a fenced block; one without its end (no ``closing``) must not take in the rest."""
    whole = "".join([opening, body, *closing])
    if closing and not _ACTIVE.search(whole):
        return whole
    language = re.match(r"\W*([\w+#.-]+)", opening)
    lang = f' lang="{language[1]}"' if language else ""
    last = "".join(closing).removesuffix("\n")
    marks = f'data-open="{_attribute(opening)}" data-close="{_attribute(last)}"'
    after = "\n" if last and closing[0] != last else ""
    return f"<pre{lang} {marks}><code>{_numbers(body)}</code></pre>{after}"


def _attribute(text: str) -> str:
    return _numbers(text).replace("\n", "&#10;")


def _broken(text: str) -> str:
    return _ACTIVE.sub(lambda found: _BROKEN[found[0]], text)


def _mended(entity: re.Match[str]) -> str:
    return f"&{entity[2]}" if entity[1] else _MENDED[entity[3]]


def _line(text: str) -> str:
    """Return ``text`` on one line, without any Markdown in it."""
    return _numbers(" ".join(text.split()))


def _numbers(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", text)


def _plain(text: str) -> str:
    return _NUMBER.sub(_character, text)


def _character(number: re.Match[str]) -> str:
    code = int(number[1])
    return chr(code) if code <= sys.maxunicode else number[0]
