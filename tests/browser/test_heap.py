"""Views that were closed are gone, with all that they listened to."""

from __future__ import annotations

from browser.backend import Backend
from browser.heap import Heap
from browser.notebook import Chat

VIEWS = 200

KEPT_BY_LAB = 3
"""Nodes of a closed view that stay: the element that Lab's widget library made for it, which is
subscribed to the model for good, with its empty shadow root."""

ANSWER = "# Code\n\n```python\nprint(1)\n```\n\n| a |\n|---|\n| $x^2$ and [b](https://a.test) |\n"


def test_two_hundred_views_that_were_closed_leave_nothing(chat: Chat, backend: Backend) -> None:
    chat.ask("Show some code")
    answer = backend.next_answer()
    answer.say(ANSWER)
    answer.end()
    chat.wait("ended")
    chat.ask("Go on and on")
    answer = backend.next_answer()
    answer.babble()
    chat.wait("streaming")
    heap = Heap(chat.page)
    heap.redraw(10)  # what stays for good is there from now on
    before = heap.count()
    heap.redraw(VIEWS)
    after = heap.count()
    assert (before["views"], after["views"]) == (1, 1)
    # Less than one for each view; what Lab itself begins meanwhile, such as a message, is no leak.
    assert after["listeners"] < before["listeners"] + VIEWS
    assert after["nodes"] < before["nodes"] + (KEPT_BY_LAB + 0.5) * VIEWS
    chat.stop.click()
    answer.wait_gone()
