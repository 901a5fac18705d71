"""What comes of an answer beside its text: tools, model, usage, and why it ended. No I/O.

The one place where a stream's facts become the optional fields of a
:class:`~printer_widget.Message`, in whatever way the answer ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .batching import join_surrogates
from .errors import StreamTooLarge
from .events import FinishReason, ModelNamed, StreamEvent, ToolCallDelta, Usage

MAX_TOOL_CALLS = 256
"""How many tools one answer may ask for."""

_LONGEST_NAME = 200

_NOTES = {
    "stop": None,
    "length": "The answer was cut short: the model came to its limit of tokens.",
    "content_filter": "The answer was cut short by the provider's content filter.",
    "tool_calls": "The model asks for tools, which are not run here.",
    "refusal": "The model refused to answer.",
}


@dataclass(slots=True)
class _Call:
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class Facts:
    """Collects what an answer's events say beside its text."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}
        self._model: str | None = None
        self._input: int | None = None
        self._output: int | None = None
        self._reason: str | None = None

    def take(self, event: StreamEvent) -> int:
        """Take an event, and return by how many characters what is kept of the answer has grown.

        Raises:
            StreamTooLarge: if the answer asks for too many tools.
        """
        match event:
            case ToolCallDelta():
                return self._take_call(event)
            case ModelNamed(name):
                self._model = join_surrogates(name[:_LONGEST_NAME])
            case Usage(read, written):
                self._input = self._input if read is None else read
                self._output = self._output if written is None else written
            case FinishReason(reason):
                self._reason = reason
        return 0

    def fields(self) -> dict[str, Any]:
        """Return the optional fields of the message."""
        usage = None
        if self._input is not None and self._output is not None:
            usage = {"input_tokens": self._input, "output_tokens": self._output}
        tools = tuple(
            {"name": call.name, "arguments": join_surrogates("".join(call.arguments))}
            for call in self._calls.values()
        )
        return {"model": self._model, "usage": usage, "tools": tools, "note": _note(self._reason)}

    def _take_call(self, delta: ToolCallDelta) -> int:
        call = self._calls.get(delta.call[:_LONGEST_NAME])
        if call is None:
            if len(self._calls) >= MAX_TOOL_CALLS:
                raise StreamTooLarge(
                    f"the answer asks for more than {MAX_TOOL_CALLS} tools, the limit"
                )
            call = self._calls[delta.call[:_LONGEST_NAME]] = _Call()
        if delta.name:
            call.name = join_surrogates(delta.name[:_LONGEST_NAME])
        if not delta.arguments or (delta.is_whole and call.arguments):
            return 0
        call.arguments.append(delta.arguments)
        return len(delta.arguments)


def _note(reason: str | None) -> str | None:
    if reason is None or reason in _NOTES:
        return _NOTES.get(reason or "stop")
    said = " ".join(join_surrogates(reason[:_LONGEST_NAME]).split())
    return f"The model ended its answer for a reason of its own: {said}." if said else None
