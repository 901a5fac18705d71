"""What HTML shows, and every harm that it could do, by the standard library's parser alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

Allowed = Mapping[str, Mapping[str, str]]
"""By tag, by attribute, a pattern of what its value may be."""

_STYLE = r"[A-Za-z0-9 :;.,%()-]*"
_TEXT_TAG = {"style": _STYLE}

TRANSCRIPT: Allowed = {
    "b": {},
    "bdi": {},
    "code": _TEXT_TAG,
    "details": {},
    "div": {"class": "printer-transcript"},
    "em": {},
    "p": _TEXT_TAG,
    "pre": {"class": "printer-text", "dir": "auto", **_TEXT_TAG},
    "section": {"class": "printer-message", **_TEXT_TAG},
    "span": {"title": r"U\+[0-9A-F]{4,5}", **_TEXT_TAG},
    "summary": {},
}
"""What a transcript's own HTML may be made of."""


class Shown(HTMLParser):
    """Reads HTML.

    Attributes:
        harms: each tag, attribute or value that is not allowed.
        texts: the text of each message, without the line break that belongs to its tag.
    """

    def __init__(self, html: str, allowed: Allowed = TRANSCRIPT) -> None:
        super().__init__(convert_charrefs=True)
        self.harms: list[str] = []
        self.texts: list[str] = []
        self._allowed = allowed
        self._is_text = False
        self._folded = 0
        self.feed(html)
        self.close()
        self.texts = [text.removeprefix("\n") for text in self.texts]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self._allowed:
            self.harms.append(f"<{tag}>")
            return
        for name, value in attrs:
            pattern = self._allowed[tag].get(name)
            if pattern is None or not re.fullmatch(pattern, value or "", re.DOTALL):
                self.harms.append(f"<{tag} {name}={value!r}>")
        self._folded += tag == "details"
        if tag == "pre" and not self._folded:
            self._is_text = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._folded -= tag == "details"
        if tag == "pre":
            self._is_text = False

    def handle_data(self, data: str) -> None:
        if self._is_text:
            self.texts[-1] += data

    def handle_comment(self, data: str) -> None:
        self.harms.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.harms.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.harms.append(f"<?{data}>")
