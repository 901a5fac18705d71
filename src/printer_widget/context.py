"""``chat.context``: what the reader puts beside the next question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import kernel
from .attachments import attach, kind_of, natural_name
from .chat import Chat
from .conversation import Attachment
from .loop import turns

_WITHOUT_IDENTITY = {"text", "number", "date"}
"""Kinds of which equal ones may be the same object: a variable's name could be anybody's."""


@dataclass(frozen=True, slots=True, repr=False)
class Preview:
    """Exactly what the model will be told.

    Attributes:
        text: that.
        warnings: what the reader should look at before it is sent.
    """

    text: str
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The length of the text in characters."""
        return len(self.text)

    def __str__(self) -> str:
        """Return the text alone."""
        return self.text

    def __repr__(self) -> str:
        """Return the text, and then its size and the warnings."""
        return "\n".join([self.text, f"({self.size:,} characters)", *self.warnings])


class Context:
    """What goes to the model with the next question, and nothing that was not added.

    What was added goes with the next question that is asked by :meth:`ChatNode.send` or in the
    browser; the question keeps it, and the model is told it again with the rest of the
    conversation. Then there is nothing here any more, but the names stay known to ``@`` in the
    browser. A question that is edited or asked again keeps what it had.

    It is text from the moment it was added: what changes after that is not seen by the model. All
    methods may be called from any thread.
    """

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def add(self, thing: object, name: str | None = None) -> Attachment:
        """Put a thing beside the next question, in the place of what has its name.

        Args:
            thing: a text, a DataFrame, an array, a figure, a function, a class, a
                ``pathlib.Path``, or dicts and lists of such as JSON has.
            name: what to call it; else the name of the function, class or file, or the
                variable that holds it.

        Returns:
            What the model will be told; ``.text`` is the text, ``.warning`` says where it looks
            as if it held a secret.

        Raises:
            TypeError: if there is no way to show such a thing.
            ValueError: if it has no name, the name cannot be one, it failed to say what it is, or
                too much was added.
            OSError: if a file cannot be read.
            LessonLimit: if the chat's lesson allows no context.
            ClosedError: after ``chat.close()``.
        """
        item = attach(thing, self._named(thing) if name is None else name)
        if not item.name:
            raise ValueError(
                "this has no name of its own: give it one, such as "
                'chat.context.add(…, name="sales")'
            )
        turns.call(self._chat.attach, item)
        return item

    def add_cell(self, number: int) -> Attachment:
        """Put the source of a cell that ran beside the next question; ``3`` is ``In[3]``.

        Raises:
            ValueError: if no such cell ran in this kernel.
            ClosedError: after ``chat.close()``.
        """
        for cell in kernel.cells():
            if cell.number == number:
                return self.add(cell)
        raise ValueError(
            f"no cell In[{number}] ran in this kernel: expected a number beside a cell"
        )

    def remove(self, name: str) -> None:
        """Take what has this name away.

        Raises:
            TypeError: if the name is no text.
            ValueError: if there is no such thing.
        """
        if not isinstance(name, str):
            raise TypeError(f"expected the name of what was added, got {type(name).__name__}")
        turns.call(self._chat.detach, name)

    def clear(self) -> None:
        """Take all away."""
        turns.call(self._chat.detach_all)

    def preview(self, name: str | None = None) -> Preview:
        """Return exactly what the model will be told: of one thing, or of all.

        Raises:
            ValueError: if there is nothing of this name.
        """
        items = [item for item in self if name is None or item.name == name]
        if name is not None and not items:
            raise ValueError(f"nothing with the name {name!r} is attached: {self!r}")
        warnings = tuple(f"{item.name}: {item.warning}" for item in items if item.warning)
        return Preview("\n\n".join(item.as_told() for item in items), warnings)

    @staticmethod
    def _named(thing: object) -> str:
        if isinstance(thing, Attachment):
            return thing.name
        natural = natural_name(thing)
        if natural is None and kind_of(thing) not in _WITHOUT_IDENTITY:
            natural = kernel.name_of(thing)
        return natural or ""

    def __iter__(self) -> Iterator[Attachment]:
        """Go through what was added, the first first."""
        return iter(self._chat.state.pending)

    def __len__(self) -> int:
        """Count what was added."""
        return len(self._chat.state.pending)

    def __contains__(self, name: object) -> bool:
        """Tell whether something of this name was added."""
        return any(item.name == name for item in self)

    def __repr__(self) -> str:
        """Return what was added, without its text."""
        return f"Context: {', '.join(map(repr, self)) or 'nothing'}"
