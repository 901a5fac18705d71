"""Text as HTML: escaped, and set so that Markdown is easy to read as it was written. No I/O.

Every character is shown, in its order, markers included: what a reader sees is what was said. The
tags are ours and their attributes are constant, so that nothing in a text can become markup. There
is no link, no picture and no style sheet. Styles stand in the tags, because hosts take sheets away,
and say nothing of the colour of letters, so that light and dark pages both fit.

A library that renders Markdown would have to be told what not to do, and where it is not installed
the same notebook would put out something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

_FACE = "font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 0.93em; "
_TINT = "background: rgba(128, 128, 128, 0.14); "
_TEXT = "margin: 0.3em 0; padding: 0; border: 0; background: none; color: inherit; "
_TEXT += "font-family: inherit; font-size: 1em; line-height: 1.5; "
_TEXT += "white-space: pre-wrap; overflow-wrap: break-word; word-break: normal"
_CODE = f"{_FACE}{_TINT}display: block; padding: 0.4em 0.7em; color: inherit; white-space: pre-wrap"
_TABLE = f"{_FACE}background: none; display: block; padding: 0; color: inherit"
_WORD = f"{_FACE}{_TINT}padding: 0 0.2em; color: inherit"
_SIGN = "display: inline-block; border-left: 0.2em dotted"

_FENCE = re.compile(r"[ \t]*(`{3,}(?=[^`]*$)|~{3,})(.*)")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_INLINE = re.compile(r"(?<!`)(`[^`\n]+`)(?!`)|(\*\*[^\s*][^*\n]*\*\*)")
_BLANK = re.compile(r"\n(?=[^\S\n]*\n)")
# What changes the order of the letters around it, or is not seen at all; in code that misleads.
_UNSEEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")

_PICTURES = {at: 0x2400 + at for at in range(0x20) if chr(at) not in "\n\t"}
_PICTURES |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD) | {0x7F: 0x2421}


def text_as_html(text: str) -> str:
    """Return ``text`` as one ``<pre>``, whose text content is ``text``, code point for code point.

    HTML cannot hold NUL, which becomes U+FFFD; and the line break right after the tag belongs to
    the tag.
    """
    # With a blank line in it, HTML within Markdown would end there, and Markdown begin.
    inner = _BLANK.sub("&#10;", f"\n{''.join(_parts(text))}")
    return f'<pre class="printer-text" dir="auto" style="{_TEXT}">{inner}</pre>'


def escaped(text: str) -> str:
    """Return ``text``, on one line, for use between tags or within a quoted attribute."""
    return _lines(text).replace("\n", "&#10;")


def without_controls(text: str) -> str:
    """Return ``text`` for a terminal: control characters but tab and line feed as their pictures.

    A terminal obeys the others: they write over what was said, or into the clipboard.
    """
    return text.translate(_PICTURES)


def _lines(text: str) -> str:
    return escape(text).replace("\r", "&#13;").replace("\0", "\ufffd")


def _parts(text: str) -> Iterator[str]:
    for kind, lines in _blocks(text):
        joined = "".join(lines)
        if kind == "text":
            yield "".join(map(_line, lines))
        elif kind == "code":
            yield f'<code style="{_CODE}">{_code(joined)}</code>'
        else:
            yield f'<code style="{_TABLE}">{_lines(joined)}</code>'


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield runs of lines, each with its line break: fenced code, tables, and other text."""
    kind, lines, fence = "text", list[str](), ""
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        mark = _FENCE.match(line)
        if fence:
            lines.append(line)
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                yield kind, lines
                kind, lines, fence = "text", [], ""
            continue
        fence = mark[1] if mark else ""
        now = "code" if mark else "table" if line.startswith("|") else "text"
        if now != kind or fence:
            if lines:
                yield kind, lines
            kind, lines = now, []
        lines.append(line)
    if lines:
        yield kind, lines


def _line(line: str) -> str:
    if _HEADING.match(line):
        return f"<b>{_lines(line)}</b>"
    done, parts = 0, []
    for found in _INLINE.finditer(line):
        parts.append(_lines(line[done : found.start()]))
        code, strong = found[1], found[2]
        parts.append(f'<code style="{_WORD}">{_code(code)}</code>' if code else _strong(strong))
        done = found.end()
    return "".join([*parts, _lines(line[done:])])


def _strong(text: str) -> str:
    return f"<b>{_lines(text)}</b>"


def _code(text: str) -> str:
    return _UNSEEN.sub(_sign, _lines(text))


def _sign(unseen: re.Match[str]) -> str:
    # Within a box of its own, a character cannot turn round what stands beside it.
    character = unseen[0]
    return f'<span style="{_SIGN}" title="U+{ord(character):04X}">{character}</span>'
