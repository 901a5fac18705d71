"""Which things can be shown to a model, and who writes each of them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NamedTuple

from .figures import write_axes, write_figure
from .sources import Cell, write_cell, write_class, write_file, write_function, write_text
from .tables import write_array, write_frame, write_series
from .text import Written
from .values import DATES, NUMBERS, class_name, is_dataclass, mro_of, write_data, write_value

_FUNCTIONS = (
    FunctionType,
    MethodType,
    BuiltinFunctionType,
    type(functools.lru_cache(lambda: None)),
)


class Kind(NamedTuple):
    """One kind of thing: its name, who writes it, and what such a thing calls itself."""

    name: str
    write: Callable[[Any], Written]
    name_of: Callable[[Any], object] = lambda _thing: None


_FRAME = Kind("DataFrame", write_frame)
_SERIES = Kind("Series", write_series)
_LIBRARIES = (
    ("pandas", "DataFrame", _FRAME),
    ("pandas", "Series", _SERIES),
    ("numpy", "ndarray", Kind("array", write_array)),
    ("numpy", "generic", Kind("number", write_value)),
    ("matplotlib.figure", "Figure", Kind("figure", write_figure)),
    ("matplotlib.axes", "Axes", Kind("plot", write_axes)),
)
_BUILT_IN: tuple[tuple[tuple[type, ...], Kind], ...] = (
    ((str,), Kind("text", write_text)),
    (
        _FUNCTIONS,
        Kind("function", write_function, lambda function: getattr(function, "__name__", None)),
    ),
    ((type,), Kind("class", write_class, lambda cls: cls.__name__)),
    ((Cell,), Kind("cell", write_cell, lambda cell: f"In[{cell.number}]")),
    ((Path,), Kind("file", write_file, lambda path: path.name)),
    ((dict,), Kind("dict", write_data)),
    ((list,), Kind("list", write_data)),
    ((tuple,), Kind("tuple", write_data)),
    ((set, frozenset), Kind("set", write_data)),
    (NUMBERS, Kind("number", write_value)),
    (DATES, Kind("date", write_value)),
)


def find(thing: object) -> Kind | None:
    """Return the kind of a thing, by its class alone; None where there is none."""
    cls = type(thing)
    bases = mro_of(cls)  # issubclass() would ask the metaclass: some of these are abstract
    for classes, kind in _BUILT_IN:
        if any(base is one for base in bases for one in classes):
            return kind
    for module, name, kind in _LIBRARIES:
        known = getattr(sys.modules.get(module), name, None)
        if any(base is known for base in bases):
            return kind
    if is_dataclass(cls):
        return Kind(class_name(cls), write_data)
    return None
