"""Options of a model that are passed on: known ones only, as some servers refuse any other."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any


def checked_options(provider: str, options: Mapping[str, Any], known: str) -> dict[str, Any]:
    """Return the options that are to be sent; None stands for one that was not given.

    Args:
        provider: who takes them, for error messages.
        options: as they were given.
        known: the names of all that there are, with spaces between.

    Raises:
        TypeError: for an unknown one, naming the nearest; or if one cannot be sent as JSON.
    """
    names = sorted(known.split())
    for name in options:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}=?" if near else f"it passes on {', '.join(names)}"
            raise TypeError(f"{provider} got an unknown option {name!r}: {hint}")
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"{provider} cannot send {name}= as JSON: it holds what is no text, number, list "
                "or mapping"
            ) from None
    return given
