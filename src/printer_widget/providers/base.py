"""What a provider is: the words of one wire protocol, without any I/O."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from ..batching import join_surrogates
from ..conversation import ConversationInfo, Message, Question
from ..errors import StreamFormatError
from ..events import StreamEvent
from ..sse import ServerSentEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSpec:
    """One HTTP request, to be sent by :mod:`printer_widget.sources.http`.

    The headers may hold a token, so they are left out of the repr.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    json: Mapping[str, Any] | None = field(default=None, repr=False)


class Provider(Protocol):
    """The words of one wire protocol; every method is pure.

    A protocol that can do no more than stream an answer implements what has no default here.

    Attributes:
        url: where it is, without anything secret: for error messages and labels.
        idempotent: whether a question that may have arrived can be sent again, as the server knows
            it by its ``Idempotency-Key``.
        ends_at_finish: whether a FinishReason is the protocol's end, as what follows is optional.
    """

    idempotent: bool = False
    ends_at_finish: bool = False

    @property
    def url(self) -> str:
        """Return the address without user, password and query."""
        ...

    @property
    def label(self) -> str:
        """What the view calls it: the model's name, where there is one, else the host."""
        return urlsplit(self.url).netloc

    @property
    def may_block(self) -> bool:
        """Say that :meth:`request` calls a function of the user's, and so belongs on a thread."""
        return False

    def request(self, question: Question) -> RequestSpec:
        """Return the request that asks ``question``."""
        ...

    def decode(self, frame: ServerSentEvent) -> tuple[StreamEvent, ...]:
        """Return the events of one frame; none where it is unknown.

        Raises:
            StreamFormatError: if the frame is not of the protocol's form.
        """
        ...

    def decode_json(self, body: object) -> tuple[StreamEvent, ...]:
        """Return the events of a whole answer that came as plain JSON though a stream was asked.

        Raises:
            StreamFormatError: if the body is not of the protocol's form.
        """
        ...

    def decode_error(self, status: int, body: bytes) -> str:
        """Return one sentence on an HTTP error (status not 200), of at most 300 characters."""
        ...

    def redact(self, text: str) -> str:
        """Return ``text``, which a server said, without what is secret here."""
        return text

    def resume(self, run_id: str, last_event_id: str) -> RequestSpec | None:  # noqa: ARG002
        """Return the request for what follows an event; None where that cannot be asked for."""
        return None

    def stop(self, run_id: str) -> RequestSpec | None:  # noqa: ARG002
        """Return the request that ends an answer; None where the disconnect alone does."""
        return None

    def history(self, conversation_id: str) -> RequestSpec | None:  # noqa: ARG002
        """Return the request for a conversation's stored messages; None where none are stored."""
        return None

    def decode_history(self, body: object) -> tuple[Message, ...]:  # noqa: ARG002
        """Return the messages that the answer to :meth:`history` holds.

        Raises:
            StreamFormatError: if the body is not of the protocol's form.
        """
        return ()

    def conversations(self, chat_node_id: str) -> RequestSpec | None:  # noqa: ARG002
        """Return the request for the list of a widget's conversations; None where none is kept."""
        return None

    def decode_conversations(self, body: object) -> tuple[ConversationInfo, ...]:  # noqa: ARG002
        """Return the conversations that the answer to :meth:`conversations` lists.

        Raises:
            StreamFormatError: if the body is not of the protocol's form.
        """
        return ()

    def rename(self, conversation_id: str, title: str) -> RequestSpec | None:  # noqa: ARG002
        """Return the request that gives a conversation another title."""
        return None

    def remove(self, conversation_id: str) -> RequestSpec | None:  # noqa: ARG002
        """Return the request that deletes a conversation."""
        return None


def as_it_is(text: str) -> str:
    """Return ``text``: what redacting does where nothing is secret."""
    return text


def parse_json(text: str | bytes, *, where: str, redact: Callable[[str], str] = as_it_is) -> Any:
    """Parse JSON that a server sent.

    Raises:
        StreamFormatError: if it is none, naming ``where`` it stood and how it begins, after
            ``redact`` took out what is secret.
    """
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    # Raised out here, as json's own exception holds the whole text and would be our context.
    raise StreamFormatError(
        f"expected JSON in {where}, got {shorten(text, redact=redact)!r}: "
        "the server broke its protocol"
    )


def parse_object(frame: ServerSentEvent, redact: Callable[[str], str]) -> Mapping[str, Any]:
    """Parse a frame whose data is a JSON object.

    Raises:
        StreamFormatError: if it is none.
    """
    data = parse_json(frame.data, where="an event", redact=redact)
    if not isinstance(data, Mapping):
        raise StreamFormatError(
            f"expected a JSON object in an event, got {shorten(frame.data, redact=redact)!r}"
        )
    return data


def mapping(data: object) -> Mapping[str, Any]:
    """Return ``data`` where it is a JSON object; an empty one for all else, as for null."""
    return data if isinstance(data, Mapping) else {}


def text_in(data: Mapping[str, Any], key: str) -> str:
    """Return the text under ``key``; ``""`` where there is none.

    Raises:
        StreamFormatError: if anything else is there: leaving it out could lose what was said.
    """
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value or ""
    raise StreamFormatError(f"expected text as {key!r} of an event, got {type(value).__name__}")


def count_in(data: Mapping[str, Any], key: str) -> int | None:
    """Return the count under ``key``; None where there is none that could be one."""
    value = data.get(key)
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    return value if is_count else None


def shorten(text: str | bytes, length: int = 80, *, redact: Callable[[str], str] = as_it_is) -> str:
    """Return the first ``length`` characters of what a server sent, on one line.

    Lone surrogates become U+FFFD: an error's sentence is shown, so it must fit into a message.
    """
    # What is secret goes before anything is cut: half a token is half a secret.
    text = redact(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
    text = " ".join(join_surrogates(text[: 4 * length]).split())
    return text if len(text) <= length else text[: length - 1] + "…"


def checked_url(url: str, *, insecure: bool, parameter: str = "url") -> str:
    """Return ``url`` without a slash at its end, or say what is wrong with it.

    Raises:
        ValueError: unless it is an http(s) URL with a host and without user, password, query
            and fragment; and for plain http to another machine, unless ``insecure``. The
            message never repeats a part that may be secret.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{parameter} is not a URL: expected 'http://host:port'") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError(
            f"{parameter} must begin with http:// or https:// and name a host, such as "
            f"'http://127.0.0.1:8000'"
        )
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{parameter} must not hold a user or password: pass token= instead")
    if "?" in url or "#" in url:
        raise ValueError(f"{parameter} must end with its path: it takes no '?' and no '#'")
    if parts.scheme == "http" and not insecure and not is_loopback(host):
        raise ValueError(
            f"{parameter} is plain http to another machine ({host}): everyone between could read "
            f"the token and the conversation. Use https://, or pass insecure=True if you mean it"
        )
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether ``host`` names this machine itself (RFC 6761 §6.3, RFC 1122 §3.2.1.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_local_port(label: str) -> str:
    """Return the label of a source as a notebook stores it: without a port of this machine.

    A server that a notebook starts listens on another one in every run.
    """
    host, _, port = label.rpartition(":")
    return host if port.isdecimal() and is_loopback(host.strip("[]")) else label
