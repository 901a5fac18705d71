"""OpenAI's Chat Completions, as OpenAI, Azure and most servers of local models speak it.

``POST {base_url}/chat/completions`` answers with data-only events, each a chunk:

======================================================  ==========================
in the chunk                                            becomes
======================================================  ==========================
``choices[0].delta.content``, ``.refusal``              TextDelta
``choices[0].delta.reasoning_content``, ``.reasoning``  ReasoningDelta
``choices[0].delta.tool_calls[]``                       ToolCallDelta
``choices[0].finish_reason``                            FinishReason, the end
``usage``, ``model``                                    Usage, ModelNamed
``error``                                               StreamError
``[DONE]`` in place of a chunk                          StreamEnd; not all send it
======================================================  ==========================

Of several choices, the one with the index 0 is the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ..conversation import Question
from ..errors import StreamFormatError
from ..events import (
    FinishReason,
    ModelNamed,
    ReasoningDelta,
    StreamEnd,
    StreamError,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from ..sse import ServerSentEvent
from .base import RequestSpec, count_in, mapping, parse_object, text_in
from .hosted import Hosted
from .keys import Secret
from .refusals import said_in
from .turns import alternating

OPENAI_URL = "https://api.openai.com/v1"
OPENROUTER_URL = "https://openrouter.ai/api/v1"
OLLAMA_URL = "http://127.0.0.1:11434/v1"
AZURE_VERSION = "2024-10-21"

# The protocol's, and those of servers with more samplers (top_k …) or routes (models, provider).
OPTIONS = """
chat_template_kwargs frequency_penalty logit_bias max_completion_tokens max_tokens metadata min_p
modalities models parallel_tool_calls prediction presence_penalty prompt_cache_key provider
reasoning reasoning_effort repetition_penalty response_format safety_identifier seed service_tier
stop store temperature tool_choice tools top_k top_p user verbosity
"""

_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")


class OpenAIChat(Hosted):
    """A model behind OpenAI's Chat Completions.

    Args:
        model: its name at that server; on Azure, the deployment's.
        base_url: what comes before ``/chat/completions``, ``http://127.0.0.1:11434/v1`` for a local
            Ollama; else ``OPENAI_BASE_URL``, else OpenAI's own. For Azure, the resource's URL.
        api_key: the key, or a function that returns it, called for each request; ``""`` sends none.
            Else the variable that belongs to the address: ``OPENAI_API_KEY``,
            ``AZURE_OPENAI_API_KEY``, ``OPENROUTER_API_KEY``. A server on this machine needs none.
            No variable is sent to any other address than its own, ``OPENAI_BASE_URL`` and this
            machine.
        api_version: of Azure; it also says that another address is one of Azure's kind.
        include_usage: ask for the count of tokens (``stream_options``). By default, servers on this
            machine are not asked, as some of them refuse fields that they do not know.
        insecure: allow plain http to another machine.
        options: passed on with each question: temperature, max_tokens … (see ``OPTIONS``).

    Raises:
        TypeError: for an option that is none.
        ValueError: if the URL or the key cannot be one, or a key is missing.
    """

    ends_at_finish = True
    home = OPENAI_URL
    url_variable = "OPENAI_BASE_URL"
    key_variable = "OPENAI_API_KEY"
    options = OPTIONS

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: Secret | None = None,
        api_version: str | None = None,
        include_usage: bool | None = None,
        insecure: bool = False,
        **options: Any,
    ) -> None:
        self._version = api_version
        super().__init__(
            model, base_url=base_url, api_key=api_key, insecure=insecure, options=options
        )
        self._usage = include_usage if include_usage is not None else not self._is_local

    @property
    def _is_azure(self) -> bool:
        return self._host.endswith(_AZURE) or self._version is not None

    def _variable(self, from_outside: str | None) -> str | None:
        if self._is_azure:
            return "AZURE_OPENAI_API_KEY"
        if self._host == "openrouter.ai":
            return "OPENROUTER_API_KEY"
        return super()._variable(from_outside)

    def request(self, question: Question) -> RequestSpec:
        """Return the request that asks ``question``."""
        body: dict[str, Any] = {
            "model": self._model,
            "messages": alternating(question.to_messages()),
            "stream": True,
            **self._options,
        }
        if self._usage:
            body["stream_options"] = {"include_usage": True}
        headers = {"Accept": "text/event-stream"}
        key = self._key.value()
        if key is not None and self._is_azure:
            headers["api-key"] = key
        elif key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return RequestSpec(method="POST", url=self._address(), headers=headers, json=body)

    def _address(self) -> str:
        if not self._is_azure or self._base.endswith("/v1"):
            version = f"?api-version={quote(self._version)}" if self._version else ""
            return f"{self._base}/chat/completions{version}"
        name = quote(self._model, safe="")
        deployment = "" if "/deployments/" in self._base else f"/openai/deployments/{name}"
        version = quote(self._version or AZURE_VERSION)
        return f"{self._base}{deployment}/chat/completions?api-version={version}"

    def decode(self, frame: ServerSentEvent) -> tuple[StreamEvent, ...]:
        """Return the events of one chunk."""
        if frame.data.strip() in {"", "[DONE]"}:
            return (StreamEnd(),) if frame.data.strip() else ()
        return self._events(parse_object(frame, self.redact), "delta")

    def decode_json(self, body: object) -> tuple[StreamEvent, ...]:
        """Return the events of a whole answer, a ``chat.completion``."""
        data = mapping(body)
        events = self._events(data, "message")
        if any(isinstance(event, StreamError) for event in events):
            return events
        if not isinstance(data.get("choices"), list) or not data["choices"]:
            raise StreamFormatError(
                "the server answered with JSON that is no chat completion: "
                "is base_url right? It mostly ends with /v1"
            )
        return (*events, StreamEnd())

    def _events(self, data: Mapping[str, Any], part: str) -> tuple[StreamEvent, ...]:
        failed = data.get("error") or (data if data.get("object") == "error" else None)
        if failed:
            return (StreamError(said_in(failed, self.redact) or "the server gave no reason"),)
        events: list[StreamEvent] = []
        if model := text_in(data, "model"):
            events.append(ModelNamed(model))
        choices = data.get("choices")
        for choice in map(mapping, choices if isinstance(choices, list) else ()):
            if choice.get("index", 0) == 0:
                events += self._choice(choice, mapping(choice.get(part)))
        usage = mapping(data.get("usage"))
        read, written = count_in(usage, "prompt_tokens"), count_in(usage, "completion_tokens")
        if read is not None or written is not None:
            events.append(Usage(read, written))
        return tuple(events)

    def _choice(self, choice: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[StreamEvent]:
        if reasoning := text_in(said, "reasoning_content") or text_in(said, "reasoning"):
            yield ReasoningDelta(reasoning)
        for key in ("content", "refusal"):
            if text := text_in(said, key):
                yield TextDelta(text)
        calls = said.get("tool_calls")
        for at, call in enumerate(map(mapping, calls if isinstance(calls, list) else ())):
            function = mapping(call.get("function"))
            name, arguments = text_in(function, "name"), text_in(function, "arguments")
            yield ToolCallDelta(str(call.get("index", at)), name, arguments)
        reason = text_in(choice, "finish_reason")
        if reason == "error" or choice.get("error"):
            said_so = said_in(choice.get("error"), self.redact)
            yield StreamError(said_so or "the server gave no reason")
        elif reason:
            yield FinishReason("tool_calls" if reason == "function_call" else reason)
