"""Many turns of one chat, that end in every way there is."""

from __future__ import annotations

from collections import Counter
from itertools import cycle, islice

from comms import Page
from printer_widget import ChatError, ChatNode
from printer_widget.testing import wait_for_text
from servers import START, Connection, answer_of, event

ENDINGS = {
    "complete": "complete",
    "fail half-way": "error",
    "break off": "interrupted",
    "refuse": "error",
    "be busy": "error",
    "go on": "stopped",
    "go on and be stopped by a page": "stopped",
}
"""What a question asks for, and how its turn ends."""

_BODIES = {
    "complete": answer_of(*["Hello "] * 50),
    "fail half-way": START + event("message", token="Hel") + event("error", error="no more"),
    "break off": START + event("message", token="Hel"),
}


async def answer_as_asked(connection: Connection) -> None:
    """Answer a question of ENDINGS."""
    what = connection.request.json()["user_message"]
    if what in _BODIES:
        await connection.head()
        await connection.send(_BODIES[what])
    elif what in {"refuse", "be busy"}:
        await connection.head("401 No" if what == "refuse" else "503 Busy")
    else:
        await connection.head()
        await connection.send(START + event("message", token="Hel"))
        await connection.gone()


def ask_many(chat: ChatNode, page: Page, turns: int) -> Counter[str]:
    """Ask so often, each of ENDINGS in its turn; return how often it ended in which way.

    At the end the conversation is emptied, and the last turn, which a chat keeps, is one that knows
    nothing of it.
    """
    endings: Counter[str] = Counter()
    for what in islice(cycle(ENDINGS), turns):
        if what == "complete":
            page.report()  # more often would be more than a browser may say in so short a time
        turn = chat.send(what)
        if ENDINGS[what] == "stopped":
            wait_for_text(chat, "Hel")
        if what == "go on":
            turn.stop()
        elif ENDINGS[what] == "stopped":
            page.command("stop", turn=turn.id)
        try:
            reply = turn.result(10)
        except ChatError as error:
            reply = error.reply
        assert reply.status == ENDINGS[what]
        assert page.read().state["messages"] == chat.messages
        endings[reply.status] += 1
    chat.clear()
    chat.send("complete").result(10)
    page.report()
    return endings
