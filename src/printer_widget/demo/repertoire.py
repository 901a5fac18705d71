"""What the demo model knows: the first pattern that occurs in a question decides."""

from __future__ import annotations

import re

DEFAULTS = (
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


REPERTOIRE: tuple[tuple[re.Pattern[str], str], ...] = (
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
