"""Models by name; whose key is sent where; which options are passed on; what a model is told."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from printer_widget import (
    AnthropicMessages,
    ChatNode,
    Function,
    Message,
    OpenAIChat,
    Printer,
    VercelUI,
    providers,
    stream_chat,
)
from printer_widget.conversation import Attachment, Conversation, Question
from printer_widget.providers import provider_named
from printer_widget.sources import as_source

KEY = "sk-canary-5ecret"
VARIABLES = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "AZURE_OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "OPENROUTER_API_KEY",
)


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def asked(*messages: Message, system: str | None = None) -> Question:
    return Question(conversation=Conversation(messages=messages), system=system, run_id="r1")


def said(role: str, content: str, **more) -> Message:
    return Message(id=f"{role}-{content[:5]}", role=role, content=content, timestamp="", **more)


HI = asked(said("user", "Hi"))


# ── Names ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("openai:gpt-4o", "OpenAIChat('gpt-4o', base_url='https://api.openai.com/v1')"),
        (
            "anthropic:claude-x",
            "AnthropicMessages('claude-x', base_url='https://api.anthropic.com')",
        ),
        ("ollama:qwen3:8b", "OpenAIChat('qwen3:8b', base_url='http://127.0.0.1:11434/v1')"),
        ("openrouter:a/b:free", "OpenAIChat('a/b:free', base_url='https://openrouter.ai/api/v1')"),
        ("vercel:https://app.example/api/chat", "VercelUI('https://app.example/api/chat')"),
        ("agui:http://127.0.0.1:9/", "AGUI('http://127.0.0.1:9')"),
        ("http://127.0.0.1:8000", "Printer('http://127.0.0.1:8000')"),
        ("https://printer.example", "Printer('https://printer.example')"),
    ],
)
def test_a_name_stands_for_a_provider(name, made, monkeypatch) -> None:
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.setenv(variable, KEY)
    assert repr(provider_named(name)) == made
    chat = ChatNode(name)
    assert repr(chat._chat.source) == f"HttpSource({made})"
    chat.close()


def test_the_chat_is_called_after_the_model() -> None:
    chat = ChatNode("ollama:qwen3:8b")
    assert chat._view["labels"]["title"] == "qwen3:8b"
    chat.close()


@pytest.mark.parametrize("name", ["mistral:large", "gpt-4o", "localhost:8000", ":x", "OPENAI:x"])
def test_an_unknown_name_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(ValueError, match="openai:, anthropic:, ollama:, openrouter:, vercel:,"):
        ChatNode(name)


def test_a_name_that_is_nearly_one_is_put_right() -> None:
    with pytest.raises(ValueError, match="did you mean openai:"):
        provider_named("opnai:gpt-4o")


def test_a_name_without_a_model_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="write ollama:NAME"):
        provider_named("ollama:")


def test_a_token_is_for_a_printer_backend_alone() -> None:
    with pytest.raises(TypeError, match="token= goes with the URL") as caught:
        ChatNode("ollama:qwen3:8b", token=KEY)
    assert KEY not in str(caught.value)


# ── Functions ──────────────────────────────────────────────────────────────────────────────────


def shout(messages) -> str:
    return messages[-1]["content"].upper()


@pytest.mark.parametrize("source", [shout, Function(shout)], ids=["bare", "named"])
async def test_a_function_is_a_source_bare_or_named(source) -> None:
    events = [event async for event in stream_chat(source, "Hi")]
    assert events[0].text == "HI"


def test_a_function_has_its_own_label_or_the_one_it_was_given() -> None:
    assert (repr(Function(shout)), as_source(Function(shout)).label) == ("Function(shout)", "shout")
    assert as_source(Function(shout, label="Loud")).label == "Loud"
    with pytest.raises(TypeError, match="expected a function, got str"):
        Function("shout")


# ── Keys ───────────────────────────────────────────────────────────────────────────────────────


def openai_at(url: str | None, **more):
    return OpenAIChat("m", base_url=url, **more)


def anthropic_at(url: str | None, **more):
    return AnthropicMessages("m", base_url=url, **more)


@pytest.mark.parametrize(
    ("make", "url", "variable", "header"),
    [
        (openai_at, None, "OPENAI_API_KEY", "Authorization"),
        (openai_at, "https://api.openai.com/v1", "OPENAI_API_KEY", "Authorization"),
        (openai_at, "http://127.0.0.1:4000/v1", "OPENAI_API_KEY", "Authorization"),
        (openai_at, "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "Authorization"),
        (openai_at, "https://x.openai.azure.com", "AZURE_OPENAI_API_KEY", "api-key"),
        (anthropic_at, None, "ANTHROPIC_API_KEY", "x-api-key"),
        (anthropic_at, "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", "x-api-key"),
        (anthropic_at, "http://localhost:4000", "ANTHROPIC_API_KEY", "x-api-key"),
    ],
)
def test_the_variable_of_an_address_is_sent_there(make, url, variable, header, monkeypatch) -> None:
    monkeypatch.setenv(variable, KEY)
    assert KEY in make(url).request(HI).headers[header]
    assert KEY not in make(url, api_key="other").request(HI).headers[header]


@pytest.mark.parametrize(
    ("make", "url"),
    [
        (openai_at, "https://models.example/v1"),
        (openai_at, "https://openrouter.ai.example/v1"),
        (openai_at, "https://api.openai.com.example/v1"),
        (openai_at, "https://openrouter.ai/api/v1"),
        (anthropic_at, "https://models.example"),
    ],
)
def test_no_key_goes_to_an_address_that_it_does_not_belong_to(make, url, monkeypatch) -> None:
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(variable, KEY)
    with pytest.raises(ValueError, match="needs a key for"):
        make(url)
    assert not any(KEY in value for value in make(url, api_key="").request(HI).headers.values())


@pytest.mark.parametrize(
    ("make", "url", "variable"),
    [
        (openai_at, None, "OPENAI_API_KEY"),
        (openai_at, "https://x.openai.azure.com", "AZURE_OPENAI_API_KEY"),
        (openai_at, "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        (anthropic_at, None, "ANTHROPIC_API_KEY"),
    ],
)
def test_a_missing_key_names_its_argument_and_its_variable(make, url, variable) -> None:
    with pytest.raises(ValueError, match=rf"pass api_key=, or set {variable}"):
        make(url)


def test_a_server_on_this_machine_needs_no_key() -> None:
    assert "Authorization" not in openai_at("http://127.0.0.1:1/v1").request(HI).headers
    assert "x-api-key" not in anthropic_at("http://[::1]:1").request(HI).headers


def test_an_address_from_the_environment_takes_the_key_along(monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://proxy.example/v1/")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    spec = OpenAIChat("m").request(HI)
    assert spec.url == "https://proxy.example/v1/chat/completions"
    assert spec.headers["Authorization"] == f"Bearer {KEY}"


# ── Addresses and options ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("base", "version", "url"),
    [
        (
            "https://x.openai.azure.com",
            None,
            "https://x.openai.azure.com/openai/deployments/m%2F1/chat/completions?api-version=2024-10-21",
        ),
        (
            "https://x.openai.azure.com/openai/deployments/d",
            "2025-01-01",
            "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2025-01-01",
        ),
        (
            "https://x.openai.azure.com/openai/v1/",
            None,
            "https://x.openai.azure.com/openai/v1/chat/completions",
        ),
    ],
)
def test_azure_has_addresses_of_its_own(base, version, url) -> None:
    provider = OpenAIChat("m/1", base_url=base, api_version=version, api_key=KEY)
    assert provider.request(HI).url == url


def test_options_are_passed_on_and_those_that_are_none_left_out() -> None:
    body = OpenAIChat("m", api_key=KEY, temperature=0.2, max_tokens=9, stop=None).request(HI).json
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "temperature": 0.2,
        "max_tokens": 9,
        "stream_options": {"include_usage": True},
    }
    body = AnthropicMessages("m", api_key=KEY, thinking={"type": "enabled"}).request(HI).json
    assert (body["max_tokens"], body["thinking"]) == (4096, {"type": "enabled"})


@pytest.mark.parametrize("make", [openai_at, anthropic_at])
def test_an_unknown_option_names_the_nearest(make) -> None:
    with pytest.raises(TypeError, match=r"option 'temprature': did you mean temperature=\?"):
        make(None, api_key=KEY, temprature=0.2)
    for option in ("messages", "n", "xyz"):
        with pytest.raises(TypeError, match=f"unknown option {option!r}"):
            make(None, api_key=KEY, **{option: 1})


def test_an_option_that_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot send temperature= as JSON"):
        OpenAIChat("m", api_key=KEY, temperature=object())


@pytest.mark.parametrize("model", ["", " ", None])
@pytest.mark.parametrize("kind", [OpenAIChat, AnthropicMessages])
def test_a_model_needs_a_name(kind, model) -> None:
    with pytest.raises(ValueError, match="needs the name of a model"):
        kind(model, api_key=KEY)


@pytest.mark.parametrize(
    "headers", [{"X Y": "a"}, {"X": "line\nbreak"}, {"X": "é"}, {"X": 5}, {5: "X"}]
)
def test_headers_that_cannot_be_sent_are_refused(headers) -> None:
    with pytest.raises(ValueError, match="header"):
        VercelUI("https://app.example", headers=headers)
    with pytest.raises(TypeError, match="headers must be a mapping"):
        VercelUI("https://app.example", headers="X: y")


def test_a_value_of_a_header_that_a_server_repeats_is_taken_out() -> None:
    provider = VercelUI("https://app.example", headers={"Authorization": f"Bearer {KEY}"})
    provider.request(HI)
    assert KEY not in provider.decode_error(401, json.dumps({"error": f"no {KEY}"}).encode())


# ── What a model is told ───────────────────────────────────────────────────────────────────────

X = Attachment(name="", kind="text", text="x = 1")
TALK = asked(
    said("assistant", "Left over from a deleted question."),
    said("user", "One"),
    said("assistant", "", status="error", error="No quota."),
    said("user", "Two", context=(X,)),
    said("assistant", "Half an ans", status="stopped", reasoning="Hm.", note="Cut."),
    said("user", "Three"),
    said("assistant", "First try", status="interrupted", error="Gone."),
    said("assistant", "Second try"),
    said("user", "Four"),
    system="Be brief.",
)
TOLD = [
    {"role": "user", "content": "One\n\n<context>\nx = 1\n</context>\n\nTwo"},
    {"role": "assistant", "content": "Half an ans"},
    {"role": "user", "content": "Three"},
    {"role": "assistant", "content": "Second try"},
    {"role": "user", "content": "Four"},
]


def test_anthropic_is_told_a_conversation_that_alternates_and_begins_with_the_reader() -> None:
    body = AnthropicMessages("m", api_key=KEY).request(TALK).json
    assert (body["system"], body["messages"]) == ("Be brief.", TOLD)


def test_openai_is_told_the_same_with_the_system_prompt_first() -> None:
    left = {"role": "assistant", "content": "Left over from a deleted question."}
    system = {"role": "system", "content": "Be brief."}
    body = OpenAIChat("m", api_key=KEY).request(TALK).json
    assert body["messages"] == [system, left, *TOLD]


def test_vercel_is_told_each_message_by_its_id() -> None:
    messages = VercelUI("https://app.example").request(TALK).json["messages"]
    assert [message["parts"][0]["text"] for message in messages][-3:] == [
        "Three",
        "Second try",
        "Four",
    ]
    assert messages[-1]["id"] == "user-Four"


# ── The package ────────────────────────────────────────────────────────────────────────────────


def test_every_provider_is_exported_from_both_places() -> None:
    import printer_widget

    for name in ("AGUI", "AnthropicMessages", "Function", "OpenAIChat", "Printer", "VercelUI"):
        assert getattr(printer_widget, name) is getattr(providers, name)
        assert name in printer_widget.__all__
        assert name in providers.__all__
    assert Printer is provider_named("http://127.0.0.1:1").__class__


def test_importing_the_package_imports_little_more_than_anywidget_and_httpx() -> None:
    code = (
        "import sys, anywidget, httpx; before = set(sys.modules); import printer_widget; "
        "print('\\n'.join(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    new = [name for name in done.stdout.split() if not name.startswith("printer_widget")]
    # What is left is asyncio and small modules of the standard library: no SDK, no server.
    assert {name.partition(".")[0] for name in new} <= sys.stdlib_module_names
    assert not {"sqlite3", "http.server"}.intersection(new)
    assert "printer_widget.server" not in done.stdout
    assert len([name for name in new if not name.startswith("asyncio")]) < 25
