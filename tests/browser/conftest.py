"""Real JupyterLab, real kernels, real Chromium: one server and one browser for all tests.

Each test gets a notebook, a kernel and a browser context of its own. What the browser's console
reports as an error fails the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from browser.backend import TOKEN, Backend
from browser.cable import Cable, Lossy
from browser.complaints import Complaints
from browser.lab import LabServer
from browser.notebook import PATIENCE_MS, Chat, Notebook, OpenNotebook
from chromium import find_chromium

HERE = Path(__file__).parent
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=PATIENCE_MS)

_stop_times: list[tuple[str, float]] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and run them last.

    Playwright's blocking interface leaves a running event loop behind in this thread, in which no
    test that is a coroutine could run.
    """
    mine = [item for item in items if HERE in item.path.parents]
    for item in mine:
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.timeout(120))
    items[:] = [item for item in items if item not in mine] + mine


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how long Stop took in each test that stopped something."""
    if _stop_times:
        terminalreporter.section("Stop: click in the browser until the server saw the disconnect")
        for name, milliseconds in _stop_times:
            terminalreporter.write_line(f"{milliseconds:7.1f} ms  {name}")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    server = LabServer(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def backend() -> Iterator[Backend]:
    server = Backend()
    yield server
    server.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 1200, "height": 900})
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def complaints(context: BrowserContext) -> Iterator[Complaints]:
    made = Complaints(context)
    yield made
    assert made.unexpected == []


@pytest.fixture
def open_notebook(
    lab: LabServer,
    context: BrowserContext,
    complaints: Complaints,
    request: pytest.FixtureRequest,
) -> Iterator[OpenNotebook]:
    opened: list[Notebook] = []

    def open_one(*cells: str, port: int | None = None) -> Notebook:
        name = f"{request.node.name[:60].replace('[', '-').replace(']', '')}-{len(opened)}.ipynb"
        lab.write(name, list(cells))
        notebook = Notebook(lab, context, name)
        opened.append(notebook)
        notebook.port = port or lab.port
        notebook.open()
        return notebook

    yield open_one
    for notebook in opened:
        lab.end_kernel(notebook.kernel_id)


@pytest.fixture
def make_chat(backend: Backend) -> str:
    """The cell that makes a chat with the test's backend."""
    return f"from printer_widget import ChatNode\nchat = ChatNode({backend.url!r}, token={TOKEN!r})"


@pytest.fixture
def chat(open_notebook: OpenNotebook, make_chat: str) -> Chat:
    """A chat with the test's backend, in a notebook of its own, that nothing was asked yet."""
    notebook = open_notebook(make_chat + "\nchat")
    notebook.run(0)
    return notebook.chat()


@pytest.fixture
def cable(lab: LabServer) -> Iterator[Cable]:
    made = Cable(lab.port)
    yield made
    made.close()


@pytest.fixture
def behind_cable(
    open_notebook: OpenNotebook,
    make_chat: str,
    cable: Cable,
    complaints: Complaints,
) -> Notebook:
    """A notebook with a chat, whose page reaches the server by the cable."""
    for part in (
        "WebSocket connection to",
        "Failed to load resource",
        "net::ERR_",
        "Failed to fetch",
    ):
        complaints.allow(part, because="the network is cut")
    notebook = open_notebook(make_chat + "\nchat", port=cable.port)
    notebook.run(0)
    return notebook


@pytest.fixture
def lossy(context: BrowserContext) -> Lossy:
    return Lossy(context)


@pytest.fixture
def note_stop(request: pytest.FixtureRequest) -> Callable[[float, float], float]:
    """Note a Stop from click to disconnect, both in s; return its milliseconds."""

    def note(clicked: float, gone: float) -> float:
        milliseconds = (gone - clicked) * 1000
        _stop_times.append((request.node.name, milliseconds))
        return milliseconds

    return note
