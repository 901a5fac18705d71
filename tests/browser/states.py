"""A chat in each of its states, in real notebooks, for a look at all of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import expect

from browser.backend import TOKEN, Answer, Backend, Refusal
from browser.notebook import Chat, Notebook, OpenNotebook

QUESTION = "How do I keep a running mean of a long stream of numbers, without storing them?"
TEXT = """\
Keep two numbers: the count and the mean so far.[^1]

1. Add one to the count.
2. Move the mean towards the new number by the difference divided by the count.

```python
count += 1
mean += (number - mean) / count  # the difference, and a line that is too long for a narrow view
```

| Number | Count | Mean |
|-------:|------:|-----:|
|      3 |     1 |  3.0 |
|      5 |     2 |  4.0 |

- [x] It needs `O(1)` memory, see [the documentation](https://example.org/mean).
- [ ] It forgets nothing.

> **Note:** an emoji 👩🏽‍🚀, some עברית, and \
averylongwordthatdoesnotfitintoanarrowviewofthisconversation.

[^1]: This is Welford's method.
"""
SUGGESTIONS = ["What is a running mean?", "Show me some code", "Why not keep all the numbers?"]

_ONE = "ChatNode({url!r}, token={token!r}{more})"
_LESSON = "Lesson(max_turns=2, max_characters=100, log='answers.jsonl')"
_SAVE_WIDGETS = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
_IS_TOGGLED = "(name) => jupyterapp.commands.isToggled(name)"
_ANSWERED = """
from printer_widget.loop import turns
answer = dict(chat.messages[-1], id="detailed", model="example-4b",
              usage={"input_tokens": 1234, "output_tokens": 567},
              reasoning="A mean of a stream.\\nWelford's method fits: it keeps two numbers.",
              tools=[{"name": "search", "arguments": '{"query": "running mean"}'}])
turns.call(chat._chat._change, messages=(chat.messages[0], answer))"""


def chats_in_every_state(open_notebook: OpenNotebook, backend: Backend) -> dict[str, Chat]:
    """Return a chat in each state, by the state's name; the kernel of most of them is halted."""
    found = {"restored": _restored(open_notebook, backend), "gone": _gone(open_notebook, backend)}
    names = {
        "empty": "",
        "suggestions": f", suggestions={SUGGESTIONS!r}",
        "waiting": "",
        "streaming": "",
        "stopped": "",
        "complete": "",
        "error": "",
        "interrupted": "",
        "editing": "",
        "detailed": "",
        "long": "",
        "lesson": f", lesson={_LESSON}",
        "lesson over": f", lesson={_LESSON}, locale='de'",
        "German": ", locale='de', suggestions=['Was ist ein Mittelwert?']",
        "stopping": "",
        "reconnecting": "",
    }
    cells = [
        f"from printer_widget import ChatNode, Lesson\nchat = {_make(backend, more)}\nchat"
        for more in names.values()
    ]
    notebook = _open(
        open_notebook, *cells, "import os\nos.getpid()", "ChatNode()", _ANSWERED, "ChatNode()"
    )
    pid = len(cells)
    for at, name in enumerate(names):
        notebook.run(at)
        found[name] = notebook.chat(at)
        match name:
            case "waiting":
                _ask(found[name], backend)
            case "streaming" | "stopped" | "stopping":
                _ask(found[name], backend).say(TEXT[:420])
                found[name].wait("streaming")
            case "complete" | "editing" | "detailed" | "long":
                _answer(found[name], backend)
            case "lesson":
                _answer(found[name], backend)
                found[name].input.fill(f"{QUESTION} And why is that, please?")
            case "lesson over":
                _answer(found[name], backend)
                _answer(found[name], backend)
        if name == "detailed":
            notebook.run(pid + 2)
    for name in ("detailed", "long"):
        _look_into(name, found[name], backend)
    notebook.run(pid)
    notebook.run(pid + 1)
    found["demo"] = notebook.chat(len(cells))
    notebook.run(len(cells) + 3)
    found["menu"] = _with_conversations(notebook.chat(len(cells) + 1))
    found["stopped"].stop.click()
    found["stopped"].wait("stopped")
    found["editing"].host.locator("[part=edit]").click()
    found["streaming"].input.fill("A draft of what to ask next")
    found["error"].page.bring_to_front()
    with _refusing(backend):
        found["error"].ask(QUESTION)
        found["error"].wait("failed")
    answer = _ask(found["interrupted"], backend)
    answer.say(TEXT[:120])
    answer.break_off()
    found["interrupted"].wait("failed")
    backend.shut()
    found["reconnecting"].ask(QUESTION)
    found["reconnecting"].wait("reconnecting")
    # A kernel that is halted keeps them as they are.
    os.kill(int(notebook.output(pid)), signal.SIGSTOP)
    found["stopping"].stop.click()
    found["stopping"].wait("stopping")
    return found


def _restored(open_notebook: OpenNotebook, backend: Backend) -> Chat:
    notebook = _open(open_notebook, f"from printer_widget import ChatNode\n{_make(backend)}")
    notebook.run(0)
    _answer(notebook.chat(), backend)
    if not notebook.page.evaluate(_IS_TOGGLED, _SAVE_WIDGETS):
        notebook.command(_SAVE_WIDGETS)
    notebook.page.wait_for_function(_IS_TOGGLED, arg=_SAVE_WIDGETS)
    notebook.save()
    notebook.close_tab()
    notebook.lab.end_kernel(notebook.kernel_id)
    notebook.reopen()
    _make_room(notebook)
    chat = notebook.chat()
    expect(chat.status).to_contain_text("No kernel answers")
    return chat


def _gone(open_notebook: OpenNotebook, backend: Backend) -> Chat:
    exit_ = "import os\nos._exit(1)"
    notebook = _open(open_notebook, f"from printer_widget import ChatNode\n{_make(backend)}", exit_)
    notebook.run(0)
    chat = notebook.chat()
    _ask(chat, backend).say(TEXT[:120])
    chat.wait("streaming")
    notebook.start(1)
    chat.wait("lost")
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    return chat


def _open(open_notebook: OpenNotebook, *cells: str) -> Notebook:
    notebook = open_notebook(*cells)
    _make_room(notebook)
    return notebook


def _make_room(notebook: Notebook) -> None:
    notebook.page.set_viewport_size({"width": 1500, "height": 1000})
    notebook.page.evaluate(
        "() => { jupyterapp.shell.collapseLeft(); jupyterapp.shell.collapseRight(); }"
    )


def _make(backend: Backend, more: str = "") -> str:
    return _ONE.format(url=backend.url, token=TOKEN, more=more)


def _ask(chat: Chat, backend: Backend) -> Answer:
    chat.ask(QUESTION)
    return backend.next_answer()


def _answer(chat: Chat, backend: Backend) -> None:
    answer = _ask(chat, backend)
    answer.say(TEXT)
    answer.end()
    chat.wait("ended")


def _with_conversations(chat: Chat) -> Chat:
    for question in ("Hi", "Show me a table"):
        chat.host.locator("[part~=new]").click()
        chat.wait("idle")
        chat.ask(question)
        chat.wait("ended")
    button = chat.host.locator("[part~=conversations]")
    button.click()
    expect(chat.host.locator("[part~=conversation-list]").get_by_text("Hi")).to_be_visible()
    button.click()
    return chat


def _look_into(name: str, chat: Chat, backend: Backend) -> None:
    if name == "detailed":
        for part in ("reasoning", "tool"):
            chat.host.locator(f"[part={part}] summary").click()
        return
    answer = _ask(chat, backend)
    answer.say(TEXT * 2)
    answer.end()
    chat.wait("ended")
    chat.host.locator("[part=log]").hover()
    chat.page.mouse.wheel(0, -300)
    expect(chat.host.locator("[part=jump]")).to_be_visible()


@contextmanager
def _refusing(backend: Backend) -> Iterator[None]:
    backend.refusal = Refusal(500, '{"detail": "the model is overloaded"}')
    yield
    backend.refusal = None
