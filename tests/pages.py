"""Browser pages with the real ``js/src/model.ts``, in a Node.js process that a test drives."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hatch_build import find_node

JS = Path(__file__).parent.parent / "js"


class Pages:
    """Pages by their names; their clock shows what the driver last said, in seconds.

    Attributes:
        shown: what there is to see of each page: see ``look`` in ``js/test/pages.ts``.
        sent: what each page has sent to the kernel since it was last taken.
        drawn: each live answer that a page's views had to draw since then: turn and text.
        due: when the next timer of any page is due; None for never.
        timers: how many timers are set.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.shown: dict[str, dict[str, Any]] = {}
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.drawn: list[tuple[str, str | None, str]] = []
        self.due: float | None = None
        self._next: float | None = None
        self.timers = 0

    def obey(self, command: str, *values: Any) -> None:
        """Let a page do something: see ``obey`` in ``js/test/pages.ts``."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([command, *values]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the pages' process has ended: its standard error says why"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        self.shown = answer["pages"]
        self.timers = answer["timers"]
        self._next = answer["next"]
        self.due = None if self._next is None else self._next / 1000
        for page, shown in self.shown.items():
            self.sent += [(page, content) for content in shown["sent"]]
            self.drawn += [(page, turn, text) for turn, text in shown["drawn"]]

    def advance(self, seconds: float) -> None:
        """Let the pages' time go on to ``seconds``, and what is due by then happen."""
        # 1000 * (ms / 1000) may be less than ms.
        is_due = self.due is not None and self.due <= seconds
        self.obey("advance", max(self._next, seconds * 1000) if is_due else seconds * 1000)

    def reset(self) -> None:
        """Close every page and begin anew at 0 seconds."""
        self.obey("reset")
        self.sent, self.drawn = [], []
        assert self.timers == 0, "a closed page has left a timer behind"


@contextmanager
def pages_process() -> Iterator[Pages]:
    """Start the process that holds the pages."""
    assert (JS / "node_modules").is_dir(), "js/ is not installed yet: run  make build"
    command = [str(find_node().folder / "node"), str(JS / "test" / "pages-process.mjs")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield Pages(process)
        assert process.stdin
        process.stdin.close()
