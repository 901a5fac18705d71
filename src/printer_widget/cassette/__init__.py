"""Recorded answers as text: a file to read, to edit and to keep beside a notebook. No I/O.

::

    printer-widget cassette 1

    == What is the mean?
    from: OpenAIChat
    model: gpt-4o-mini
    url: https://api.openai.com/v1

    -- system
    | You teach statistics.
    -- user
    | What is the mean?

    -- request POST https://api.openai.com/v1/chat/completions
    +312 ms
    -- response 200
    content-type: text/event-stream
    +3 ms
    | data: {"choices":[{"delta":{"content":"The sum"}}]}
    |
    +18 ms
    | data: {"choices":[{"delta":{"content":" by the count."},"finish_reason":"stop"}]}
    |
    | data: [DONE]
    |
    -- complete

The first line names the format and its version. Each ``==`` begins a turn; what follows on its line
is a title for readers, and ignored. Blank lines, and lines that begin with ``#``, are ignored too.

==============================  ==================================================================
``from:``                       the provider's class, or ``events`` (a function, say)
``model:`` ``url:`` ``label:``  of the provider, for its decoding and its error sentences
``idempotent: yes``             a question that may have arrived can be sent again
``-- system`` ``-- user``       what the model was told; the turn is found by it
``-- assistant``                an earlier answer; ``as recorded``: that of the turn above it,
                                so that an edited answer needs no other edit; ``(stopped)``: it
                                was stopped, and may be longer or shorter now
``+18 ms``                      time goes on, from the asking
``-- request METHOD URL``       a connection: the question, sent again, or the rest of an answer
``-- response STATUS``          its headers, then the chunks that arrived, each under its time
``-- closed``                   the server ended the connection
``-- broke NAME``               it broke; NAME is httpx's name for how
``-- events``                   in place of requests: the events of the answer, as JSON
``-- complete``                 the ending, as of a message: one of these three
``-- stopped``
``-- failed NAME: SENTENCE``    NAME is a class of :mod:`printer_widget.errors`
==============================  ==================================================================

Text and bytes stand behind a margin, and nothing has to be counted:

======  ====================================================================
``|``   a line, with the LF at its end (in a message: not at the last one's)
``||``  a line that ends with CR LF
``>``   a line whose end has not come yet
``~``   bytes that are no plain text, percent-encoded, without any line end
======  ====================================================================

Of a request nothing is kept but method and URL, which lost user, password, query and fragment. Of
the response, some headers are (:data:`~printer_widget.cassette.entry.KEPT_HEADERS`). What is secret
was taken out of all the rest, see :mod:`printer_widget.cassette.secrets`.
"""

from __future__ import annotations

from .entry import AS_RECORDED, Chunk, Ending, Entry, Exchange, Told, event_of, json_of, kept
from .matching import best, nearest, resolved, unresolved
from .secrets import PLACEHOLDER, Secrets, likely, redacted
from .text import HEADER, Cassette, CassetteError, parse

__all__ = [
    "AS_RECORDED",
    "HEADER",
    "PLACEHOLDER",
    "Cassette",
    "CassetteError",
    "Chunk",
    "Ending",
    "Entry",
    "Exchange",
    "Secrets",
    "Told",
    "best",
    "event_of",
    "json_of",
    "kept",
    "likely",
    "nearest",
    "parse",
    "redacted",
    "resolved",
    "unresolved",
]
