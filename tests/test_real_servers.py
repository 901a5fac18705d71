"""What real servers did, row by row, and that each protocol's own details are understood."""

from __future__ import annotations

import json

import pytest

from chats import nothing_left_behind
from printer_widget import AGUI, AnthropicMessages, ChatError, ChatNode, OpenAIChat, VercelUI
from printer_widget.sources import HttpSource
from protocols import DONE, KEY, PROTOCOLS, block, chunk, data, replaying, typed
from servers import Answer, Connection, no_wait, sending, serve_in_thread

JSON = "application/json"
KNOWN = {"model", "messages", "stream"}


def reply_of(answer: Answer, name: str = "OpenAIChat", **limits):
    with nothing_left_behind(), serve_in_thread(answer) as server:
        provider = PROTOCOLS[name].make(server.url, KEY)
        chat = ChatNode(HttpSource(provider, wait=no_wait, **limits))
        try:
            reply = chat.send("Hi").result(10)
        except ChatError as error:
            reply = error.reply
        chat.close()
    return reply, server


# ── PROTOCOLS, “What real servers did” ─────────────────────────────────────────────────────────


def test_transformers_sends_no_done_and_its_usage_with_the_finish_reason() -> None:
    reply, _ = reply_of(replaying("tf-chat"))
    assert reply.status == "complete"
    assert reply.usage == {"input_tokens": 4, "output_tokens": 24}


def test_transformers_refuses_unknown_fields_so_none_is_sent_to_this_machine() -> None:
    _, server = reply_of(sending(chunk(finish_reason="stop")))
    assert server.requests[0].json().keys() == KNOWN


def test_litellm_has_choices_in_its_chunk_of_usage() -> None:
    reply, _ = reply_of(replaying("litellm-chat"))
    assert reply.usage == {"input_tokens": 8, "output_tokens": 30}


def test_llama_cpp_sends_no_usage_though_asked() -> None:
    reply, _ = reply_of(replaying("llama-chat"))
    assert (reply.status, reply.usage) == ("complete", None)


def test_azure_begins_without_choices_and_may_send_one_without_a_delta() -> None:
    body = data(model="", choices=[]) + data(choices=[{"index": 0, "content_filter_offsets": {}}])
    answer = sending(body + chunk({"content": "Hi"}) + chunk(finish_reason="stop") + DONE)
    reply, _ = reply_of(answer, "OpenAIChat on Azure")
    assert (reply.status, reply.content) == ("complete", "Hi")


def test_openrouter_sends_comments_and_fails_in_the_middle_of_a_good_answer() -> None:
    failed = data(
        error={"code": 502, "message": "Provider disconnected"},
        choices=[{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
    )
    reply, _ = reply_of(
        sending(b": OPENROUTER PROCESSING\n\n" * 3 + chunk({"content": "Hel"}) + failed + DONE)
    )
    assert (reply.status, reply.content) == ("error", "Hel")
    assert reply.error == "Provider disconnected"


def test_litellm_answers_messages_with_plain_json_though_asked_to_stream() -> None:
    reply, _ = reply_of(replaying("litellm-anthropic"), "AnthropicMessages")
    assert reply.status == "complete"
    assert reply.content.startswith("Hello from **LiteLLM**.")


def test_litellm_fails_with_an_event_stream_for_a_body() -> None:
    reply, _ = reply_of(replaying("litellm-responses"))
    assert "it says 'Error processing stream start'" in reply.error


def test_the_content_type_of_another_server_is_not_this_ones() -> None:
    body = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}], "model": "m"}
    more = {"llm_provider-content-type": "text/event-stream"}
    reply, _ = reply_of(sending(json.dumps(body).encode(), content_type=JSON, more=more))
    assert (reply.status, reply.content) == ("complete", "Hello")


def test_llama_cpp_says_nothing_at_all_to_a_prompt_that_is_too_long() -> None:
    reply, _ = reply_of(replaying("llama-toolong"))
    assert reply.status == "interrupted"
    assert "is the conversation too long for the model?" in reply.error


def test_a_server_that_goes_on_after_stop_keeps_nobody_waiting() -> None:
    async def deaf(connection: Connection) -> None:
        await connection.head()
        await connection.send(chunk({"content": "Hel"}))
        await connection.gone()

    with nothing_left_behind(), serve_in_thread(deaf) as server:
        chat = ChatNode(OpenAIChat("m", base_url=server.url))
        turn = chat.send("Hi")
        chat.stop()
        assert turn.result(10).status == "stopped"
        assert chat.isStreaming is False
        chat.close()


def test_vercel_finishes_well_after_an_error_and_it_stays_an_error() -> None:
    reply, _ = reply_of(replaying("vercel-error"), "VercelUI")
    assert (reply.status, reply.error) == ("error", "Rate limit exceeded")


def test_what_random_models_emit_is_shown_as_it_is() -> None:
    reply, _ = reply_of(sending(chunk({"content": "\ufffd\x00\x13e\u0301\u200d"}) + DONE))
    assert reply.content == "\ufffd\x00\x13e\u0301\u200d"


def test_anthropics_events_are_understood_without_their_event_lines() -> None:
    body = PROTOCOLS["AnthropicMessages"].answer("Hello")
    bare = b"\n".join(line for line in body.split(b"\n") if not line.startswith(b"event:"))
    assert reply_of(sending(bare), "AnthropicMessages")[0].content == "Hello"


# ── OpenAI ─────────────────────────────────────────────────────────────────────────────────────


def test_of_several_choices_the_first_is_the_answer() -> None:
    other = data(choices=[{"index": 1, "delta": {"content": "other"}, "finish_reason": "length"}])
    reply, _ = reply_of(sending(other + chunk({"content": "Hi"}) + other + DONE))
    assert (reply.content, reply.note) == ("Hi", None)


def test_a_refusal_is_text_of_the_answer() -> None:
    reply, _ = reply_of(sending(chunk({"refusal": "I can't."}) + chunk(finish_reason="stop")))
    assert (reply.status, reply.content) == ("complete", "I can't.")


@pytest.mark.parametrize("key", ["reasoning", "reasoning_content"])
def test_reasoning_has_two_names_and_is_told_once(key: str) -> None:
    both = {"reasoning": "Hm.", "reasoning_content": "Hm."}
    parts = sending(chunk({key: "So. "}) + chunk(both) + chunk({"content": "Hi"}) + DONE)
    assert reply_of(parts)[0].reasoning == "So. Hm."


def test_a_tool_call_is_put_together_and_not_run() -> None:
    def call(index: int, **function: str) -> bytes:
        return chunk({"tool_calls": [{"index": index, "function": function}]})

    body = (
        call(0, name="look", arguments="")
        + call(0, arguments='{"at": ')
        + call(1, name="wait", arguments="{}")
        + call(0, arguments='"x"}')
        + chunk(finish_reason="tool_calls")
    )
    reply, _ = reply_of(sending(body))
    assert reply.to_dict()["tools"] == [
        {"name": "look", "arguments": '{"at": "x"}'},
        {"name": "wait", "arguments": "{}"},
    ]
    assert reply.note == "The model asks for tools, which are not run here."


def test_tool_calls_of_an_answer_that_broke_off_are_kept_as_far_as_they_came() -> None:
    part = chunk({"tool_calls": [{"index": 0, "function": {"name": "look", "arguments": "{"}}]})
    reply, _ = reply_of(sending(part))
    assert (reply.status, reply.tools) == ("interrupted", ({"name": "look", "arguments": "{"},))


def test_a_flood_of_tool_calls_is_an_error() -> None:
    calls = [{"index": number, "function": {"name": "x"}} for number in range(300)]
    reply, _ = reply_of(sending(chunk({"tool_calls": calls}) + DONE))
    assert reply.status == "error"
    assert "more than 256 tools" in reply.error


@pytest.mark.parametrize(
    ("reason", "note"),
    [
        ("stop", None),
        ("length", "limit of tokens"),
        ("content_filter", "content filter"),
        ("function_call", "asks for tools"),
        ("eos_token_of_v9", "for a reason of its own: eos_token_of_v9."),
    ],
)
def test_why_the_model_stopped_is_noted_where_it_is_no_plain_stop(reason, note) -> None:
    reply, _ = reply_of(sending(chunk({"content": "Hi"}) + chunk(finish_reason=reason)))
    assert reply.status == "complete"
    assert reply.note is None if note is None else note in reply.note


def test_a_whole_answer_in_json_has_all_that_a_stream_has() -> None:
    message = {
        "content": "Hi",
        "reasoning_content": "Hm.",
        "tool_calls": [{"function": {"name": "look", "arguments": "{}"}}],
    }
    body = {
        "model": "m-2",
        "choices": [{"index": 0, "message": message, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    reply, _ = reply_of(sending(json.dumps(body).encode(), content_type=JSON))
    told = reply.to_dict()
    assert (reply.status, reply.content, reply.reasoning) == ("complete", "Hi", "Hm.")
    assert (told["model"], told["usage"]) == ("m-2", {"input_tokens": 1, "output_tokens": 2})
    assert told["tools"] == [{"name": "look", "arguments": "{}"}]


# ── Anthropic ──────────────────────────────────────────────────────────────────────────────────


def test_a_whole_conversation_with_claude_is_decoded() -> None:
    body = (
        typed(
            "message_start",
            message={
                "id": "msg_9",
                "model": "claude-x",
                "usage": {"input_tokens": 25, "output_tokens": 1},
            },
        )
        + typed("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""})
        + block(0, type="thinking_delta", thinking="Hm.")
        + block(0, type="signature_delta", signature="c2ln")
        + typed("ping")
        + block(1, type="text_delta", text="Hello")
        + typed(
            "content_block_start",
            index=2,
            content_block={"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
        )
        + block(2, type="input_json_delta", partial_json='{"at": ')
        + block(2, type="input_json_delta", partial_json="1}")
        + typed("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 15})
        + typed("message_stop")
    )
    reply, _ = reply_of(sending(body), "AnthropicMessages")
    assert (reply.id, reply.model, reply.content, reply.reasoning) == (
        "msg_9",
        "claude-x",
        "Hello",
        "Hm.",
    )
    assert reply.usage == {"input_tokens": 25, "output_tokens": 15}
    assert reply.tools == ({"name": "look", "arguments": '{"at": 1}'},)


def test_a_message_without_its_stop_is_not_complete() -> None:
    whole = PROTOCOLS["AnthropicMessages"].answer("Hello")
    body = whole.removesuffix(typed("message_stop"))
    assert reply_of(sending(body), "AnthropicMessages")[0].status == "interrupted"


def test_an_id_that_another_message_has_is_not_taken_again() -> None:
    answer = sending(PROTOCOLS["AnthropicMessages"].answer("Hello"))
    with nothing_left_behind(), serve_in_thread(answer) as server:
        chat = ChatNode(AnthropicMessages("m", base_url=server.url))
        chat.send("Hi").result(10)
        chat.send("Hi").result(10)
        ids = [message["id"] for message in chat.messages]
        chat.close()
    assert len(set(ids)) == 4


# ── Vercel, AG-UI ──────────────────────────────────────────────────────────────────────────────


def test_vercels_tool_calls_come_in_pieces_or_at_once() -> None:
    body = (
        data(type="tool-input-start", toolCallId="a", toolName="look")
        + data(type="tool-input-delta", toolCallId="a", inputTextDelta='{"x":1}')
        + data(type="tool-input-available", toolCallId="a", toolName="look", input={"x": 1})
        + data(type="tool-input-available", toolCallId="b", toolName="wait", input={"s": 2})
    )
    protocol = PROTOCOLS["VercelUI"]
    reply, _ = reply_of(sending(protocol.begin + body + protocol.end), "VercelUI")
    assert [tool["arguments"] for tool in reply.tools] == ['{"x":1}', '{"s": 2}']


def test_an_answer_that_vercel_aborts_is_not_complete() -> None:
    body = PROTOCOLS["VercelUI"].text("Hel") + data(type="abort", reason="deadline") + DONE
    reply, _ = reply_of(sending(body), "VercelUI")
    assert (reply.status, reply.error) == ("error", "the server stopped the answer: deadline")


def test_ag_uis_tool_calls_chunks_and_interrupts() -> None:
    body = (
        data(type="RUN_STARTED", threadId="t1", runId="r1")
        + data(type="TEXT_MESSAGE_CHUNK", messageId="u", role="user", delta="not this")
        + data(type="TEXT_MESSAGE_CHUNK", messageId="m", role="assistant", delta="Hi")
        + data(type="THINKING_TEXT_MESSAGE_CONTENT", delta="Hm.")
        + data(type="TOOL_CALL_START", toolCallId="a", toolCallName="look")
        + data(type="TOOL_CALL_ARGS", toolCallId="a", delta="{}")
        + data(type="RUN_FINISHED", outcome={"type": "interrupt", "interrupts": []})
    )
    reply, _ = reply_of(sending(body), "AGUI")
    assert (reply.content, reply.reasoning) == ("Hi", "Hm.")
    assert reply.tools == ({"name": "look", "arguments": "{}"},)
    assert reply.note == "The model ended its answer for a reason of its own: interrupt."


def test_an_ag_ui_thread_goes_on_under_its_id_and_each_run_has_its_own() -> None:
    answer = sending(PROTOCOLS["AGUI"].answer("Hello"))
    with nothing_left_behind(), serve_in_thread(answer) as server:
        chat = ChatNode(AGUI(server.url), system="Be brief.")
        chat.send("Hi").result(10)
        chat.retry().result(10)
        chat.clear()
        chat.send("Anew").result(10)
        chat.close()
    first, second, third = (request.json() for request in server.requests)
    assert second["threadId"] == "t1"
    assert len({first["threadId"], second["threadId"], third["threadId"]}) == 3
    assert len({first["runId"], second["runId"], third["runId"]}) == 3
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert first.keys() == {
        *("threadId", "runId", "messages", "tools", "context", "state", "forwardedProps")
    }


def test_vercel_is_sent_ui_messages_and_more_headers_and_fields() -> None:
    answer = sending(PROTOCOLS["VercelUI"].answer("Hello"))
    with nothing_left_behind(), serve_in_thread(answer) as server:
        provider = VercelUI(server.url, headers={"X-App": "lesson"}, body={"model": "big"})
        chat = ChatNode(provider, system="Be brief.")
        chat.send("Hi", context=["x = 1"]).result(10)
        chat.close()
    (request,) = server.requests
    body = request.json()
    assert request.headers["x-app"] == "lesson"
    assert (body["trigger"], body["model"]) == ("submit-message", "big")
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    text = "<context>\nx = 1\n</context>\n\nHi"
    assert body["messages"][1]["parts"] == [{"type": "text", "text": text}]
