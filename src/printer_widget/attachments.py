"""What a reader shows to the model: things of a notebook as bounded text. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .batching import join_surrogates
from .conversation import Attachment


def attach_all(context: Iterable[object]) -> tuple[Attachment, ...]:
    """Return one attachment for each thing that ``send(context=…)`` was given.

    Raises:
        TypeError: if it is no list, or something in it is no text.
    """
    if isinstance(context, str) or not isinstance(context, Iterable):
        raise TypeError("context must be a list, such as context=[notes]")
    return tuple(_attach(thing) for thing in context)


def _attach(thing: object) -> Attachment:
    if isinstance(thing, Attachment):
        return replace(thing, name=join_surrogates(thing.name), text=join_surrogates(thing.text))
    if isinstance(thing, str):
        return Attachment(name="", kind="text", text=join_surrogates(thing))
    raise TypeError(f"expected a text for the model to know, got {type(thing).__name__}")
