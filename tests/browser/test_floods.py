"""A stream that is more than its way to the screen can take arrives late, and whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.backend import TOKEN, Answer, Backend, cut
from browser.cable import Cable
from browser.lab import LabServer
from browser.notebook import Chat, Notebook, OpenNotebook
from rows import Note

TEXT = "".join(f"{at}: 𝔘𝔫𝔦 👩🏽‍🚀 e\u0301 שלום a\u2028b\r\n" for at in range(400))
TOKENS = cut(TEXT, 7)

CHATS = 20

_LENGTHS = """() => Array.from(document.querySelectorAll("[data-phase]"), (host) =>
  host.shadowRoot.querySelector("[data-role=assistant] [part=content]")?.source.length ?? 0)"""


@pytest.fixture
def strict_lab(limit: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    option = f"--ZMQChannelsWebsocketConnection.iopub_msg_rate_limit={limit}"
    server = LabServer(tmp_path_factory.mktemp("strict"), option)
    yield server
    server.close()


@pytest.mark.parametrize("limit", [pytest.param(20, marks=pytest.mark.long), 5])
@pytest.mark.flood("Message-rate limit of the server set to {limit}/s")
def test_a_server_that_lets_few_messages_through_delays_the_answer_only(
    limit: int,
    strict_lab: LabServer,
    context: BrowserContext,
    backend: Backend,
    make_chat: str,
    row: Note,
) -> None:
    strict_lab.write("strict.ipynb", [make_chat + "\nchat"])
    notebook = Notebook(strict_lab, context, "strict.ipynb")
    came = _frames(notebook.page)
    notebook.open()
    notebook.run(0)
    chat = notebook.chat()
    answer = _ask(chat, backend)
    answer.say_all(TOKENS, per_second=500).wait(30)
    _finish(chat, answer, row)
    # A stream of ours stays within 20 messages a second.
    is_exceeded = any("IOPub message rate exceeded" in frame for frame in came)
    assert is_exceeded == (limit < 20)


@pytest.mark.flood("20 chats stream at once")
def test_many_chats_share_what_a_kernel_may_send(
    open_notebook: OpenNotebook, backend: Backend, row: Note
) -> None:
    make = (
        "from printer_widget import ChatNode\n"
        f"chats = [ChatNode({backend.url!r}, token={TOKEN!r}) for _ in range({CHATS})]\n"
        "display(*chats)"
    )
    ask = "turns = [chat.send(str(at)) for at, chat in enumerate(chats)]"
    notebook = open_notebook(make, ask)
    notebook.run(0)
    views = [notebook.chat(at) for at in range(CHATS)]
    notebook.run(1)
    answers = [backend.next_answer() for _ in range(CHATS)]
    answers.sort(key=lambda answer: int(answer.question["user_message"]))
    texts = [cut(TEXT[:4000].replace("𝔘", str(at)), 7) for at in range(CHATS)]
    sent = [a.say_all(text, per_second=150) for a, text in zip(answers, texts, strict=True)]
    views[-1].wait_to_grow(len(TEXT[:2000]))
    lengths = notebook.page.evaluate(_LENGTHS)
    assert len(lengths) == CHATS
    assert min(lengths) > max(lengths) / 2
    for each in sent:
        each.wait(60)
    row.begin()
    for answer in answers:
        answer.end()
    for view, answer in zip(views, answers, strict=True):
        view.wait("ended")
        view.wait_for_text(answer.text)
    row.end(views[0].status.inner_text())


@pytest.mark.parametrize(
    "tokens",
    [50_000, pytest.param(1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(400)])],
)
@pytest.mark.flood("{tokens:,} tokens of one character, as fast as they go")
def test_very_many_tokens_come_whole(tokens: int, chat: Chat, backend: Backend, row: Note) -> None:
    line = "Letters, and nothing but letters, as far as one can see.\n\n"
    text = (line * (tokens // len(line) + 1))[:tokens]
    answer = _ask(chat, backend)
    sent = answer.say_all(text, per_second=tokens)
    assert sent.wait(120)
    row.begin()
    answer.end()
    expect(chat.host).to_have_attribute("data-phase", "ended", timeout=240_000)
    row.end(chat.status.inner_text())
    chat.wait_for_text(text)


@pytest.mark.flood("CPU of the page throttled 6 times")
def test_a_slow_page_shows_everything(chat: Chat, backend: Backend, row: Note) -> None:
    throttle = chat.page.context.new_cdp_session(chat.page)
    throttle.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    answer = _ask(chat, backend)
    answer.say_all(TOKENS, per_second=1000).wait(30)
    _finish(chat, answer, row)


@pytest.mark.flood("Slow link: 50 kB/s, 300 ms")
def test_a_slow_link_delays_the_answer_only(
    behind_cable: Notebook, backend: Backend, cable: Cable, row: Note
) -> None:
    chat = behind_cable.chat()
    cable.slow_down(bytes_per_s=50_000, delay_s=0.3)
    answer = _ask(chat, backend)
    answer.say_all(TOKENS, per_second=500).wait(30)
    _finish(chat, answer, row)


def _frames(page: Page) -> list[str]:
    """Return what the page receives by WebSocket, from now on."""
    came: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda f: came.append(str(f))))
    return came


def _ask(chat: Chat, backend: Backend) -> Answer:
    chat.ask("Survive this")
    answer = backend.next_answer()
    chat.wait("waiting")
    chat.watch()
    return answer


def _finish(chat: Chat, answer: Answer, row: Note) -> None:
    """Check that every frame showed a prefix of what was sent, and the last one all of it."""
    row.begin()
    answer.end()
    chat.wait("ended")
    row.end(chat.status.inner_text())
    assert answer.text == TEXT
    chat.wait_for_text(TEXT)
    assert chat.texts("assistant") == [TEXT]
    assert all(TEXT.startswith(seen) for seen in chat.seen)
