"""The Stop matrix: is a click heard, whatever the kernel, the front end and the running cell?

``make matrix`` tries each of 40 cases in a real browser, prints the table, and puts it into the
README. Kernels and front ends can be chosen: ``python tests/matrix/stop.py --kernel 6.31
--front-end Notebook`` prints those rows alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from browser.backend import TOKEN, Backend  # noqa: E402
from browser.conftest import CHROMIUM_FLAGS  # noqa: E402
from browser.lab import LabServer  # noqa: E402
from browser.notebook import PATIENCE_MS, Notebook  # noqa: E402
from chromium import find_chromium  # noqa: E402
from matrix.environments import JUPYTER_PATH, kernel_environment, kernel_name  # noqa: E402
from matrix.trial import CELLS, Outcome, Trials  # noqa: E402

KERNELS = ("6.31", "7.0", "7.3", "7.4")
FRONT_ENDS = {"JupyterLab": "lab/tree", "Notebook": "notebooks"}
LIMIT_MS = 250
MARKS = ("<!-- make matrix: begin -->\n", "<!-- make matrix: end -->\n")

Row = dict[str, Outcome]


class Bench:
    """One Jupyter server, one Chromium, one backend."""

    def __init__(self, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self._lab = LabServer(folder, kernels=JUPYTER_PATH)
        stack.callback(self._lab.close)
        self._backend = Backend()
        stack.callback(self._backend.close)
        playwright = stack.enter_context(sync_playwright())
        self._browser: Browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=CHROMIUM_FLAGS
        )
        stack.callback(self._browser.close)

    def measure(self, kernel: str, front_end: str) -> Row:
        """Try Stop in one page, in each state of the kernel."""
        name = f"{front_end}-{kernel}.ipynb"
        make_chat = (
            f"from printer_widget import ChatNode\n"
            f"chat = ChatNode({self._backend.url!r}, token={TOKEN!r})"
        )
        self._lab.write(name, Trials.cells(self._lab, name, make_chat), kernel=kernel_name(kernel))
        context = self._browser.new_context(viewport={"width": 1200, "height": 900})
        context.set_default_timeout(PATIENCE_MS)
        notebook = Notebook(
            self._lab, context, name, kernel=kernel_name(kernel), path=FRONT_ENDS[front_end]
        )
        try:
            notebook.open()
            trials = Trials(notebook, self._backend)
            return {doing: trials.run(doing) for doing in CELLS}
        finally:
            context.close()
            self._lab.end_kernel(notebook.kernel_id)


def shorten(full: str) -> str:
    """Return "4.6" of "4.6.6"."""
    return ".".join(full.split(".")[:2])


def table(rows: dict[tuple[str, str], Row]) -> str:
    """Return the Markdown table of all rows."""
    names = {name: f"{name} {shorten(version(name.lower()))}" for name in FRONT_ENDS}
    lines = ["| ipykernel | in | " + " | ".join(CELLS) + " |", "|---|---|" + "---|" * len(CELLS)]
    for (kernel, front_end), row in rows.items():
        shown = [say(row[doing]) for doing in CELLS]
        lines.append("| " + " | ".join([kernel, names[front_end], *shown]) + " |")
    return "\n".join(lines) + "\n"


def say(outcome: Outcome) -> str:
    """Return what one case's place in the table holds."""
    heard = "after the cell" if outcome.heard_ms is None else f"{outcome.heard_ms:.0f} ms"
    wrong = [] if outcome.is_right else ["wrong text"]
    if not outcome.is_drawn:
        wrong.append("not drawn")
    return ", ".join([heard, *wrong])


def write_readme(text: str) -> None:
    """Put the table between its marks in README.md.

    Raises:
        ValueError: if the marks are not there, in this order.
    """
    readme = ROOT / "README.md"
    before, begin, rest = readme.read_text("utf-8").partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not begin or not end:
        raise ValueError(f"README.md has no place for the table: expected {MARKS}")
    readme.write_text(before + begin + text + end + after, "utf-8")


def main() -> int:
    """Try, print, and say by the exit status whether all of it is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", choices=KERNELS, action="append", help="only this one")
    parser.add_argument("--front-end", choices=FRONT_ENDS, action="append", help="only this one")
    options = parser.parse_args()
    kernels, front_ends = options.kernel or KERNELS, options.front_end or FRONT_ENDS
    for kernel in kernels:
        kernel_environment(kernel)
    rows = {}
    with ExitStack() as stack:
        bench = Bench(stack)
        for kernel in kernels:
            for front_end in front_ends:
                rows[kernel, front_end] = row = bench.measure(kernel, front_end)
                said = {outcome.said for outcome in row.values()} - {None}
                print(f"{kernel} {front_end}:", *map(say, row.values()), *said, sep="  ")
    print(f"\n{table(rows)}")
    if not (options.kernel or options.front_end):
        write_readme(table(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
