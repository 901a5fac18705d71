"""Nothing that anyone else wrote runs, loads or places itself: in the live widget, in JupyterLab.

Lab's page has other scripts, styles and listeners than a bare one, and a kernel that can be asked.
Here the texts come the way they do come: as answers, questions, errors, titles, and as the state
that a notebook was saved with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from playwright.sync_api import BrowserContext, Request, expect

from browser.attacks import ATTACKS, CORPUS, HARM
from browser.lab import LabServer
from browser.notebook import Notebook, OpenNotebook, wait_until
from browser.test_attacks import CHECKER

CHAT = f"""
import json
from pathlib import Path
from printer_widget import ChatError, ChatNode

attacks = json.loads(Path({str(CORPUS)!r}).read_text())
kinds = sorted({{attack["kind"] for attack in attacks}} - {{"stress"}})
together = ["\\n\\n".join(a["text"] for a in attacks if a["kind"] == kind) for kind in kinds]
alone = [attack["text"] for attack in attacks if attack["kind"] != "stress"][::20]

def model(messages):
    text = messages[-1]["content"]
    for start in range(0, len(text), 97):
        yield text[start : start + 97]
    if text == "fail":
        raise RuntimeError({HARM!r})

model.__name__ = {HARM!r}
chat = ChatNode(model)
chat
"""

SAVE_STATE = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"

HOSTILE_URLS = ("evil.test", "a.test", "beacon", "shutdown", "token=x", "good.com", "data:text")


@pytest.fixture
def harm(lab: LabServer, context: BrowserContext) -> Iterator[Callable[[Notebook], list[str]]]:
    """What is wrong with a notebook's chats, and with all that its page did so far."""
    seen: list[str] = []

    def on_request(request: Request) -> None:
        is_ours = request.url.startswith((f"{lab.url}/", "data:", "blob:"))
        if not is_ours or any(part in request.url for part in HOSTILE_URLS):
            seen.append(f"request: {request.url}")

    context.on("request", on_request)
    context.on(
        "dialog", lambda dialog: (seen.append(f"dialog: {dialog.message}"), dialog.dismiss())
    )
    context.on("page", lambda page: seen.append(f"opened {page.url}") if pages() > 1 else None)

    def pages() -> int:
        return len(context.pages)

    def look(notebook: Notebook) -> list[str]:
        page = notebook.page
        page.add_script_tag(content=CHECKER.read_text())
        found: list[str] = page.evaluate(
            """() => [...document.querySelectorAll("[data-phase]")]
              .flatMap((host) => harmless.harmsOfView(host.shadowRoot))"""
        )
        page.wait_for_timeout(100)  # what an attack does, it does a little later
        ran = page.evaluate("String(window.pwned)")
        return [*sorted(set(found)), *seen, *([] if ran == "undefined" else [f"ran: {ran}"])]

    return look


def test_answers_questions_and_errors(
    open_notebook: OpenNotebook, harm: Callable[[Notebook], list[str]]
) -> None:
    notebook = open_notebook(
        CHAT,
        "for text in [*together, *alone]:\n    reply = await chat.send(text)\n"
        "print(len(chat.messages))",
        "try:\n    await chat.send('fail')\nexcept ChatError as error:\n    print(type(error))",
        "reply",
    )
    notebook.run(0)
    chat = notebook.chat()
    expect(chat.host.locator("header, [part=title]").first).to_contain_text(HARM)
    notebook.run(1)
    count = int(notebook.output(1))
    assert count >= 2 * (len(ATTACKS) // 25)
    chat.wait_for_answers(count // 2)
    chat.wait("ended")
    assert harm(notebook) == []

    notebook.run(2)
    chat.wait("failed")
    expect(chat.ending).to_contain_text(HARM)
    notebook.run(3)
    assert harm(notebook) == []
    assert chat.page.locator(".jp-OutputArea [onerror], .jp-OutputArea script").count() == 0


def test_titles_of_conversations(
    open_notebook: OpenNotebook, harm: Callable[[Notebook], list[str]]
) -> None:
    titles = [HARM, "<svg onload=window.pwned=1>", "\u202e</span><script>window.pwned=1</script>"]
    notebook = open_notebook("from printer_widget import ChatNode\nchat = ChatNode()\nchat")
    notebook.run(0)
    chat = notebook.chat()
    for title in titles:
        chat.ask(title)
        chat.wait("ended")
        chat.host.locator("[part~=new]").click()
        chat.wait("idle")
    chat.host.locator("[part~=conversations]").click()
    menu = chat.host.locator("[part~=conversation-list]")
    for title in titles[:2]:
        expect(menu.get_by_text(title, exact=True)).to_be_visible()
    assert harm(notebook) == []
    menu.locator("[part=conversation-remove]").first.click()
    expect(menu).to_contain_text("script")
    assert harm(notebook) == []


@pytest.mark.parametrize("is_trusted", [False, True], ids=["untrusted", "trusted"])
def test_the_state_that_a_notebook_was_saved_with(
    open_notebook: OpenNotebook,
    lab: LabServer,
    harm: Callable[[Notebook], list[str]],
    is_trusted: bool,
) -> None:
    notebook = open_notebook(CHAT, "await chat.send('Hello')")
    notebook.run(0)
    notebook.run(1)
    notebook.chat().wait("ended")
    # The command is a switch, and the server remembers how it stands.
    if not notebook.page.evaluate("(name) => jupyterapp.commands.isToggled(name)", SAVE_STATE):
        notebook.command(SAVE_STATE)
    notebook.save()
    path = lab.root / notebook.name
    saved = nbformat.read(path, as_version=4)
    _poison(saved)
    nbformat.write(saved, path)
    if is_trusted:
        NotebookNotary(data_dir=str(lab.root.parent / "data")).sign(saved)
    notebook.page.close()
    lab.end_kernel(notebook.kernel_id)
    notebook.kernel_id = lab.start_kernel(notebook.name)
    _open_again(notebook)
    # What is not trusted Lab may leave undrawn.
    expect(notebook.page.locator(".jp-OutputArea-output").first).to_be_visible()
    if is_trusted:
        messages = notebook.chat().messages
        wait_until(lambda: messages.count() > 5, lambda: "no message is shown", notebook.page)
    assert harm(notebook) == []


def _poison(saved: Any) -> None:
    """Put attacks into every value of the chat's state, and what is no text where text belongs."""
    states = saved.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    (state,) = [one["state"] for one in states.values() if "messages" in one["state"]]
    base = dict(state["messages"][0])
    message = {key: HARM if isinstance(value, str) else value for key, value in base.items()}
    state["messages"] = [
        {
            **base,
            "id": f"m{i}",
            "role": role,
            "content": attack["text"].encode("utf-8", "replace").decode(),
        }
        for i, attack in enumerate(ATTACKS[::12])
        for role in ("user", "assistant")
    ] + [
        {**message, "role": role, "status": status, "error": HARM, "model": HARM}
        for role in ("assistant", "user", HARM, "__proto__")
        for status in ("error", "stopped", HARM)
    ]
    state["messages"] += [
        {**base, "content": {"toString": HARM}},
        {**base, "id": {}},
        None,
        HARM,
        [],
    ]
    state["streamedText"] = HARM
    state["_view"] = json.loads(
        json.dumps(state["_view"]).replace('"Demo model"', json.dumps(HARM))
    ) | {"labels": {"title": HARM, "notice": HARM, "placeholder": HARM, "__proto__": HARM}}


def _open_again(notebook: Notebook) -> None:
    notebook.page = notebook._context.new_page()
    notebook.open()
