"""Record the lesson of notebook 04: ``python notebooks/record_lesson.py``.

The teacher is a script, so that anybody can record this lesson again without a key. All else is as
it would be with a model: a server that streams, a chat that asks it, and a cassette of what came.
With a model of your own, put its name into ``record``, and ask what you like.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from printer_widget import ChatNode, Lesson, record
from printer_widget.demo import tokens
from printer_widget.server.embedded import EmbeddedServer

CASSETTE = Path(__file__).with_name("lesson.cassette")
TOKENS_PER_S = 30
SYSTEM = "You teach statistics to beginners, in short answers."

MEAN = "What is the mean?"
MISLEAD = "When does the mean mislead?"
MEDIAN = "What is the median?"

ANSWERS = {
    MEAN: r"""The **mean** shares everything out evenly. Add the numbers up, and divide by how \
many there are:

$$
\bar{x} = \frac{x_1 + x_2 + \dots + x_n}{n}
$$

Five friends have 3, 4, 4, 5 and 9 euros. If they put it all together and shared it, each would \
have $\frac{25}{5} = 5$ euros. That is the mean, although only one of them really has 5.
""",
    MISLEAD: r"""When one number is far away from all the others. It pulls the mean towards it, \
and then the mean describes nobody:

| in the room | mean wealth |
|:--|--:|
| five students | 5 € |
| five students and a millionaire | 166,671 € |

No student became richer when the door opened. Ask yourself each time: *would one single number \
change what I am going to say?* If it would, look at the **median** as well.
""",
    MEDIAN: r"""The **median** is whoever stands in the middle when all line up by size. Half of \
them are at most as large, half at least.

```python
from statistics import mean, median

room = [3, 4, 4, 5, 9]
print(mean(room), median(room))  # 5 and 4

room.append(1_000_000)
print(mean(room), median(room))  # 166670.83… and 4.5
```

The millionaire moved the mean by more than 166,000 and the median by one half.
""",
}

PATHS = ((MEAN, MISLEAD, MEDIAN), (MISLEAD,), (MEDIAN,))


async def teacher(messages: Sequence[Mapping[str, Any]]) -> AsyncIterator[str]:
    """Yield the answer to the last question, at the pace of a model."""
    for token in tokens(ANSWERS[messages[-1]["content"]].replace("\\\n", "")):
        await asyncio.sleep(1 / TOKENS_PER_S)
        yield token


async def main() -> None:
    """Ask each path of questions, and record the answers."""
    CASSETTE.unlink(missing_ok=True)
    server = EmbeddedServer(model=teacher)
    server.start()
    for path in PATHS:
        chat = ChatNode(
            record(server.url, CASSETTE, token=server.token), lesson=Lesson(system=SYSTEM)
        )
        for question in path:
            await chat.send(question)
        chat.close()
    # A cassette is text: its label, what the chat says of who answers, may be edited like all else.
    label = server.url.removeprefix("http://")
    text = CASSETTE.read_text("utf-8").replace(f"label: {label}", "label: the teacher")
    CASSETTE.write_text(text, "utf-8")
    server.stop()


if __name__ == "__main__":
    asyncio.run(main())
