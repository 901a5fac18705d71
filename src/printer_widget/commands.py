"""What a browser may command: each command becomes one call of the chat, and one reply."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from . import wire
from .chat import Chat
from .desk import Desk
from .errors import ChatError
from .rate import RateLimit

logger = logging.getLogger("printer_widget")

Answer = wire.Reply | wire.Conversations | wire.Names | wire.Preview | wire.Asset

MAX_AT_ONCE = 20
"""How much that takes time may be under way: a server may not answer for long."""

_ASSETS = Path(__file__).parent / "static" / "assets"


class Commands:
    """Obey the browsers of one chat; runs on the turns' loop.

    Args:
        chat: the chat.
        send: sends an answer to its browsers.
        things: returns what the reader has named in the notebook; called on any thread.
    """

    def __init__(
        self,
        chat: Chat,
        send: Callable[[Answer], None],
        *,
        things: Callable[[], Mapping[str, object]],
    ) -> None:
        self._chat = chat
        self._send = send
        self._desk = Desk(chat, send, things)
        self._tasks: set[asyncio.Task[str | None]] = set()
        self._attaching: set[asyncio.Task[str | None]] = set()
        # One is a thousand times as long as any other message; a page asks for each once.
        self._assets = RateLimit(per_second=0.5, burst=4 * len(wire.ASSETS))

    def stop(self, turn_id: str) -> None:
        """Stop the turn of this name; another one is left alone."""
        turn = self._chat.turn
        if turn is not None and turn.id == turn_id:
            turn.stop()

    def obey(self, command: wire.Answered) -> None:
        """Do what ``command`` says and reply to it, at once or when it is done."""
        error: str | None = None
        try:
            result = self._call(command)
        except (ChatError, ValueError) as refusal:
            error = str(refusal)
        else:
            if asyncio.iscoroutine(result):
                if len(self._tasks) < MAX_AT_ONCE:
                    self._begin(command, result)
                    return
                result.close()
                error = f"{MAX_AT_ONCE} things are still under way: wait until some are done"
        self._send(wire.Reply(nonce=command.nonce, error=error))

    def _begin(self, command: wire.Answered, work: Awaitable[None]) -> None:
        task = asyncio.get_running_loop().create_task(self._reply_after(command, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if isinstance(command, wire.Attach):
            self._attaching.add(task)
            task.add_done_callback(self._attaching.discard)

    def _call(self, command: wire.Answered) -> Any:
        chat = self._chat
        match command:
            case wire.Send(text=text):
                return self._ask_with_all(text) if self._attaching else chat.ask(text)
            case wire.Retry():
                return chat.retry()
            case wire.Edit(message=message, text=text):
                return chat.edit(message, text)
            case wire.Delete(message=message):
                return chat.delete(message)
            case wire.NewConversation():
                return chat.clear()
            case wire.ListConversations():
                return self._list()
            case wire.OpenConversation(conversation=conversation):
                return chat.open(conversation)
            case wire.RenameConversation(conversation=conversation, title=title):
                return self._then_list(chat.rename, conversation, title)
            case wire.RemoveConversation(conversation=conversation):
                return self._then_list(chat.remove, conversation)
            case wire.ListNames() | wire.Attach() | wire.Detach() | wire.GetPreview():
                return self._desk.obey(command)
            case wire.GetAsset(name=name):
                return self._send(self._asset(name))

    def _asset(self, name: str) -> wire.Asset:
        if not self._assets.allows(time.monotonic()):
            raise ValueError("this chat was asked for its assets too often; wait some seconds")
        try:
            text = (_ASSETS / f"{name}.js").read_text("utf-8")
        except OSError as error:
            raise ValueError(
                f"static/assets/{name}.js is missing from the package ({error.strerror}): "
                "install it again, or in a checkout run: make build"
            ) from error
        return wire.Asset(name=name, text=text)

    async def _ask_with_all(self, text: str) -> None:
        """Ask once all is there that was attached before."""
        for refusal in await asyncio.gather(*self._attaching):
            if refusal is not None:
                raise ValueError(refusal)
        self._chat.ask(text)

    async def _reply_after(self, command: wire.Answered, work: Awaitable[None]) -> str | None:
        error: str | None = None
        try:
            await work
        except (ChatError, ValueError) as refusal:
            error = str(refusal)
        except asyncio.CancelledError:
            raise
        except BaseException as failure:  # a variable may raise anything, and the page waits
            logger.exception("a command of a browser failed")
            error = f"this failed in the kernel ({type(failure).__name__}): its log says more"
        self._send(wire.Reply(nonce=command.nonce, error=error))
        return error

    async def _then_list(self, change: Callable[..., Awaitable[None]], *names: str) -> None:
        await change(*names)
        await self._list()

    async def _list(self) -> None:
        listed = await self._chat.conversations()
        rows = [{"id": c.id, "title": c.title, "updated_at": c.updated_at} for c in listed]
        self._send(wire.Conversations(list=rows))
