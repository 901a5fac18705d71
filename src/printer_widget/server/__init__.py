"""The reference backend: the Printer protocol over FastAPI (extra ``[server]``).

::

    app.py            the ASGI app: what stands where, and the laws of a stream
    guard.py          who may ask, and how much: checked before a request's body is read
    limits.py         what is allowed, and its defaults
    chat.py           routes: ask, come back for the rest, stop
    conversations.py  routes: list, read, rename, delete
    completions.py    routes: OpenAI's Chat Completions, for other tools; keeps nothing
    completion_request.py, completion_stream.py   what they ask, and how they are answered
    refusals.py       a refusal, in the words of the client's protocol
    event_stream.py   the response: a run's events to one client
    reader.py         one client's place in a run
    run.py            one question's answer being made: its events, its readers, its one ending
    runs.py           all of them: begin, find again, stop, go on after a restart
    questions.py      one question, and what the model is told with it
    journal.py        events are stored, then sent: all runs in one transaction
    blocks.py         one event as bytes
    store.py          conversations, messages, runs and events in SQLite
    records.py        what runs and the store tell each other
    usage.py          characters a day
    database.py       SQLite's thread and its group commits
    schema.py         the tables, and the way to them from older versions
    models.py         what answers, by name
    users.py          names and the digests of tokens
    budgets.py        questions a minute
    listening.py      the socket
    cli.py            ``printer-widget``: the command line
    cassettes.py      ``printer-widget cassette``: show, check, redact
    serve.py          ``printer-widget serve``: from options to a server
    embedded.py       the same app on loopback, in a thread of this process

Importing this package imports neither FastAPI nor uvicorn, so that ``embedded.available()`` can
be asked where the extra is not installed; ``create_app`` does so when it is first looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from .app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
