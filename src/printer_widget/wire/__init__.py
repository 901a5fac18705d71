"""Every message between kernel and browser, both ways: its shape, its limits, its validation.

The twin of this package is ``js/src/wire.ts``; both are tested against ``tests/wire/*.json``.
All messages are plain JSON, no binary buffers (some hosts break on them). No message has a
top-level key named ``id``: ipykernel 7.4 remembers every such id for ever.

Synced state (ipywidgets ``update`` messages and the initial state)::

    streamedText   str    the answer of the current turn, or of the last one that ended
    isStreaming    bool   true while that turn has no ending
    messages       list   the conversation without the answer being streamed
    _view          {"turn": str | null,   whose answer streamedText is
                    "revision": int,      grows by one at every change but appended text
                    "conversation": str | null,  the server's id of the one that is open
                    "attempt": [attempt, of] | null,  while the connection is tried again
                    "left": int,          how many questions a lesson still allows; left out where
                                          it limits none
                    "labels": {...},      what the view says about the model: plain strings
                    "pending": [{"name", "kind", "size", "warning"}, …],
                                          what the next question carries, size in characters;
                                          left out where there is nothing
                    "reasoning": str}     what the model thinks in this turn, as far as it has
                                          come; left out where there is none, and once it ended

Kernel to browser (custom messages), besides full ``update``\\ s of the four keys::

    {"type": "append", "turn", "offset", "text"}
        streamedText of that turn grows: ``text`` starts at ``offset``.
        Unknown turn, or offset beyond the text known: send resync.
        Offset before its end: append the unseen part only.
    {"type": "patch", "base", "at", "remove", "insert", "isStreaming", "view"}
        For a browser at revision ``base``: messages.splice(at, remove, ...insert), then
        isStreaming and _view as given; if view.turn is a new turn, streamedText becomes "".
        The view has no reasoning: what is known of it stays, but for a new turn.
        view.revision not above the revision known: change nothing and acknowledge, as the
        kernel asks so whether a browser is up to date. Another base: send resync.
    {"type": "reason", "base", "to", "text"}
        For a browser at revision ``base``: _view.reasoning grows by ``text``, and the revision
        becomes ``to``. Other revisions are treated as those of a patch.
    {"type": "reply", "nonce", "ok", "error"}
        The outcome of a command that carried this nonce; error is a sentence or null.
    {"type": "conversations", "list": [{"id", "title", "updated_at"}, …]}
        The conversations that the server keeps for this chat, the newest first.
    {"type": "names", "list": [{"name", "kind"}, …]}
        What can be attached: the reader's variables, cells, and what was attached before.
    {"type": "preview", "name", "text"}
        Exactly what the model will be told of something pending.
    {"type": "asset", "name", "text"}
        An asset: the text of a JavaScript module that is not in the bundle.

Browser to kernel (custom messages); ``client`` is a random name made once per ``initialize``::

    {"type": "ready" | "ack" | "resync", "client", "turn", "offset", "revision"}
        what this browser knows: it is new here; up to date so far; or lost its place.
        Every ready is answered by one message at least.
    {"type": "send", "client", "nonce", "text"}
    {"type": "stop", "client", "turn"}
    {"type": "retry", "client", "nonce"}
    {"type": "edit", "client", "nonce", "message", "text"}
    {"type": "delete", "client", "nonce", "message"}
    {"type": "list" | "new", "client", "nonce"}
        send the list of conversations; begin a new one
    {"type": "open" | "remove", "client", "nonce", "conversation"}
    {"type": "rename", "client", "nonce", "conversation", "title"}
    {"type": "names", "client", "nonce"}
        send what can be attached
    {"type": "attach" | "detach" | "preview", "client", "nonce", "name"}
        put something beside the next question, take it away, send its text
    {"type": "asset", "client", "nonce", "name"}
        send an asset: one of ASSETS

Offsets and text lengths count UTF-16 code units, as JavaScript's ``String.length`` does
(ECMA-262 §6.1.4). Unknown types are ignored; a known type with wrong, missing or additional
fields is refused whole.
"""

from __future__ import annotations

from .commands import (
    Answered,
    Attach,
    Command,
    Delete,
    Detach,
    Edit,
    GetAsset,
    GetPreview,
    ListConversations,
    ListNames,
    NewConversation,
    OpenConversation,
    RemoveConversation,
    RenameConversation,
    Report,
    Retry,
    Send,
    Stop,
    WireError,
    parse_command,
)
from .limits import (
    ASSETS,
    JSON,
    MAX_COUNT,
    MAX_NAME,
    MAX_TEXT,
    MAX_TITLE,
    utf16_length,
)
from .messages import (
    Append,
    Asset,
    Conversations,
    Names,
    Patch,
    Preview,
    Reason,
    Reply,
    Update,
    splice,
)

__all__ = [
    "ASSETS",
    "JSON",
    "MAX_COUNT",
    "MAX_NAME",
    "MAX_TEXT",
    "MAX_TITLE",
    "Answered",
    "Append",
    "Asset",
    "Attach",
    "Command",
    "Conversations",
    "Delete",
    "Detach",
    "Edit",
    "GetAsset",
    "GetPreview",
    "ListConversations",
    "ListNames",
    "Names",
    "NewConversation",
    "OpenConversation",
    "Patch",
    "Preview",
    "Reason",
    "RemoveConversation",
    "RenameConversation",
    "Reply",
    "Report",
    "Retry",
    "Send",
    "Stop",
    "Update",
    "WireError",
    "parse_command",
    "splice",
    "utf16_length",
]
