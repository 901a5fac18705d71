"""One click on Stop while the kernel does something, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from browser.backend import Answer, Backend
from browser.lab import LabServer
from browser.notebook import Notebook, wait_until

GROWTH = 100
"""How many more characters show that an answer goes on."""

DEAF_AFTER_S = 2.0
"""When a kernel that has not closed the connection is taken for deaf: long after any limit."""

SEND = "_ = await chat.send('Go on and on')"

CELLS: Mapping[str, str | None] = {
    "is idle": None,
    "awaits `chat.send`": SEND,
    "awaits something else": "while not free.exists(): await asyncio.sleep(0.2)",
    "sleeps": "while not free.exists(): time.sleep(0.2)",
    "computes": "while not free.exists(): sum(n * n for n in range(1_000_000))",
}
"""What the kernel does meanwhile; all but the answer's own cell go on until it is set free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one click did.

    Attributes:
        is_drawn: whether the answer grew on the screen while the kernel was at it.
        heard_ms: from the click until the server saw the disconnect; None where the kernel heard
            only after its cell.
        said: the view's sentence while the kernel did not hear; None where it heard.
        is_right: whether the text shown in the end is right: if the kernel heard, a beginning of
            what the server said; if not, what was on the screen at the click and nothing more.
    """

    is_drawn: bool
    heard_ms: float | None
    said: str | None
    is_right: bool


class Trials:
    """A notebook in which Stop is tried, once for each of ``CELLS``."""

    def __init__(self, notebook: Notebook, backend: Backend) -> None:
        self._notebook = notebook
        self._backend = backend
        self._free = _free(notebook.lab, notebook.name)
        notebook.run(0)
        self._chat = notebook.chat()

    @staticmethod
    def cells(lab: LabServer, name: str, make_chat: str) -> list[str]:
        """Return the cells of the notebook ``name``: the chat, then one for each of ``CELLS``."""
        head = f"import asyncio, time, pathlib\nfree = pathlib.Path({str(_free(lab, name))!r})"
        return [f"{head}\n{make_chat}\nchat", *(cell or "" for cell in CELLS.values())]

    def run(self, doing: str) -> Outcome:
        """Stop an answer while the kernel does what ``doing`` names."""
        at, cell = list(CELLS).index(doing) + 1, CELLS[doing]
        self._free.unlink(missing_ok=True)
        if cell == SEND:
            self._notebook.start(at)
        else:
            self._chat.ask("Go on and on")
        answer = self._backend.next_answer()
        answer.babble()
        self._chat.wait("streaming")
        if cell not in {None, SEND}:
            self._notebook.start(at)
        is_drawn = self._grows()
        clicked = self._chat.click_stop()
        if answer.gone.wait(DEAF_AFTER_S):
            heard_ms, said = (answer.gone_at - clicked) * 1000, None
            self._chat.wait("stopped")
            is_right = answer.text.startswith(self._chat.text)
            self._free.touch()
        else:
            heard_ms, said = None, self._chat.status.inner_text()
            is_right = self._set_free(answer, asks=cell == SEND)
        if cell is not None:
            self._notebook.wait_for_end(at)
        return Outcome(is_drawn=is_drawn, heard_ms=heard_ms, said=said, is_right=is_right)

    def _set_free(self, answer: Answer, *, asks: bool) -> bool:
        """Let a deaf kernel hear; return whether the view showed nothing more all the time."""
        shown, enough = self._chat.text, len(answer.text) + GROWTH
        wait_until(lambda: len(answer.text) > enough, lambda: "the backend fell silent")
        was_frozen = self._chat.text == shown
        if asks:
            answer.end()  # or the cell would wait for ever
        self._free.touch()
        self._chat.wait("stopped")
        return was_frozen and self._chat.text == shown

    def _grows(self) -> bool:
        try:
            self._chat.wait_to_grow(GROWTH)
        except AssertionError:
            return False
        return True


def _free(lab: LabServer, name: str) -> Path:
    return lab.root / f"{name}.free"
