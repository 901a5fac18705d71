"""Things of a notebook as bounded text: what a reader shows to the model.

=================  ===========================================================  ==========
kind               what the model is told                                       characters
=================  ===========================================================  ==========
DataFrame, Series  shape, columns and dtypes, the first rows as CSV                 10,000
array              shape, dtype, the first values                                   10,000
figure             titles, labels and legends: its captions, not the picture        10,000
function, class    its source                                                       20,000
cell               its source                                                       20,000
file               its text                                                         50,000
dict, list, …      as JSON, some levels deep                                        10,000
text               itself                                                          100,000
number, date       itself                                                           10,000
=================  ===========================================================  ==========

What does not fit is left out, and the text says how much that is. The same thing always gives
the same text: no addresses, no ids, no order of a set. Nothing in here asks an unknown object what
it is: its ``repr`` could take for ever, hold a password or fail. Such an object is refused, or
stands as ``<Its class>`` where it is part of another.

The libraries are those that the notebook has imported; none is imported from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..batching import join_surrogates
from ..conversation import Attachment
from ..wire import MAX_NAME, utf16_length
from .kinds import find
from .secrets import warn
from .sources import Cell
from .text import NotText
from .values import short

__all__ = ["Cell", "attach", "attach_all", "checked_name", "kind_of", "natural_name"]

_OTHERWISE = (
    "expected a text, a DataFrame, an array, a figure, a function, a class, a pathlib.Path, or "
    "dicts and lists of such as JSON has; give anything else as a text, such as str(it)"
)


def kind_of(thing: object) -> str | None:
    """Return the kind of a thing in one word; None where it cannot be shown to a model."""
    found = find(thing)
    return None if found is None else found.name


def attach(thing: object, name: str = "") -> Attachment:
    """Return what a model is told of a thing; an :class:`Attachment` is one already.

    Takes some milliseconds at most, but for a slow disk: it reads a bounded part of the thing.

    Raises:
        TypeError: if there is no way to show such a thing.
        ValueError: if the name cannot be one, or the thing failed to say what it is.
        OSError: if a file cannot be read.
    """
    if type(thing) is Attachment:  # a proxy answers isinstance() itself
        return replace(
            thing,
            name=checked_name(name or thing.name),
            kind=join_surrogates(thing.kind),
            text=join_surrogates(thing.text),
        )
    kind = find(thing)
    if kind is None:
        raise TypeError(f"{short(thing)} cannot be shown to a model: {_OTHERWISE}")
    name = checked_name(name)
    try:
        written = kind.write(thing)
    except (OSError, NotText):
        raise
    except Exception as error:
        raise ValueError(
            f"this {kind.name} could not be written as text ({type(error).__name__}: "
            f"{short(str(error))}): give what the model should know as a text"
        ) from error
    text = join_surrogates(written.text)
    return Attachment(
        name=name, kind=kind.name, text=text, warning=warn(text, (name, *written.names))
    )


def attach_all(things: Iterable[object]) -> tuple[Attachment, ...]:
    """Return what a model is told of each thing of ``send(context=…)``.

    Raises:
        TypeError: if it is no list, or there is no way to show something in it.
        ValueError: if something in it failed to say what it is.
        OSError: if a file cannot be read.
    """
    if not isinstance(things, list | tuple):
        raise TypeError(
            f"context must be a list, such as context=[notes]; got {type(things).__name__}"
        )
    return tuple(attach(thing, natural_name(thing) or "") for thing in things)


def natural_name(thing: object) -> str | None:
    """Return the name that a thing has of itself: a function's, a file's; None for most."""
    found = find(thing)
    name = None if found is None else found.name_of(thing)
    return name if isinstance(name, str) and _is_name(name) else None


def checked_name(name: str) -> str:
    """Return a name that an attachment may have.

    Raises:
        TypeError: if it is no text.
        ValueError: if it has line breaks or spaces around it, or is too long.
    """
    if not isinstance(name, str):
        raise TypeError(f"expected a name as text, got {type(name).__name__}")
    if name and not _is_name(name):
        raise ValueError(
            f"{short(name)!r} cannot be a name: expected at most {MAX_NAME} characters in one line"
        )
    return name


def _is_name(name: str) -> bool:
    is_printable = name.isprintable() and name == name.strip()
    return is_printable and 0 < utf16_length(name) <= MAX_NAME
