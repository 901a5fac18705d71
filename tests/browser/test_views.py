"""The text survives, code point for code point, whatever becomes of the views of it."""

from __future__ import annotations

from browser.backend import Answer, Backend, cut
from browser.notebook import Chat, Notebook, OpenNotebook

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


def test_the_answer_goes_on_after_the_page_was_reloaded(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    answer = _begin(notebook, backend)
    half = len(TOKENS) // 2
    begun = answer.say_all(TOKENS[:half], per_second=350)
    notebook.chat().wait_to_grow(100)
    notebook.reload()
    chat = notebook.chat()
    chat.wait("streaming")
    chat.watch()
    begun.wait(30)
    answer.say_all(TOKENS[half:], per_second=350).wait(30)
    answer.end()
    chat.wait("ended")
    _check(chat, answer)


def test_the_answer_goes_on_after_the_tab_was_closed_and_opened_again(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    answer = _begin(notebook, backend)
    half = len(TOKENS) // 2
    answer.say(*TOKENS[:half])
    notebook.chat().wait_for_text(answer.shown)
    notebook.close_tab()
    answer.say(*TOKENS[half:-50])
    notebook.reopen()
    chat = notebook.chat()
    chat.wait_for_text(answer.shown)
    chat.wait("streaming")
    chat.watch()
    answer.say_all(TOKENS[-50:], per_second=100).wait(30)
    answer.end()
    chat.wait("ended")
    _check(chat, answer)
    chat.ask("And now?")
    backend.next_answer().say("Now as before")
    chat.wait_for_text("Now as before")


def test_an_answer_that_ended_while_no_tab_was_open_is_whole_in_the_next(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
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
    notebook.reload()
    chat = notebook.chat()
    chat.wait("ended")
    chat.wait_for_text(answer.text)
    assert chat.texts("user") == ["Survive this"]
    assert chat.texts("assistant") == [answer.text]


def test_two_tabs_show_the_same_answer_and_either_can_stop_it(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(make_chat + "\nchat")
    notebook.run(0)
    notebook.save()
    first = notebook.chat()
    second = notebook.another_tab().chat()
    first.page.bring_to_front()
    first.ask("Go on and on")
    answer = backend.next_answer()
    answer.babble()
    first.wait("streaming")
    second.page.bring_to_front()  # a tab that is not in front draws nothing
    second.wait("streaming")
    second.wait_to_grow()
    second.stop.click()
    answer.wait_gone()
    second.wait("stopped")
    first.page.bring_to_front()
    first.wait("stopped")
    assert first.text
    assert answer.text.startswith(first.text)
    first.wait_for_text(second.text)


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
