"""Messages and conversations: plain values, and what a model is told of them."""

from __future__ import annotations

import dataclasses
import json

import pytest

from printer_widget.conversation import Attachment, Conversation, Message, Question

TIMESTAMP = "2026-01-01T00:00:00.000+00:00"


def message(content="Hi", **fields) -> Message:
    defaults = {"id": "m1", "role": "user", "timestamp": TIMESTAMP}
    return Message(content=content, **{**defaults, **fields})


def text(text, name="", **fields) -> Attachment:
    return Attachment(name=name, kind="text", text=text, **fields)


def said(*contents: str, **fields) -> Conversation:
    """A conversation of which user and assistant have turns, with ids m1, m2 …."""
    roles = ("user", "assistant")
    return Conversation(
        messages=tuple(
            message(content, id=f"m{at + 1}", role=roles[at % 2])
            for at, content in enumerate(contents)
        ),
        **fields,
    )


def ids(conversation: Conversation) -> list[str]:
    return [message.id for message in conversation.messages]


def told(*messages: Message, system=None) -> list[tuple[str, str]]:
    question = Question(conversation=Conversation(messages=messages), system=system)
    return [(each["role"], each["content"]) for each in question.to_messages()]


# ── A message ──────────────────────────────────────────────────────────────────────────────────


def test_a_message_as_a_dict_has_the_keys_of_the_trait() -> None:
    assert message(conversation_id="c1").to_dict() == {
        "id": "m1",
        "conversation_id": "c1",
        "role": "user",
        "content": "Hi",
        "timestamp": TIMESTAMP,
        "status": "complete",
    }


def test_optional_keys_are_there_when_they_hold_something() -> None:
    data = message(
        status="error", error="It failed.", context=(text("a"), text("b", warning="Look."))
    ).to_dict()
    assert data["error"] == "It failed."
    assert data["context"] == [
        {"name": "", "kind": "text", "text": "a"},
        {"name": "", "kind": "text", "text": "b", "warning": "Look."},
    ]


def test_a_message_as_a_dict_is_plain_json() -> None:
    data = message(context=(text("a"),)).to_dict()
    assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize(
    ("status", "error", "ending"),
    [
        ("complete", None, ""),
        ("stopped", None, "stopped"),
        ("interrupted", "the server closed it", "interrupted: the server closed it"),
        ("error", "HTTP 500", "failed: HTTP 500"),
    ],
)
def test_an_ending_is_named_for_the_reader(status, error, ending) -> None:
    assert message(status=status, error=error).ending == ending


def test_the_repr_is_the_same_in_every_run() -> None:
    assert repr(message()) == repr(message(id="m2", conversation_id="c2")) == "user: Hi"


def test_the_repr_of_a_partial_answer_says_so() -> None:
    assert repr(message("Hel", role="assistant", status="stopped")) == "assistant [stopped]: Hel"


def test_the_html_of_a_message_holds_no_markup_of_its_text() -> None:
    html = message("<img src=x onerror=alert(1)> & more")._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; more" in html


def test_the_html_of_an_error_holds_no_markup_of_its_sentence() -> None:
    html = message(status="error", error="<script>alert(1)</script>")._repr_html_()
    assert "<script" not in html
    assert "[failed: &lt;script&gt;" in html


def test_a_message_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        message().content = "Bye"


# ── A conversation ─────────────────────────────────────────────────────────────────────────────


def test_adding_makes_a_new_conversation() -> None:
    old = said("Hi")
    new = old.add(message("Hello", id="m2", role="assistant"))
    assert (ids(old), ids(new)) == (["m1"], ["m1", "m2"])


def test_before_leaves_out_the_message_and_all_after_it() -> None:
    assert ids(said("a", "b", "c", "d").before("m3")) == ["m1", "m2"]


def test_without_leaves_out_the_message_alone() -> None:
    assert ids(said("a", "b", "c").without("m2")) == ["m1", "m3"]


@pytest.mark.parametrize("method", ["before", "without", "index"])
def test_an_unknown_message_is_a_key_error_with_its_id(method) -> None:
    with pytest.raises(KeyError, match="m9"):
        getattr(said("a"), method)("m9")


def test_an_assigned_id_is_in_the_conversation_and_in_its_messages() -> None:
    conversation = said("a", "b").assigned("c1")
    assert conversation.id == "c1"
    assert {message.conversation_id for message in conversation.messages} == {"c1"}


def test_the_id_of_a_conversation_survives_its_edits() -> None:
    conversation = said("a", "b", "c", id="c1")
    edited = [conversation.before("m2"), conversation.without("m2"), conversation.add(message())]
    assert {each.id for each in edited} == {"c1"}


# ── What a model is told ───────────────────────────────────────────────────────────────────────


def test_the_model_is_told_role_and_content_alone() -> None:
    question = Question(conversation=said("Hi", "Hello", "And?"))
    assert question.to_messages() == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "And?"},
    ]


def test_the_system_prompt_comes_first() -> None:
    assert told(message(), system="Be brief.") == [("system", "Be brief."), ("user", "Hi")]


def test_an_empty_system_prompt_is_not_told() -> None:
    assert told(message(), system="") == [("user", "Hi")]


def test_of_several_answers_to_one_question_the_last_is_told() -> None:
    answers = [message(text, role="assistant") for text in ("first", "second", "third")]
    expected = [("user", "Hi"), ("assistant", "third"), ("user", "Next")]
    assert told(message(), *answers, message("Next")) == expected


def test_an_empty_answer_is_not_told_and_hides_no_other() -> None:
    answers = [message("said", role="assistant"), message("", role="assistant", status="error")]
    expected = [("user", "Hi"), ("assistant", "said"), ("user", "Next")]
    assert told(message(), *answers, message("Next")) == expected


def test_a_partial_answer_is_told() -> None:
    partial = message("Hel", role="assistant", status="stopped")
    assert told(message(), partial, message("Go on")) == [
        ("user", "Hi"),
        ("assistant", "Hel"),
        ("user", "Go on"),
    ]


def test_context_is_told_before_the_text_it_was_added_to() -> None:
    with_context = message("Why?", context=(text("one"), text("two", name='a "b"')))
    whole = (
        '<context>\none\n</context>\n\n<context name="a &quot;b&quot;">\ntwo\n</context>\n\nWhy?'
    )
    assert told(with_context) == [("user", whole)]
    assert Question(conversation=Conversation(messages=(with_context,))).prompt == whole


def test_the_prompt_is_the_last_message() -> None:
    assert Question(conversation=said("Hi", "Hello", "And?")).prompt == "And?"
