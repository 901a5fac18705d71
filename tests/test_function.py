"""A source made of a function of your own, of whatever kind, run as it is by a real loop."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator

import pytest

from printer_widget.conversation import Conversation, Message, Question
from printer_widget.errors import ChatError, ProviderError, StreamInterrupted
from printer_widget.events import StreamEnd
from printer_widget.sources import FunctionSource

QUESTION = Question(
    conversation=Conversation(
        messages=(Message(id="m1", role="user", content="Hi", timestamp=""),)
    ),
    system="Be brief.",
)


async def read(function) -> list[str]:
    """The pieces of an answer that ends well."""
    events = [event async for event in FunctionSource(function).stream(QUESTION)]
    assert events[-1] == StreamEnd()
    return [event.text for event in events[:-1]]


async def failure(function) -> tuple[list[str], ProviderError]:
    """The pieces of an answer that fails, and its error."""
    pieces = []
    try:
        async for event in FunctionSource(function).stream(QUESTION):
            pieces.append(event.text)  # noqa: PERF401  # what came before the error counts
    except ProviderError as error:
        return pieces, error
    pytest.fail("the answer did not fail")


# ── Functions of all kinds ─────────────────────────────────────────────────────────────────────


async def agen(messages):
    yield "a"
    await asyncio.sleep(0)
    yield "b"


async def coroutine(messages):
    return "ab"


def gen(messages):
    yield "a"
    yield "b"


def plain(messages):
    return "ab"


def listing(messages):
    return ["a", "b"]


async def coroutine_of_agen(messages):
    return agen(messages)


def gen_of_agens(messages):
    yield "x"
    yield agen(messages)


class Bot:
    async def agen(self, messages):
        yield "a"
        yield "b"

    def gen(self, messages):
        yield from "ab"

    @staticmethod
    async def static(messages):
        yield "ab"


class AsyncBot:
    async def __call__(self, messages):
        yield "a"
        yield "b"


class CoroutineBot:
    async def __call__(self, messages):
        return "ab"


class SyncBot:
    def __call__(self, messages):
        yield "ab"


class Pieces:
    """An async iterator that is no generator."""

    def __init__(self, *, left: int = 2) -> None:
        self.left = left

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return "ba"[self.left]


def with_extra(messages, extra):
    yield messages[-1]["content"][:0] + extra


async def async_with_extra(messages, extra):
    yield extra


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(agen, id="async generator"),
        pytest.param(coroutine, id="coroutine"),
        pytest.param(gen, id="generator"),
        pytest.param(plain, id="plain function"),
        pytest.param(listing, id="function that returns a list"),
        pytest.param(lambda _: iter("ab"), id="function that returns an iterator"),
        pytest.param(lambda m: agen(m[-1:]), id="lambda of an async generator"),
        pytest.param(lambda m: coroutine(m[-1:]), id="lambda of a coroutine"),
        pytest.param(lambda m: gen(m[-1:]), id="lambda of a generator"),
        pytest.param(lambda _: Pieces(), id="lambda of an async iterator"),
        pytest.param(coroutine_of_agen, id="coroutine of an async generator"),
        pytest.param(Bot().agen, id="bound async method"),
        pytest.param(Bot().gen, id="bound method"),
        pytest.param(Bot.static, id="static method"),
        pytest.param(AsyncBot(), id="async callable object"),
        pytest.param(CoroutineBot(), id="callable object with a coroutine"),
        pytest.param(SyncBot(), id="callable object"),
        pytest.param(functools.partial(with_extra, extra="ab"), id="partial"),
        pytest.param(functools.partial(async_with_extra, extra="ab"), id="async partial"),
        pytest.param(functools.partial(AsyncBot()), id="partial of an async object"),
        pytest.param(functools.partial(Bot().agen), id="partial of a bound method"),
    ],
)
async def test_the_text_of_a_function_of_this_kind_is_streamed(function) -> None:
    assert "".join(await read(function)) == "ab"


@pytest.mark.parametrize("function", [agen, gen, listing])
async def test_each_piece_is_a_delta_of_its_own(function) -> None:
    assert await read(function) == ["a", "b"]


async def test_a_returned_text_is_one_piece_and_not_its_characters() -> None:
    assert await read(plain) == await read(coroutine) == ["ab"]


async def test_an_async_piece_is_flattened_in_its_place() -> None:
    assert await read(gen_of_agens) == ["x", "a", "b"]


@pytest.mark.parametrize("empty", [[], "", Pieces(left=0)], ids=["list", "text", "iterator"])
async def test_an_answer_may_be_empty(empty) -> None:
    assert "".join(await read(lambda _: empty)) == ""


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_the_function_is_told_the_messages(kind: str) -> None:
    told = []

    async def answer_async(messages):
        told.extend(messages)
        yield "a"

    def answer(messages):
        told.extend(messages)
        return "a"

    await read(answer_async if kind == "async" else answer)
    assert told == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]


async def test_an_async_function_runs_on_the_streams_loop_and_another_on_a_thread() -> None:
    async def here(messages):
        yield str(threading.get_ident())

    def there(messages):
        yield str(threading.get_ident())

    mine = str(threading.get_ident())
    assert await read(here) == [mine]
    assert await read(there) != [mine]


# ── What goes wrong ────────────────────────────────────────────────────────────────────────────


def yielding(*pieces):
    def gen(messages):
        yield from pieces

    async def agen(messages):
        for piece in pieces:
            yield piece

    return gen, agen


@pytest.mark.parametrize("which", [0, 1], ids=["generator", "async generator"])
@pytest.mark.parametrize(
    ("piece", "named"),
    [(5, "int"), (None, "NoneType"), (b"x", "bytes"), ({"a": 1}, "dict"), (["a"], "list")],
)
async def test_a_piece_that_is_no_text_is_an_error_that_names_it(which, piece, named) -> None:
    pieces, error = await failure(yielding("a", piece, "b")[which])
    assert pieces == ["a"]
    assert f"expected pieces of text (str), got {named}" in str(error)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(
    ("given", "named"), [(5, "int"), (None, "NoneType"), (b"x", "bytes"), ({"a": 1}, "dict")]
)
async def test_a_result_that_is_no_text_is_an_error_that_names_it(kind, given, named) -> None:
    async def answer(messages):
        return given

    pieces, error = await failure(answer if kind == "async" else lambda _: given)
    assert pieces == []
    assert f"expected pieces of text (str), got {named}" in str(error)


def raising(error: BaseException):
    async def agen(messages):
        yield "a"
        raise error

    async def coroutine(messages):
        raise error

    def gen(messages):
        yield "a"
        raise error

    def plain(messages):
        raise error

    return {each.__name__: each for each in (agen, coroutine, gen, plain)}


KINDS = ["agen", "coroutine", "gen", "plain"]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_function_raises_is_the_cause_and_named(kind: str) -> None:
    raised = ValueError("no model")
    pieces, error = await failure(raising(raised)[kind])
    assert error.__cause__ is raised
    assert str(error) == f"{kind} raised ValueError: no model"
    assert pieces == (["a"] if kind.endswith("gen") else [])


@pytest.mark.parametrize("kind", KINDS)
async def test_a_chat_error_of_a_function_comes_through_as_it_is(kind: str) -> None:
    raised = StreamInterrupted("cut")
    with pytest.raises(ChatError) as caught:
        await read(raising(raised)[kind])
    assert caught.value is raised


@pytest.mark.parametrize("kind", KINDS)
async def test_a_function_that_exits_ends_its_answer_and_not_the_program(kind: str) -> None:
    _, error = await failure(raising(SystemExit(2))[kind])
    assert str(error) == f"{kind} raised SystemExit: 2"


async def test_an_error_without_a_text_is_named_alone() -> None:
    _, error = await failure(raising(KeyError())["plain"])
    assert str(error) == "plain raised KeyError"


async def test_an_error_with_a_long_text_is_told_in_one_short_line_that_can_be_sent() -> None:
    _, error = await failure(raising(ValueError("line\n\ud83d" * 1000))["plain"])
    assert len(str(error)) < 400
    assert "\n" not in str(error)
    str(error).encode()


async def test_a_function_that_takes_no_messages_is_an_error() -> None:
    _, error = await failure(lambda: "ab")
    assert "raised TypeError" in str(error)


@pytest.mark.parametrize("function", ["text", 5, None])
def test_what_is_no_function_is_refused(function) -> None:
    with pytest.raises(TypeError, match=f"expected a function, got {type(function).__name__}"):
        FunctionSource(function)


@pytest.mark.parametrize(
    ("function", "label"),
    [(gen, "gen"), (AsyncBot(), "AsyncBot"), (lambda _: "", "<lambda>")],
    ids=["function", "object", "lambda"],
)
def test_a_function_is_labelled_by_its_name_and_never_its_address(function, label: str) -> None:
    assert FunctionSource(function).label == label
    assert repr(FunctionSource(function)) == f"FunctionSource({label})"
