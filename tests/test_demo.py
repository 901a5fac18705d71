from __future__ import annotations

import asyncio
import contextlib
import io
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer_widget.conversation import Attachment, Conversation, Message, Question
from printer_widget.demo import (
    MAX_ECHO,
    MAX_LINES,
    MAX_QUOTE,
    THINKING_S,
    answer,
    demo_model,
    tokens,
)

ANYTHING = st.text(st.characters(exclude_categories=()))  # surrogates as well


def user(text):
    return {"role": "user", "content": text}


def ask(text):
    return answer([user(text)])


# What it says


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Hello!", "Hello! 👋"),
        ("good morning", "Hello! 👋"),
        ("What are you?", "I do not think"),
        ("help", "**demo model**"),
        ("How do I connect a real model?", "ChatNode(shout)"),
        ("Where does my OpenAI API key go?", "Keys and tokens stay in Python"),
        ("write some Python code", "```python\ndef running_mean():"),
        ("show me a table", "|:------|"),
        ("some math, please", "\\bar{x}_n"),
        ("make a list", "1. Ask for a **story**"),
        ("unicode", "👩🏽‍🔬"),
        ("Tell me a story", "## The printer that would not wait"),
        ("a long answer", "## The printer that would not wait"),
        ("thanks a lot", "You are welcome"),
        ("repeat after me: tick tock", "tick tock"),
        ("Please echo 🙂", "🙂"),
    ],
)
def test_a_question_finds_its_answer(question, part):
    assert part in ask(question)


SALES = Attachment(name="sales & more", kind="DataFrame", text="table of 3 rows\na story\n```")


def test_what_was_shown_with_a_question_is_said_back_and_decides_nothing():
    [question] = conversation("Hello!", SALES, Attachment(name="", kind="text", text="long"))
    said = answer([question])
    assert "**sales \\& more** (27 characters):\n\n````text\ntable of 3 rows" in said
    assert "shown this (4 characters)" in said
    assert said.endswith(ask("Hello!"))


def test_of_a_long_context_the_beginning_is_said_back():
    [question] = conversation("Hello!", Attachment(name="n", kind="list", text="1\n" * 100))
    assert "\n1\n…\n```\n" in answer([question])
    assert answer([question]).count("\n1") == MAX_LINES


def conversation(text, *context):
    message = Message(id="1", role="user", content=text, timestamp="", context=context)
    return Question(conversation=Conversation(messages=(message,))).to_messages()


@given(ANYTHING)
def test_the_same_question_gets_the_same_answer_and_always_some(question):
    assert ask(question) == ask(question) != ""


@pytest.mark.parametrize(
    "question", ["hi", "who are you", "one", "other", "sentences", "thank you", "why?"]
)
def test_it_does_not_pretend_to_think(question):
    assert re.search(r"demo model|fixed repertoire", ask(question))


def test_the_code_that_it_shows_runs_and_does_what_it_says():
    block = re.search(r"```python\n(.*?)```", ask("code"), re.DOTALL)[1]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(block, {})
    assert printed.getvalue() == "[3.0, 4.0, 6.0]\n"


def test_every_code_block_is_closed():
    for question in ("code", "connect"):
        assert len(re.findall(r"^```", ask(question), re.MULTILINE)) % 2 == 0


def test_the_long_answer_leaves_time_to_press_stop_and_no_more():
    seconds = len(tokens(ask("long"))) / 40
    assert 10 < seconds < 20
    assert 2_000 < len(ask("long")) < 3_000


# What it says about you


def test_a_question_it_does_not_know_is_quoted():
    assert "You asked: “why is grass green?”" in ask("why is grass green?")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<img src=x>", r"\<img src=x\>"),
        ("**a** _b_ `c`", r"\*\*a\*\* \_b\_ \`c\`"),
        ("![a](b)", r"!\[a\](b)"),
        ("a | b ~ $x$ \\", r"a \| b \~ \$x\$ \\"),
        ("see http://a.de", r"see http\://a.de"),
        ("see www.a.de or a@b.de", r"see www\.a.de or a\@b.de"),
        ("&copy; # one", r"\&copy; \# one"),
        ("a\x00b\ud800c", "abc"),
        ("one\n\n- two", "one - two"),
    ],
)
def test_a_quotation_is_text_and_not_markdown(typed, shown):
    assert f"“{shown}”" in ask(typed)


@pytest.mark.parametrize("typed", ["- a", "+ a", "= a", "1. a", "12) a", "  - a"])
def test_an_echo_begins_no_list_and_no_heading(typed):
    assert re.fullmatch(r"\d*\\[-+=.)] a", ask(f"echo {typed}"))


def test_an_echo_of_several_lines_stands_in_a_fence_longer_than_its_own():
    assert ask("repeat: a\n````\nb") == "`````text\na\n````\nb\n`````"


def test_a_long_question_is_quoted_in_part():
    for question in ("blue " * 1_000, "x" * 5_000):
        quoted = re.search("“(.*?)”", ask(question))[1]
        assert MAX_QUOTE // 2 < len(quoted) <= MAX_QUOTE
        assert quoted.endswith("…")


def test_a_long_text_is_echoed_in_part():
    assert len(ask("echo " + "x" * 5_000)) == MAX_ECHO


def test_it_knows_how_many_questions_came_before():
    later = [user("first"), {"role": "assistant", "content": "…"}, user("why?")]
    assert "second question" in answer(later)
    assert "You asked 2 questions before it" in answer([*later, user("why?")])
    assert "before" not in ask("why?")


def test_it_reads_a_system_prompt_back():
    messages = [{"role": "system", "content": "a *pirate*"}, user("hello")]
    assert answer(messages).startswith("You asked me to act as: “a \\*pirate\\*”.")


def test_the_last_user_message_decides():
    messages = [user("table"), user("hello"), {"role": "assistant", "content": "table"}]
    assert answer(messages) == ask("hello")


def test_no_question_is_an_error_that_says_so():
    with pytest.raises(ValueError, match='a message with role "user"; it was given none'):
        answer([{"role": "system", "content": "x"}])


def test_content_that_is_no_text_is_an_error_that_says_so():
    with pytest.raises(TypeError, match=r"content is text \(str\), not list"):
        answer([{"role": "user", "content": []}])


# How it cuts


@given(ANYTHING)
def test_joined_tokens_are_the_text_again(text):
    assert "".join(tokens(text)) == text


def test_no_token_is_empty():
    assert tokens("") == []
    assert all(tokens("a  b\r\n\r\n c\t\n"))


def test_tokens_are_as_long_as_a_models():
    assert tokens("Hello, wonderful world!\n\n    return x") == [
        *["Hello", ",", " wonderfu", "l", " world", "!", "\n\n"],
        *["   ", " return", " x"],
    ]


@pytest.mark.parametrize(
    "character",
    [
        *["👩🏽‍🔬", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇯🇵", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "e\u0301", "कु", "1️⃣", "\r\n"],
        "\ud83d\ude42",  # a pair that was never joined
    ],
)
def test_what_is_drawn_as_one_character_stays_whole(character):
    assert any(character in piece for piece in tokens(f"x, {character} y{character}"))
    assert tokens(character) == [character]


def test_flags_side_by_side_are_cut_between_the_flags():
    assert tokens("🇯🇵🇩🇪") == ["🇯🇵", "🇩🇪"]


# At what pace


class Clock:
    """Time that passes only by sleeping, and a little more than was asked for."""

    def __init__(self, overshoot=0.0):
        self.now = 100.0
        self.overshoot = overshoot
        self.sleeps = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += seconds + self.overshoot
        await asyncio.sleep(0)


async def arrivals(clock, **options):
    asked = [user("hello")]
    return [
        round(clock.now - 100, 6)
        async for _ in demo_model(asked, sleep=clock.sleep, clock=clock, **options)
    ]


async def test_the_answer_is_whole():
    pieces = [piece async for piece in demo_model([user("unicode")], tokens_per_second=math.inf)]
    assert "".join(pieces) == ask("unicode")
    assert len(pieces) > 50


async def test_the_first_token_comes_after_a_moment_of_thought_and_the_others_at_the_pace():
    times = await arrivals(Clock(), tokens_per_second=10)
    assert times[:3] == pytest.approx([THINKING_S, THINKING_S + 0.1, THINKING_S + 0.2])


async def test_sleeping_too_long_does_not_slow_the_answer_down():
    times = await arrivals(Clock(overshoot=0.02), tokens_per_second=40)
    assert times[-1] == pytest.approx(THINKING_S + (len(times) - 1) / 40 + 0.02, abs=1e-6)


async def test_a_sleep_that_came_back_much_too_late_is_caught_up_with():
    clock = Clock(overshoot=1.0)
    await arrivals(clock, tokens_per_second=40)
    assert min(clock.sleeps) == 0


async def test_without_a_pace_it_never_waits_but_lets_others_run():
    clock = Clock()
    asked = [user("long")]
    async for _ in demo_model(asked, tokens_per_second=math.inf, sleep=clock.sleep, clock=clock):
        pass
    assert set(clock.sleeps) == {0}
    assert len(clock.sleeps) > 5


@pytest.mark.parametrize("pace", [0, -1, math.nan, -math.inf])
async def test_a_pace_that_is_none_is_an_error_that_says_so(pace):
    with pytest.raises(ValueError, match="tokens_per_second must be above 0"):
        await anext(demo_model([user("hello")], tokens_per_second=pace))
