"""A conversation as JSON and JSON Lines, and messages out of data that anybody may have written.

JSON is ``{"format": "printer_widget transcript", "version": 1, "title", "messages": [message, …]}``
with messages as :mod:`printer_widget.conversation` describes them; JSON Lines is one message a
line. Of a message, only ``role`` and ``content`` must be there, so that files of others load, too;
keys that are not known are ignored. An id is made where there is none, or one that is too long for
a browser to name.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, get_args

from ..batching import join_surrogates
from ..conversation import Attachment, Message, Role, Status
from ..wire.limits import MAX_NAME, is_within

NAME = "printer_widget transcript"
VERSION = 1

_TEXTS = ("error", "note", "model", "reasoning", "conversation_id")


def to_json(title: str, messages: Iterable[Message]) -> str:
    """Return the conversation as one JSON document."""
    data = {
        "format": NAME,
        "version": VERSION,
        "title": title,
        "messages": [message.to_dict() for message in messages],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def to_jsonl(messages: Iterable[Message]) -> str:
    """Return the messages, one JSON document a line."""
    return "".join(json.dumps(one.to_dict(), ensure_ascii=False) + "\n" for one in messages)


def from_json(text: str) -> tuple[str | None, tuple[Message, ...]]:
    """Return title and messages of a JSON document; a bare list of messages will do, too.

    Raises:
        ValueError: if it is none.
    """
    data = _parsed(text, "the file")
    if isinstance(data, list):
        return None, read_messages(data)
    if not isinstance(data, dict) or not isinstance(data.get("messages"), list):
        raise ValueError('expected an object with a list of "messages"')  # noqa: TRY004  # a file's
    if data.get("version", VERSION) != VERSION:
        raise ValueError(
            f"expected version {VERSION} of the format, got {data['version']!r}: "
            "a newer printer_widget wrote it, which you need to read it"
        )
    title = data.get("title")
    return title if isinstance(title, str) else None, read_messages(data["messages"])


def from_jsonl(text: str) -> tuple[Message, ...]:
    """Return the messages of JSON Lines; blank lines are passed over.

    Raises:
        ValueError: if a line is no message.
    """
    lines = enumerate(text.split("\n"), 1)  # not splitlines(): JSON may hold U+2028
    return read_messages([_parsed(line, f"line {at}") for at, line in lines if line.strip()])


def read_messages(entries: Sequence[object]) -> tuple[Message, ...]:
    """Return messages out of plain data.

    Raises:
        ValueError: if one of them is none, or two have the same id.
    """
    given = {_usable(entry.get("id")) for entry in entries if isinstance(entry, dict)}
    free = (name for at in itertools.count(1) if (name := f"m{at}") not in given)
    messages = tuple(_message(entry, at, free) for at, entry in enumerate(entries, 1))
    seen: set[str] = set()
    for at, message in enumerate(messages, 1):
        if message.id in seen:
            raise ValueError(f"message {at} has the id {message.id!r}, as another one has")
        seen.add(message.id)
    return messages


def clean(value: Any) -> Any:
    """Return JSON data without lone surrogates, which no file and no browser takes."""
    if isinstance(value, str):
        return join_surrogates(value)
    if isinstance(value, list):
        return [clean(one) for one in value]
    if isinstance(value, dict):
        return {clean(key): clean(one) for key, one in value.items()}
    return value


def _parsed(text: str, where: str) -> Any:
    try:
        return clean(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{where} is no JSON: {error}") from error


def _usable(name: object) -> str | None:
    return name if isinstance(name, str) and is_within(name, MAX_NAME) else None


def _message(entry: object, at: int, free: Iterator[str]) -> Message:
    def refuse(expected: str, got: object) -> NoReturn:
        raise ValueError(f"message {at}: expected {expected}, got {json.dumps(got)[:80]}")

    def text(key: str, default: str | None) -> str | None:
        value = data.get(key, default)
        if value is not None and not isinstance(value, str):
            refuse(f"{key} as text", value)
        return value

    def items(key: str, *names: str) -> list[dict[str, str]]:
        found = data.get(key, [])
        if not isinstance(found, list):
            refuse(f"{key} as a list", found)
        for item in found:
            if not isinstance(item, dict) or not all(isinstance(item.get(n), str) for n in names):
                refuse(f"{', '.join(names)} as texts in each item of {key}", item)
        return found

    if not isinstance(entry, dict):
        refuse("an object", entry)
    data: dict[str, Any] = entry
    role: Any = data.get("role")
    status: Any = data.get("status", "complete")
    if role not in get_args(Role):
        refuse(f"a role ({', '.join(get_args(Role))})", role)
    if status not in get_args(Status):
        refuse(f"a status ({', '.join(get_args(Status))})", status)
    if not isinstance(data.get("content"), str):
        refuse("content as text", data.get("content"))
    return Message(
        id=_usable(text("id", None)) or next(free),
        role=role,
        content=data["content"],
        timestamp=text("timestamp", None) or "",
        status=status,
        context=tuple(map(_attachment, items("context", "name", "kind", "text"))),
        usage=_usage(data.get("usage")),
        tools=tuple(
            {"name": tool["name"], "arguments": tool["arguments"]}
            for tool in items("tools", "name", "arguments")
        ),
        **{key: text(key, None) for key in _TEXTS},
    )


def _attachment(item: Mapping[str, str]) -> Attachment:
    warning = item.get("warning")
    return Attachment(
        name=item["name"],
        kind=item["kind"],
        text=item["text"],
        warning=warning if isinstance(warning, str) else None,
    )


def _usage(value: object) -> dict[str, int] | None:
    names = ("input_tokens", "output_tokens")
    if not isinstance(value, dict) or not all(type(value.get(name)) is int for name in names):
        return None
    return {name: value[name] for name in names}
