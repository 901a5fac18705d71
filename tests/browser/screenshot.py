"""Take the pictures of the README: a real chat in real JupyterLab, light and dark.

``make screenshot`` writes docs/chat-light.png and docs/chat-dark.png.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from browser.conftest import CHROMIUM_FLAGS  # noqa: E402
from browser.lab import LabServer  # noqa: E402
from browser.notebook import Chat, Notebook  # noqa: E402

CELL = "from printer_widget import ChatNode\n\nchat = ChatNode()\nchat"
BUSY = "import time\n\ntime.sleep(3600)  # the chat streams on, and Stop works"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
SIZE = {"width": 1000, "height": 960}


def main() -> None:
    """Open a notebook, ask while a cell is busy, and take a picture with each theme."""
    with ExitStack() as stack:
        lab = LabServer(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.callback(lab.close)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=CHROMIUM_FLAGS
        )
        stack.callback(browser.close)
        for name, theme in THEMES.items():
            context = browser.new_context(viewport=SIZE, device_scale_factor=2)
            lab.write(f"{name}.ipynb", [CELL, BUSY])
            notebook = Notebook(lab, context, f"{name}.ipynb")
            notebook.open()
            page = notebook.page
            page.evaluate(
                """(theme) => {
                  jupyterapp.shell.collapseLeft();
                  jupyterapp.shell.collapseRight();
                  return jupyterapp.commands.execute("apputils:change-theme", { theme });
                }""",
                theme,
            )
            notebook.run(0)
            chat = Chat(page.locator("[data-phase]").first)
            chat.ask("Show me some code")
            notebook.start(1)
            chat.wait("ended")
            expect(chat.host.locator("[part~=keyword]").first).to_be_visible()
            page.locator(".jp-NotebookPanel").screenshot(path=ROOT / "docs" / f"chat-{name}.png")
            context.close()
            lab.end_kernel(notebook.kernel_id)


if __name__ == "__main__":
    main()
