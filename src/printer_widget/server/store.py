"""The last turns of each conversation, in memory.

A chat model is given the whole conversation every time it is asked; the protocol sends only the
new question. So the backend remembers, within bounds: the conversations used last, and of each
one its last messages. What falls out is forgotten, and so is everything when the process ends.

No I/O and no locks: the app uses a store from one event loop.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

MAX_CONVERSATIONS = 256
"""How many conversations are remembered; the one unused for longest is forgotten first."""

MAX_MESSAGES = 50
"""How many messages of one conversation are remembered: as many questions as answers."""

Message = dict[str, str]
"""``{"role": "user" | "assistant" | "system", "content": text}``."""


@dataclass(slots=True)
class Exchange:
    """One question and as much of its answer as has been sent to the client."""

    question: str
    parts: list[str] = field(default_factory=list)


class ConversationStore:
    """Remember exchanges by conversation, least recently used out first."""

    def __init__(
        self,
        *,
        max_conversations: int = MAX_CONVERSATIONS,
        max_messages: int = MAX_MESSAGES,
    ) -> None:
        self._max_conversations = max_conversations
        self._max_exchanges = max_messages // 2
        self._conversations: OrderedDict[str, deque[Exchange]] = OrderedDict()

    def begin(self, conversation_id: str, question: str) -> Exchange:
        """Add a question to a conversation, new or known, and return where its answer grows.

        The answer grows in place, so that a question which comes in before the end of a stopped
        answer was noticed still finds what the client has seen of it.
        """
        exchanges = self._conversations.setdefault(
            conversation_id, deque(maxlen=self._max_exchanges)
        )
        self._conversations.move_to_end(conversation_id)
        while len(self._conversations) > self._max_conversations:
            self._conversations.popitem(last=False)
        exchange = Exchange(question)
        exchanges.append(exchange)
        return exchange

    def messages(self, conversation_id: str) -> list[Message]:
        """Return the remembered messages, oldest first, the unanswered question last.

        An earlier question without any answer (it failed, or was stopped before the first token)
        is left out: the client has asked it again or given it up, and many models refuse two
        user messages in a row.
        """
        messages: list[Message] = []
        exchanges = self._conversations.get(conversation_id, ())
        for number, exchange in enumerate(exchanges, start=1):
            answer = "".join(exchange.parts)
            if answer or number == len(exchanges):
                messages.append({"role": "user", "content": exchange.question})
            if answer:
                messages.append({"role": "assistant", "content": answer})
        return messages
