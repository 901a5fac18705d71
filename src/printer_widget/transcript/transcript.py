"""Transcript: a conversation that stands still, to be displayed, saved and loaded."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from ..batching import join_surrogates
from ..conversation import Message
from ..escaped import without_controls
from . import data, html, markdown
from .words import shown_with, who

_TITLE = "Conversation"

_SAVED = (".md", ".html", ".json", ".jsonl", ".txt")
_LOADED = (".json", ".jsonl", ".md")


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation as it stood: it needs no kernel, and changes no more.

    As the last line of a cell it shows itself everywhere, in the saved notebook too. What is
    displayed names no times and no ids, so that a notebook puts out the same in every run.

    Attributes:
        messages: the conversation; an answer that was still coming is the last one, as interrupted.
        title: what stands above it in a file.
    """

    messages: tuple[Message, ...] = ()
    title: str = _TITLE

    def to_markdown(self) -> str:
        """Return Markdown that shows the conversation, can do nothing, and can be loaded again."""
        return markdown.to_markdown(self.title, self.messages)

    def to_html(self) -> str:
        """Return a whole page: escaped, and with nothing in it that runs or loads."""
        return html.to_page(self.title, self.messages)

    def to_json(self) -> str:
        """Return one JSON document with all that is known of the messages."""
        return data.to_json(self.title, self.messages)

    def to_jsonl(self) -> str:
        """Return JSON Lines: one message a line. The title is left out."""
        return data.to_jsonl(self.messages)

    def to_text(self) -> str:
        """Return plain text: who said what, and how it ended; no times."""
        return "\n\n".join(map(_as_text, self.messages)) or "Nothing was said yet."

    def to_fallback(self, name: str) -> str:
        """Return HTML for where the chat ``name`` cannot be drawn; no times."""
        return html.to_fallback(name, self.messages)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the conversation in the format that the name's ending says.

        The formats are ``.md``, ``.html``, ``.json``, ``.jsonl`` and ``.txt``, in UTF-8; half a
        character, which no file can hold, becomes U+FFFD.

        Returns:
            The path.

        Raises:
            ValueError: if the name ends in none of these.
            OSError: if the file cannot be written.
        """
        file = Path(path)
        match file.suffix.lower():
            case ".md":
                text = self.to_markdown()
            case ".html":
                text = self.to_html()
            case ".json":
                text = self.to_json()
            case ".jsonl":
                text = self.to_jsonl()
            case ".txt":
                text = self.to_text() + "\n"
            case _:
                raise ValueError(
                    f"expected a name that ends in {', '.join(_SAVED)}, got {file.name!r}"
                )
        file.write_text(join_surrogates(text), encoding="utf-8", newline="")
        return file

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Transcript:
        """Read what :meth:`save` wrote as ``.json``, ``.jsonl`` or ``.md``.

        JSON of others is read, too, if it is a list of messages with ``role`` and ``content``.

        Raises:
            ValueError: if the name or what is in the file is none of these.
            OSError: if the file cannot be read.
        """
        file = Path(path)
        suffix = file.suffix.lower()
        if suffix not in _LOADED:
            raise ValueError(
                f"expected a file that ends in {', '.join(_LOADED)}, got {file.name!r}: "
                "the other formats are only to be read by people"
            )
        title: str | None = None
        try:
            text = file.read_bytes().decode("utf-8-sig")
            if suffix == ".jsonl":
                messages = data.from_jsonl(text)
            else:
                read = data.from_json if suffix == ".json" else markdown.from_markdown
                title, messages = read(text)
        except ValueError as error:
            raise ValueError(f"{file.name}: {error}") from error
        return cls(messages, _TITLE if title is None else title)

    def __repr__(self) -> str:
        """Return what was said, the same in every run."""
        return without_controls(self.to_text())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        # No text/markdown: readers of it load pictures, and the export to LaTeX would need pandoc.
        return {
            "text/plain": repr(self),
            "text/html": html.to_fragment(self.messages, times=False),
        }


def _as_text(message: Message) -> str:
    context = "".join(f", with {shown_with(item)}" for item in message.context)
    ending = f" [{message.ending}]" if message.ending else ""
    note = f"\n[{message.note}]" if message.note else ""
    return f"{who(message)}{ending}{context}:\n{message.content}{note}"
