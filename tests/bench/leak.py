"""Show what 200 turns and 200 views cost a kernel and a page for good, in bytes.

In one run: turns of a chat with a server on loopback, that end in every way there is, in this
process; and views of a chat, closed and opened again, in real JupyterLab and real Chromium. What
is counted (tasks, sockets, listeners, objects) is held by tests/test_left_behind.py and
tests/browser/test_heap.py. ``python tests/bench/leak.py`` prints a table.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import tracemalloc
from pathlib import Path

import comm
import psutil
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from asking import ENDINGS, answer_as_asked, ask_many
from browser.conftest import CHROMIUM_FLAGS
from browser.heap import Heap
from browser.lab import LabServer
from browser.notebook import Notebook
from chromium import find_chromium
from comms import Page, RecordingComm
from printer_widget import ChatNode
from servers import serve_in_thread, source

TIMES = 200
CELL = "from printer_widget import ChatNode\nchat = ChatNode()\nawait chat.send('Hi')\nchat"

Row = tuple[str, int, int]


def turns() -> list[Row]:
    """Measure a process before and after the turns."""
    comm.create_comm = RecordingComm
    with serve_in_thread(answer_as_asked) as server:
        chat = ChatNode(source(server.url))
        page = Page(chat.comm)
        tracemalloc.start()
        ask_many(chat, page, len(ENDINGS))
        before = _memory()
        ask_many(chat, page, TIMES)
        server.requests.clear()  # what the test's own server has noted
        after = _memory()
        tracemalloc.stop()
        chat.close()
    names = (f"kernel, {TIMES} turns: RSS", f"kernel, {TIMES} turns: Python objects")
    return list(zip(names, before, after, strict=True))


def views() -> Row:
    """Measure a page before and after the views."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = LabServer(Path(folder))
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        try:
            lab.write("leak.ipynb", [CELL])
            notebook = Notebook(lab, browser.new_context(), "leak.ipynb")
            notebook.open()
            notebook.run(0)
            notebook.chat().wait("ended")
            heap = Heap(notebook.page)
            heap.redraw(10)
            before = heap.used
            heap.redraw(TIMES)
            return f"page, {TIMES} views: JavaScript heap", before, heap.used
        finally:
            browser.close()
            lab.close()


def _memory() -> tuple[int, int]:
    gc.collect()
    return psutil.Process().memory_info().rss, tracemalloc.get_traced_memory()[0]


if __name__ == "__main__":
    print(f"| | before | after | more, for each of {TIMES} |\n|---|---|---|---|")
    for name, before, after in [*turns(), views()]:
        each = (after - before) / TIMES
        print(f"| {name} | {before / 1e6:.1f} MB | {after / 1e6:.1f} MB | {each:,.0f} bytes |")
