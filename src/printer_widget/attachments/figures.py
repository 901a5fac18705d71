"""Figures: what is written on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .text import Written, count, cut
from .values import short

LIMIT = 10_000
_AXES = 20
_LABELS = 20
_LABEL = 200


def write_figure(figure: Any) -> Written:
    """Write the captions of a matplotlib Figure."""
    every = list(figure.axes)
    title = figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""
    lines = [f"Figure with {count(len(every), 'plot')}: its captions, not the picture"]
    if title:
        lines.append(f"Title: {short(title, _LABEL)}")
    for number, axes in enumerate(every[:_AXES], 1):
        lines.append(f"Plot {number}: " + ("; ".join(_captions(axes)) or "no captions"))
    if len(every) > _AXES:
        lines.append(f"… ({count(len(every) - _AXES, 'more plot')})")
    return Written(cut("\n".join(lines), LIMIT))


def write_axes(axes: Any) -> Written:
    """Write the captions of one plot of a figure."""
    captions = "; ".join(_captions(axes)) or "no captions"
    return Written(cut(f"Plot: its captions, not the picture\n{captions}", LIMIT))


def _captions(axes: Any) -> Iterator[str]:
    for what, text in (
        ("title", axes.get_title()),
        ("x axis", axes.get_xlabel()),
        ("y axis", axes.get_ylabel()),
    ):
        if text:
            yield f"{what} {short(text, _LABEL)!r}"
    legend = axes.get_legend()
    if legend is not None:
        labels = [text.get_text() for text in legend.get_texts()]
        shown = ", ".join(repr(short(label, _LABEL)) for label in labels[:_LABELS])
        more = len(labels) - _LABELS
        yield f"legend {shown}" + (f", … ({count(more, 'more label')})" if more > 0 else "")
