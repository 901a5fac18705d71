"""The body of a chat completion, as OpenAI's clients send it, and the question that it asks.

What only tunes the answer (``temperature``, ``max_tokens``, ``seed`` …) is ignored, as is what
nobody knows: the model is set up by who runs the backend. What asks for another *kind* of answer
than text from beginning to end is refused by name, since ignoring it would look like obeying.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from ..batching import join_surrogates
from ..conversation import Conversation, Message, Question

MOST_MESSAGES = 1_000
MOST_PARTS = 100


class TextPart(BaseModel):
    """A part of a message that is sent in parts."""

    type: Literal["text"]
    text: str


def _join_parts(content: Any) -> Any:
    """Return the text of a message that came in parts; what is none is for pydantic to refuse."""
    if content is None:  # an answer that was nothing but a refusal
        return ""
    if not isinstance(content, list):
        return content
    if len(content) > MOST_PARTS:
        raise ValueError(f"a message may have {MOST_PARTS} parts, and has {len(content)}")
    texts = []
    for at, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind != "text":
            named = f"“{join_surrogates(kind[:64])}”" if isinstance(kind, str) else "no known one"
            raise ValueError(f"this backend takes text alone, and part {at} is of type {named}")
        if not isinstance(part.get("text"), str):
            raise ValueError(f"part {at} needs its text, a string")  # noqa: TRY004 - as pydantic wants
        texts.append(part["text"])
    return "\n\n".join(texts)


def _refuse(what: str, *, but: Sequence[Any] = ()) -> BeforeValidator:
    """Refuse whatever asks for something; ``but`` are the values that ask for the usual."""

    def check(given: Any) -> None:
        if given and given not in but:
            raise ValueError(f"this backend cannot give {what}; leave it out")

    return BeforeValidator(check, json_schema_input_type=None)


class ChatMessage(BaseModel):
    """One message of the conversation."""

    model_config = ConfigDict(strict=True)

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[
        str, BeforeValidator(_join_parts, json_schema_input_type=str | list[TextPart] | None)
    ] = ""
    tool_calls: Annotated[None, _refuse("tool calls")] = None


class StreamOptions(BaseModel):
    """What is asked of the stream."""

    model_config = ConfigDict(strict=True)

    include_usage: bool | None = None


class CompletionRequest(BaseModel):
    """What is asked of ``/v1/chat/completions``."""

    model_config = ConfigDict(strict=True)

    model: Annotated[str, Field(max_length=256)]
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[None, _refuse("more than one answer", but=(1,))] = None
    stop: Annotated[None, _refuse("answers with stop sequences")] = None
    tools: Annotated[None, _refuse("answers with tools")] = None
    functions: Annotated[None, _refuse("answers with functions")] = None
    logprobs: Annotated[None, _refuse("log probabilities")] = None
    modalities: Annotated[None, _refuse("anything but text", but=(["text"],))] = None
    response_format: Annotated[
        None, _refuse("answers in a given format", but=({"type": "text"},))
    ] = None

    @field_validator("messages")
    @classmethod
    def _ends_with_a_question(cls, messages: list[ChatMessage]) -> list[ChatMessage]:
        if messages[-1].role != "user" or not messages[-1].content.strip():
            raise ValueError("the last message must be a user's, and not blank")
        return messages

    @property
    def wants_usage(self) -> bool:
        """Whether the numbers of tokens are to be told, if they are known."""
        return not self.stream or bool(self.stream_options and self.stream_options.include_usage)

    @property
    def has_system_prompt(self) -> bool:
        """Whether it tells the model what to be."""
        return any(message.role in {"system", "developer"} for message in self.messages)

    def question(self, *, system: str | None) -> Question:
        """Return what is asked; ``system`` is the prompt of the backend, if it has one.

        The prompts at the beginning become the question's, as some models take it from nowhere
        else. Answers that follow each other become one.
        """
        prompts: list[str] = [] if system is None else [system]
        told: list[Message] = []
        for at, message in enumerate(self.messages):
            is_prompt = message.role in {"system", "developer"}
            role: Literal["system", "user", "assistant"]
            role = "system" if is_prompt else "user" if message.role == "user" else "assistant"
            content = join_surrogates(message.content)
            if is_prompt and not told:
                prompts.append(content)
                continue
            if role == "assistant" and told and told[-1].role == "assistant":
                content = "\n\n".join(filter(None, [told.pop().content, content]))
            told.append(Message(id=str(at), role=role, content=content, timestamp=""))
        return Question(
            conversation=Conversation(messages=tuple(told)),
            system="\n\n".join(filter(None, prompts)) or None,
        )
