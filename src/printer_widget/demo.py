"""The demo model: short Markdown answers, deterministic, at a human pace.

It is what a first-time visitor meets in ``ChatNode()``: no account, no key, no network, and every
part of the widget to try out. It does not think and says so. The same question always gets the
same answer, so that notebooks and tests can rely on it.

The repertoire itself is in ``_REPERTOIRE``, at the end: the first pattern that occurs in the
question decides.
"""

from __future__ import annotations

import asyncio
import math
import re
import textwrap
import time
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

THINKING_S = 0.35
"""Silence before the first token, in seconds: long enough to see “AI is thinking…”."""

MAX_QUOTE = 160
"""Longest quotation of a question, in code points."""

MAX_ECHO = 2_000
"""Longest text that is repeated on request, in code points."""

_YIELD_EVERY = 64  # tokens between two turns of the event loop, when there is no pace to keep


def answer(messages: Sequence[Mapping[str, Any]]) -> str:
    """Return the answer to the last user message, as Markdown.

    Each message is a mapping with ``role`` (system, user or assistant) and ``content`` (text).
    Raises ValueError when there is no user message, TypeError when a content is not text.
    """
    for message in messages:
        if not isinstance(message.get("content"), str):
            raise TypeError(
                "The demo model takes messages whose content is text (str), not "
                f"{type(message.get('content')).__name__}."
            )
    questions = [message["content"] for message in messages if message.get("role") == "user"]
    if not questions:
        raise ValueError('The demo model needs a message with role "user"; it was given none.')
    text = _reply(questions[-1], earlier=len(questions) - 1)
    roles = [message["content"] for message in messages if message.get("role") == "system"]
    if roles and roles[-1].strip():
        text = (
            f"You asked me to act as: “{_quoted(roles[-1])}”. "
            f"A real model would; I can only read it back.\n\n{text}"
        )
    return text


def tokens(text: str) -> list[str]:
    """Split a text into pieces such as a model would send; joined, they are the text again.

    A piece is up to eight letters with the space before them, a mark, or line breaks. What is
    drawn as one character stays whole in the common cases (UAX #29): combining marks, joined
    emoji, flags, skin tones, and a surrogate pair that stands as two code points.
    """
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        if pieces and (_continues(piece[0]) or pieces[-1].endswith("\u200d")):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


async def demo_model(
    messages: Sequence[Mapping[str, Any]],
    *,
    tokens_per_second: float = 40.0,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[str]:
    """Yield the answer piece by piece, ``math.inf`` tokens per second meaning without a pause.

    Each token has its deadline from the beginning, so that a sleep which comes back late does
    not slow the answer down. Raises ValueError unless ``tokens_per_second`` is above 0, and what
    ``answer`` raises.
    """
    if not tokens_per_second > 0:
        raise ValueError(
            f"tokens_per_second must be above 0 (or math.inf), not {tokens_per_second!r}."
        )
    pieces = tokens(answer(messages))
    paced = not math.isinf(tokens_per_second)
    first = clock() + THINKING_S
    for number, piece in enumerate(pieces):
        if paced:
            # Not skipped when the deadline has passed: a sleep of 0 lets others, and Stop, run.
            await sleep(max(0.0, first + number / tokens_per_second - clock()))
        elif number % _YIELD_EVERY == 0:
            await sleep(0)
        yield piece


_PIECE = re.compile(
    r"""
      (?:\r?\n)+
    | [ ]?\w{1,8}
    | [ ]+(?=[ ])                            # all but the last space of an indent
    | [ ]?[\U0001F1E6-\U0001F1FF]{2}         # a flag is two regional indicators
    | [ ]?[\ud800-\udbff][\udc00-\udfff]
    | [ ]?[^\w\s]
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


def _continues(character: str) -> bool:
    """Tell whether a character is drawn together with the one before it."""
    return (
        unicodedata.category(character).startswith("M")
        or character in "\u200c\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags, as in the flag of Scotland
    )


def _as_text(text: str) -> str:
    """Escape a line so that Markdown shows it as it was typed (CommonMark §2.4).

    Also breaks what GitHub's dialect would make a link, and drops what no font shows.
    """
    shown = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cs"})
    escaped = re.sub(r"[\\`*_{}\[\]<>#|~$&@]|:(?=//)|(?<=www)\.", r"\\\g<0>", shown)
    return re.sub(r"^(\s*\d*)([-+=.)])", r"\1\\\2", escaped)


def _quoted(text: str) -> str:
    """Return a text as one short line of Markdown that shows it."""
    line = " ".join(text.split())
    if len(line) > MAX_QUOTE:
        at_a_word = textwrap.shorten(line, MAX_QUOTE, placeholder=" …")
        line = at_a_word if len(at_a_word) > MAX_QUOTE // 2 else f"{line[: MAX_QUOTE - 1]}…"
    return _as_text(line)


def _reply(question: str, *, earlier: int) -> str:
    echo = _ECHO.match(question)
    if echo:
        return _echoed(echo["text"])
    for pattern, text in _REPERTOIRE:
        if pattern.search(question):
            return text
    return _otherwise(question, earlier=earlier)


def _echoed(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_ECHO:
        text = f"{text[: MAX_ECHO - 1]}…"
    if "\n" not in text:
        return _as_text(text)
    # A fence is closed only by one at least as long (CommonMark §4.5).
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _otherwise(question: str, *, earlier: int) -> str:
    before = {0: "", 1: " It is your second question here."}.get(
        earlier, f" You asked {earlier} questions before it."
    )
    text = _DEFAULTS[len(question) % len(_DEFAULTS)]
    return (
        f"You asked: “{_quoted(question)}”.{before}\n\n{text}\n\n"
        "Ask me for **code**, a **table**, a **list**, some **math** or a **story**, or how to "
        "**connect a real model**."
    )


_ECHO = re.compile(
    r"\s*(?:please\s+)?(?:repeat(?:\s+after\s+me)?|echo|say)(?:\s*:\s*|\s+)(?P<text>\S.*)",
    re.IGNORECASE | re.DOTALL,
)

_DEFAULTS = (
    """\
I have no answer to that: I am the demo model built into printer_widget, I do not think, and I \
answer from a small fixed repertoire. What you can watch here is real, though. This text travels \
as *server-sent events*, one small piece at a time, and each piece is drawn within a few \
milliseconds of its arrival.""",
    """\
I am only the demo model of printer_widget and know a handful of answers; this is not one of \
them. But while you read, the notebook stays yours: run other cells, edit text, plot something. \
The answer streams on a thread of its own, and **Stop** works even while a cell is busy.""",
    """\
A real model would have something to say to that. I am the demo model of printer_widget and \
answer from a fixed repertoire. Whatever streams in stays in Python: `chat.messages` holds the \
conversation, `chat.streamed_text` the answer that is being written.""",
)

_ABOUT = """\
I am the **demo model** built into printer_widget. I do not think: I answer from a small fixed \
repertoire, the same words for the same question, so that you can try the widget without an \
account, a key or a network.

Ask me for

- **code**, a **table**, a **list** or some **math**, to see how an answer is drawn while it grows
- **unicode**, for emoji and scripts other than Latin
- a **story**, which is long enough to press *Stop* in the middle
- `repeat after me: …`, and you get your own words back
- how to **connect a real model**, and then you no longer need me
"""

_GREETING = """\
Hello! 👋 I am the demo model built into printer_widget. I do not think, I answer from a small \
fixed repertoire, but I stream just as a real model does.

Try *“show me a table”*, *“write some code”* or *“tell me a story”* (and press **Stop** before \
it ends). *“What can you do?”* lists the rest.
"""

_THANKS = """\
You are welcome! I am a fixed repertoire and cannot be pleased, but whoever wrote me is. \
When you want more than that, ask me how to **connect a real model**.
"""

_CONNECT = """\
Give `ChatNode` something that answers: a model by its name, with its key in the environment,

```python
from printer_widget import ChatNode

chat = ChatNode("openai:gpt-4o")  # or "anthropic:…", "ollama:qwen3:8b", "openrouter:…"
chat
```

a Printer backend, `ChatNode("http://127.0.0.1:8000", token=token)`, or a function of your own \
that yields text:

```python
async def shout(messages):
    for word in messages[-1]["content"].split():
        yield word.upper() + " "

chat = ChatNode(shout)
```

Keys and tokens stay in Python: they are neither sent to the browser nor saved in the notebook.
"""

_CODE = """\
Here is a running mean that never stores its numbers. It is one generator, fed by `send`:

```python
def running_mean():
    \"\"\"Yield the mean of everything sent so far.\"\"\"
    total, count, mean = 0.0, 0, None
    while True:
        total += yield mean
        count += 1
        mean = total / count


mean = running_mean()
next(mean)  # run to the first yield
print([mean.send(x) for x in (3, 5, 10)])  # [3.0, 4.0, 6.0]
```

While the answer grows, what is there already is never drawn again. That is why long ones do not \
flicker.
"""

_TABLE = """\
These are the five events in which this answer reaches you:

| Event | Data | When |
|:------|:-----|:-----|
| `stream_start` | `{"status": "streaming"}` | the question was accepted |
| `conversation_id` | `{"conversation_id": …}` | a new conversation began |
| `message` | `{"token": …}` | for every piece of text |
| `stream_end` | `{"message_id": …, "status": "complete"}` | the answer is whole |
| `error` | `{"error": …}` | something failed |

An answer is complete only if `stream_end` came. A connection that breaks off before it leaves \
what you have read so far, labelled as *interrupted*.
"""

_LIST = """\
Five things to try, in this order:

1. Ask for a **story** and press *Stop* in the middle: the text stays, labelled as stopped.
2. Ask for it again, and scroll up while it grows: the view no longer follows.
3. Run `time.sleep(5)` in a cell during an answer. It streams on.
4. Look at what Python has:
   - `chat.messages` is the conversation
   - `chat.is_streaming` tells whether an answer is coming in
   - `await chat.send("Hello")` gives you the reply as a value
5. Ask for **code**, a **table** or a **formula**: each is drawn while it comes.
"""

_MATH = """\
The mean and the variance of $x_1, \\dots, x_n$ can be updated one number at a time, which is how \
one computes them from a stream:

$$
\\bar{x}_n = \\bar{x}_{n-1} + \\frac{x_n - \\bar{x}_{n-1}}{n}
$$

$$
S_n = S_{n-1} + (x_n - \\bar{x}_{n-1})\\,(x_n - \\bar{x}_n), \\qquad s^2 = \\frac{S_n}{n-1}
$$

This is Welford's method (1962). It keeps its precision where the textbook formula, \
$\\overline{x^2} - \\bar{x}^2$, subtracts two large numbers that are almost equal.
"""

_UNICODE = """\
Text arrives in pieces, and a piece must never cut a character in two:

- Emoji: 🙂 🚀 👩🏽\u200d🔬 👨\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 🇯🇵 🏴󠁧󠁢󠁳󠁣󠁴󠁿
- Greek: Τὸ πᾶν ῥεῖ · Russian: Всё течёт · Hindi: सब कुछ बहता है
- Arabic: كل شيء يجري
- Hebrew: הכול זורם
- Chinese: 万物皆流 · Japanese: すべては流れる · Korean: 모든 것은 흐른다
- Beyond the first plane: 𝔸𝕝𝕝 𝕗𝕝𝕠𝕨𝕤, 𐍃𐌹𐌽𐍄𐌴𐌹𐌽𐍉

They all say the same, more or less: *everything flows*.
"""

_STORY = """\
## The printer that would not wait

*(A long answer, for trying **Stop**. I know it by heart; I did not make it up just now.)*

In the cellar of an observatory stood a teleprinter, older than anyone who worked there. The \
telescope on the roof sent it numbers all night, and in the morning an astronomer came \
down, tore off the paper and carried it to her desk.

The new director did not like that. “A machine should first finish and then speak,” he said, and \
had a box built between the telescope and the printer. The box collected the whole night. When \
the sun rose it gave out everything at once, neatly bound, with a title page.

For a while all were content. Then came a night in October. At a quarter past one the telescope \
saw a star become brighter, and brighter again, and it told the box. The box said nothing, since \
the night was not over. At three the star was at its brightest. At four it began to fade. At \
seven the box handed her two hundred pages, and on page ninety-one she found a star that she \
would have given a year of her life to look at, and that was gone.

She said nothing to the director. She took a screwdriver, went down to the cellar, removed the \
box and put the old cable back in its place. Then she pulled up a chair.

> *Tick,* said the printer. *Tick, tick.*

It was slow. It printed one number, and then there was silence, and one could think about it \
before the next one came. Some numbers were wrong; she saw it at the third digit and turned the \
dish while the rest was still being written. Some nights she had read enough after a page. Then \
she pressed the brass key on the side, the one marked **STOP**, and the printer stopped, in the \
middle of a line if need be. What it had printed was still true, and still there.

The director found her in the cellar one morning with a blanket around her shoulders and a yard \
of paper in her lap. “You could have slept,” he said, “and had it all at breakfast.”

“I could have,” she said. “But then I would only have known *what* happened. This way, I was \
there.”

He looked at the paper for a long time. In the end he went to fetch a second chair.

---

That was the whole story. If you have read it to the end, ask for it again and press **Stop** \
at the star.
"""


def _any(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


_REPERTOIRE: tuple[tuple[re.Pattern[str], str], ...] = (
    (_any(r"story|tale|long|essay"), _STORY),
    (_any(r"unicode|emojis?|non-latin"), _UNICODE),
    (
        _any(
            r"connect(?:ing)?|(?:real|other|another|own|local) (?:ai|model|llm|backend)s?|openai|"
            r"anthropic|claude|gpt|chatgpt|gemini|ollama|api.?keys?|providers?"
        ),
        _CONNECT,
    ),
    (_any(r"tables?|events?|protocol|sse"), _TABLE),
    (_any(r"maths?|mathematics|formulas?|equations?|latex|variance|statistics"), _MATH),
    (_any(r"code|python|function|program|script|snippet"), _CODE),
    (_any(r"lists?|steps|tips|ideas|examples?|try"), _LIST),
    (_any(r"(?:who|what) (?:are|can|do) you|help|demo|yourself|how do you work"), _ABOUT),
    (_any(r"thanks?|thank you|thx|bravo|well done"), _THANKS),
    (_any(r"hello|hi|hey|hallo|bonjour|hola|good (?:morning|afternoon|evening|day)"), _GREETING),
)
