"""The text survives, code point for code point, whatever becomes of the views of it."""

from __future__ import annotations

import pytest

from browser.backend import Answer, Backend, cut
from browser.cable import Lossy
from browser.notebook import Chat, Notebook, OpenNotebook, wait_until
from rows import Note

TEXT = "".join(f"{at}: 𝔘𝔫𝔦 👩🏽‍🚀 e\u0301 שלום a\u2028b\r\n" for at in range(400))
TOKENS = cut(TEXT, 7)


def test_two_views_of_one_chat_show_the_same(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\ndisplay(chat)\ndisplay(chat)")
    notebook.run(0)
    views = [notebook.chat(0), notebook.chat(1)]
    views[1].ask("Which one asks?")
    answer = backend.next_answer()
    for view in views:
        view.wait("waiting")
        view.watch()
    answer.say_all(TOKENS, per_second=1000).wait(30)
    answer.end()
    for view in views:
        view.wait("ended")
        _check(view, answer)
        assert view.texts("user") == ["Which one asks?"]


def test_a_view_that_opens_in_mid_stream_shows_everything(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat", "chat")
    notebook.run(0)
    notebook.chat().ask("Are you there?")
    answer = backend.next_answer()
    sent = answer.say_all(TOKENS, per_second=500)
    notebook.chat().wait_to_grow(200)
    notebook.run(1)
    late = notebook.chat(1)
    assert len(late.text) >= 200
    late.watch()
    sent.wait(30)
    answer.end()
    for view in (notebook.chat(0), late):
        view.wait("ended")
        view.wait_for_text(TEXT)
    _check(late, answer)


@pytest.mark.parametrize("phase", ["waiting", "streaming"])
@pytest.mark.lifecycle("Page reloaded while {phase}")
def test_the_answer_goes_on_after_the_page_was_reloaded(
    phase: str, open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    answer = _begin(notebook, backend)
    half = len(TOKENS) // 2 if phase == "streaming" else 0
    begun = answer.say_all(TOKENS[:half], per_second=350)
    notebook.chat().wait(phase)
    notebook.chat().wait_to_grow(100 if half else 0)
    row.begin()
    notebook.reload()
    chat = notebook.chat()
    chat.wait(phase)
    row.recovered()
    chat.watch()
    begun.wait(30)
    answer.say_all(TOKENS[half:], per_second=700 if half else 1400).wait(30)
    answer.end()
    chat.wait("ended")
    row.end(chat.status.inner_text())
    _check(chat, answer)


@pytest.mark.lifecycle("Page reloaded while stopping")
def test_a_page_that_is_reloaded_before_it_hears_of_the_end_shows_it(
    lossy: Lossy, open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    answer = _begin(notebook, backend)
    answer.say(*TOKENS[:300])
    chat = notebook.chat()
    chat.wait_for_text(answer.shown)
    lossy.drops = True
    chat.stop.click()
    answer.wait_gone()
    wait_until(lambda: b'"isStreaming":false' in lossy.dropped, lambda: "no ending", chat.page)
    chat.wait("stopping")
    lossy.drops = False
    row.begin()
    notebook.reload()
    chat = notebook.chat()
    chat.wait("stopped")
    row.end(chat.status.inner_text())
    chat.wait_for_text(answer.shown)
    assert chat.ending.inner_text().startswith("Stopped")


@pytest.mark.flood("Tab closed and opened again")
def test_the_answer_goes_on_after_the_tab_was_closed_and_opened_again(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    answer = _begin(notebook, backend)
    half = len(TOKENS) // 2
    answer.say(*TOKENS[:half])
    notebook.chat().wait_for_text(answer.shown)
    notebook.close_tab()
    answer.say(*TOKENS[half:-50])
    row.begin()
    notebook.reopen()
    chat = notebook.chat()
    chat.wait_for_text(answer.shown)
    row.recovered()
    chat.wait("streaming")
    chat.watch()
    answer.say_all(TOKENS[-50:], per_second=100).wait(30)
    answer.end()
    chat.wait("ended")
    row.end(chat.status.inner_text())
    _check(chat, answer)
    chat.ask("And now?")
    backend.next_answer().say("Now as before")
    chat.wait_for_text("Now as before")


@pytest.mark.lifecycle("Page reloaded after an end that came while no tab was open")
def test_an_answer_that_ended_while_no_tab_was_open_is_whole_in_the_next(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    answer = _begin(notebook, backend)
    answer.say("Begun")
    notebook.chat().wait_for_text("Begun")
    notebook.close_tab()
    answer.say(*TOKENS)
    answer.end()
    notebook.reopen()
    chat = notebook.chat()
    chat.wait("ended")
    chat.wait_for_text(answer.text)
    row.begin()
    notebook.reload()
    chat = notebook.chat()
    chat.wait("ended")
    row.end(chat.status.inner_text())
    chat.wait_for_text(answer.text)
    assert chat.texts("user") == ["Survive this"]
    assert chat.texts("assistant") == [answer.text]


@pytest.mark.lifecycle("A second tab on the same notebook, which stops the answer")
def test_two_tabs_show_the_same_answer_and_either_can_stop_it(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    first, second = _open_twice(notebook)
    first.page.bring_to_front()
    first.ask("Go on and on")
    answer = backend.next_answer()
    answer.babble()
    first.wait("streaming")
    second.page.bring_to_front()  # a tab that is not in front draws nothing
    second.wait("streaming")
    second.wait_to_grow()
    second.stop.click()
    row.begin()
    answer.wait_gone()
    second.wait("stopped")
    row.recovered()
    first.page.bring_to_front()
    first.wait("stopped")
    row.end(first.status.inner_text())
    assert first.text
    assert answer.text.startswith(first.text)
    first.wait_for_text(second.text)


@pytest.mark.lifecycle("Send in two tabs at once")
def test_two_questions_at_once_start_one_turn_and_the_other_comes_back(
    lossy: Lossy, open_notebook: OpenNotebook, backend: Backend, make_chat: str, row: Note
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    tabs = _open_twice(notebook)
    # Neither hears that the other has asked before both have.
    lossy.hold()
    for chat, question in zip(tabs, ("The first?", "The second?"), strict=True):
        chat.page.bring_to_front()
        chat.ask(question)
    answer = backend.next_answer()
    row.begin()
    lossy.release()
    asked = answer.question["user_message"]
    answer.say_all(TOKENS, per_second=2000).wait(30)
    answer.end()
    for chat, question in zip(tabs, ("The first?", "The second?"), strict=True):
        chat.page.bring_to_front()
        chat.wait("ended")
        chat.wait_for_text(TEXT)
        assert chat.texts("user") == [asked]
        assert chat.input.input_value() == ("" if question == asked else question)
    row.end(tabs[1].status.inner_text())
    assert len(backend.questions) == 1


def _open_twice(notebook: Notebook) -> tuple[Chat, Chat]:
    notebook.run(0)
    notebook.save()
    return notebook.chat(), notebook.another_tab().chat()


def _begin(notebook: Notebook, backend: Backend) -> Answer:
    notebook.run(0)
    notebook.save()
    notebook.chat().ask("Survive this")
    return backend.next_answer()


def _check(chat: Chat, answer: Answer) -> None:
    """Check that every frame showed a prefix of what was sent, and the last one all of it."""
    assert answer.text == TEXT
    chat.wait_for_text(TEXT)
    assert chat.texts("assistant") == [TEXT]
    assert all(answer.text.startswith(text) for text in chat.seen)
    assert len(chat.seen) > 2
