"""A ChatNode and real pages at the ends of a channel that loses, repeats and reorders messages.

Everything runs on one virtual clock, so a run says the same every time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from comms import RecordingComm
from pages import Pages
from printer_widget import ChatNode
from printer_widget.sync import State
from printer_widget.testing import ScriptedModel
from virtual import VirtualLoop

Message = dict[str, Any]

STORM = 500
"""More messages than this without time going on are an endless exchange."""

FATES = ("arrives", "arrives", "is lost", "comes twice", "is late", "comes late again")


class Weather:
    """What becomes of messages, one after the other: each has the next of these fates."""

    def __init__(self) -> None:
        self.fates: list[str] = []
        self._late: list[Message] = []
        self._count = 0

    def change(self, fates: list[str]) -> None:
        """From now on these are the fates, again and again; none is calm."""
        self.fates, self._count = fates, 0

    def pass_on(self, messages: list[Message]) -> list[Message]:
        """Return what arrives when these are sent: late ones come behind the next that arrives."""
        arrived = []
        for message in messages:
            fate = self.fates[self._count % len(self.fates)] if self.fates else "arrives"
            self._count += 1
            if fate not in {"is lost", "is late"}:
                arrived += [message] * (2 if fate == "comes twice" else 1)
                arrived += self.clear()
            if "late" in fate:
                self._late.append(message)
        return arrived

    def clear(self) -> list[Message]:
        """Return what was late."""
        late, self._late = self._late, []
        return late


@dataclass
class Link:
    """What is on its way to one page, and what its reader did."""

    weather: Weather = field(default_factory=Weather)
    down: list[Message] = field(default_factory=list)
    frozen: tuple[str, int] | None = None  # the turn that the reader stopped, and how much is shown
    asked: list[str] = field(default_factory=list)


class Channel:
    """One chat, its pages, and what is on its way between them.

    Attributes:
        links: the pages that are open, by name.
        up: the weather between them and the kernel.
        updates: how many full updates were sent.
    """

    def __init__(self, loop: VirtualLoop, pages: Pages, comms: type[RecordingComm]) -> None:
        self.loop = loop
        self.pages = pages
        self.source = ScriptedModel()
        self.chat = ChatNode(self.source)
        assert isinstance(self.chat.comm, comms)
        self.comm = self.chat.comm
        self.links: dict[str, Link] = {}
        self.arriving: dict[str, Message] = {}
        self.up = Weather()
        self.updates = 0
        self.texts: dict[str | None, str] = {None: ""}
        self.revisions: dict[int, State] = {}
        self.said: set[str] = set()
        self._heard: list[Message] = []
        self._count = 0
        self._watch()

    @property
    def state(self) -> State:
        """What Python knows."""
        return self.chat._chat.state

    def _watch(self) -> None:
        """Note each state that the chat has."""
        show = self.chat._outbox.show

        def note(state: State) -> None:
            self._note(state)
            show(state)

        self.chat._outbox.show = note
        self._note(self.state)

    def _note(self, state: State) -> None:
        assert state.text.startswith(self.texts.get(state.turn, ""))
        self.texts[state.turn] = state.text
        known = self.revisions.setdefault(state.revision, state)
        assert known.full() | {"streamedText": ""} == state.full() | {"streamedText": ""}
        self.revisions[state.revision] = state
        self.said |= {m["content"] for m in state.messages if m["role"] == "user"}

    # What a test does ------------------------------------------------------------------------

    def ask_for_state(self) -> str:
        """Begin to open a page: the host has asked for the state, but not made the model yet."""
        self._count += 1
        name = f"page {self._count}"
        self.arriving[name] = self.chat.get_state()
        return name

    def arrive(self) -> None:
        """Make the models of the pages that were being opened."""
        for name, state in self.arriving.items():
            keys = ("streamedText", "isStreaming", "messages", "_view", "_options")
            self.links[name] = Link()
            self.pages.obey("open", name, {key: state[key] for key in keys})
        self.arriving.clear()
        self.run()

    def open(self) -> str:
        """Open a page."""
        name = self.ask_for_state()
        self.arrive()
        return name

    def close(self, name: str) -> None:
        """Close a page."""
        self.pages.obey("close", name)
        del self.links[name]

    def obey(self, name: str, command: str, *values: Any) -> None:
        """Let the reader of a page do something."""
        self.pages.obey(command, name, *values)
        self.run()

    def hurry(self, name: str) -> None:
        """Let what is late to a page, and to the kernel, arrive."""
        link = self.links[name]
        link.down += link.weather.clear()
        self._heard += self.up.clear()
        self.run()

    def run(self) -> None:
        """Let all happen that happens without time going on."""
        for _ in range(STORM):
            self.loop.settle()
            sent, self.comm.published = self.comm.published, []
            self.updates += sum(message["method"] == "update" for message in sent)
            for link in self.links.values():
                link.down += link.weather.pass_on(sent)
            self._heard += self.up.pass_on([content for _, content in self.pages.sent])
            self.pages.sent.clear()
            if not self._move():
                return
        raise AssertionError("the kernel and the pages talk without end")

    def _move(self) -> bool:
        for name, link in self.links.items():
            if link.down:
                self.pages.obey("take", name, link.down.pop(0))
                return True
        if self._heard:
            self._receive(self._heard.pop(0))
            return True
        return False

    def _receive(self, content: Message) -> None:
        data = {"method": "custom", "content": content}
        self.comm.handle_msg({"content": {"data": data}, "buffers": []})

    def wait(self, seconds: float) -> None:
        """Let time go on."""
        until = self.loop.now + seconds
        for _ in range(STORM):
            times = [time for time in (self.loop.due, self.pages.due) if time is not None]
            self.loop.now = min([until, *(max(self.loop.now, time) for time in times)])
            if self.pages.due is None or self.pages.due <= self.loop.now:
                self.pages.advance(self.loop.now)
            self.run()
            if self.loop.now >= until:
                self.pages.advance(self.loop.now)
                self.run()
                return
        raise AssertionError(f"something is due without end, at {self.loop.now}")

    def calm(self) -> None:
        """From now on nothing is lost, and what was late arrives."""
        self.up.change([])
        self.arrive()
        for name, link in self.links.items():
            link.weather.change([])
            self.hurry(name)

    # What must be true -----------------------------------------------------------------------

    def check(self) -> None:
        """Check what must be true at every moment."""
        for _, turn, text in self.pages.drawn:
            assert self.texts[turn].startswith(text), "a view drew text that its turn never had"
        self.pages.drawn.clear()
        for name, link in self.links.items():
            shown = self.pages.shown[name]
            self._check_model(shown["state"])
            self._check_drawing(shown)
            self._check_stopped(link, shown)
            for text in link.asked:
                assert text in self.said or text in shown["waiting"], "a question disappeared"

    def _check_model(self, model: Message) -> None:
        view = model["_view"]
        was = self.revisions[view["revision"]]
        assert view["turn"] == was.turn
        assert self.texts[was.turn].startswith(model["streamedText"])
        if not was.streaming:
            assert model["streamedText"] == was.text
        known = {"streamedText": "", "_view": {**view}}
        assert {**model, **known} == {**was.full(), "streamedText": ""}

    def _check_drawing(self, shown: Message) -> None:
        model = shown["state"]
        assert [drawn[0] for drawn in shown["history"]] == [m["id"] for m in model["messages"]]
        for (_, drawn, is_cut), message in zip(shown["history"], model["messages"], strict=True):
            assert drawn == message["content"] or (is_cut and message["content"].startswith(drawn))
        assert (shown["live"] is not None) == model["isStreaming"]
        if shown["live"] is not None:
            assert model["streamedText"].startswith(shown["live"])

    def _check_stopped(self, link: Link, shown: Message) -> None:
        if shown["phase"] != "stopping":
            link.frozen = None
            return
        turn, live = shown["turn"], shown["live"]
        if link.frozen is None or link.frozen[0] != turn:
            link.frozen = (turn, len(live))
        assert len(live) <= link.frozen[1], "text was drawn after the reader stopped it"

    def check_equal(self) -> None:
        """Check that each page knows all that Python knows."""
        for name in self.links:
            model = self.pages.shown[name]["state"]
            assert model == self.state.full(), f"{name} never learnt what Python knows"

    def check_answered(self) -> None:
        """Check that each page finds its kernel alive once its host has connected it again."""
        for name in self.links:
            self.pages.obey("reconnected", name)
        self.wait(1)
        assert not any(shown["unheard"] for shown in self.pages.shown.values())
