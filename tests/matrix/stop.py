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
from browser.notebook import BUSY, PATIENCE_MS, Notebook  # noqa: E402
from chromium import find_chromium  # noqa: E402
from matrix.environments import JUPYTER_PATH, kernel_environment, kernel_name  # noqa: E402
from matrix.trial import CELLS, Outcome, Trials  # noqa: E402

KERNELS = ("6.31", "7.0", "7.3", "7.4")
FRONT_ENDS = {"JupyterLab": "lab/tree", "Notebook": "notebooks"}
DEAF = {"6.31"}
"""Those without subshells, which hear nothing while a cell runs."""

LIMIT_MS = 250
MARKS = ("<!-- make matrix: begin -->\n", "<!-- make matrix: end -->\n")

Row = dict[str, Outcome]
Rows = dict[tuple[str, str], Row]


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


def table(rows: Rows) -> str:
    """Return the Markdown table of all rows, and what is true of all of them."""
    lines = ["| ipykernel | in | " + " | ".join(CELLS) + " |", "|---|---|" + "---|" * len(CELLS)]
    for (kernel, front_end), row in rows.items():
        # "4.6" of "4.6.6"
        release = ".".join(version(front_end.lower()).split(".")[:2])
        shown = [say(outcome) for outcome in row.values()]
        lines.append("| " + " | ".join([kernel, f"{front_end} {release}", *shown]) + " |")
    outcomes = [outcome for row in rows.values() for outcome in row.values()]
    drawn = sum(outcome.is_drawn for outcome in outcomes)
    growing = f"The answer went on growing on the screen in {drawn} of {len(outcomes)} cases."
    return "\n".join([*lines, "", growing, ""])


def say(outcome: Outcome) -> str:
    """Return how long it took until the server saw the disconnect."""
    return "after the cell" if outcome.heard_ms is None else f"{outcome.heard_ms:.0f} ms"


def faults(rows: Rows) -> list[str]:
    """Return what is not as it should be, as sentences."""
    found = []
    for (kernel, front_end), row in rows.items():
        for doing, outcome in row.items():
            case = f"ipykernel {kernel}, {front_end}, {doing}"
            if outcome.heard_ms is None and (kernel not in DEAF or CELLS[doing] is None):
                found.append(f"{case}: Stop was not heard before the cell's end")
            if outcome.heard_ms is not None and outcome.heard_ms > LIMIT_MS:
                found.append(f"{case}: Stop took {outcome.heard_ms:.0f} ms, not {LIMIT_MS}")
            if outcome.said not in {None, BUSY}:
                found.append(f"{case}: the view said {outcome.said!r}, not {BUSY!r}")
            if not outcome.is_drawn:
                found.append(f"{case}: the answer stood still on the screen")
            if not outcome.is_right:
                found.append(f"{case}: the text that was shown after Stop is not the right one")
    return found


def write_readme(text: str) -> None:
    """Put the table between its marks in README.md.

    Raises:
        ValueError: if the marks are not there, in this order.
    """
    readme = ROOT / "README.md"
    before, begin, rest = readme.read_text("utf-8").partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not begin or not end:
        raise ValueError(f"README.md has no place for the table: expected the lines {MARKS}")
    readme.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


def main() -> int:
    """Try all cases, print the table, and return how many faults there are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", choices=KERNELS, action="append", help="only this one")
    parser.add_argument("--front-end", choices=FRONT_ENDS, action="append", help="only this one")
    options = parser.parse_args()
    rows: Rows = {}
    with ExitStack() as stack:
        for kernel in options.kernel or KERNELS:
            kernel_environment(kernel)
        bench = Bench(stack)
        for kernel in options.kernel or KERNELS:
            for front_end in options.front_end or FRONT_ENDS:
                row = rows[kernel, front_end] = bench.measure(kernel, front_end)
                print(f"{kernel:5}{front_end:11}", *map(say, row.values()), sep="  ", flush=True)
    wrong = faults(rows)
    print("", table(rows), *wrong, sep="\n")
    if not (options.kernel or options.front_end):
        write_readme(table(rows))
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
