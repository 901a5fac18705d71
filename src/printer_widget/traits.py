"""Synced traits that only their widget assigns.

``read_only=True`` alone does not say what to call instead; and neither keeps the browser out, which
is the work of ``ChatNode.set_state``.
"""

from __future__ import annotations

from typing import Any, NoReturn

import traitlets


class _Owned(traitlets.TraitType[Any, Any]):
    def __set__(self, obj: Any, value: object) -> NoReturn:
        """Refuse an assignment.

        Raises:
            TraitError: always; it names the methods that change what the trait shows.
        """
        raise traitlets.TraitError(
            f"{self.name} is read-only: the chat owns it. Call send() to add to the conversation, "
            "edit() or delete() to change a message, clear() to empty it"
        )


class OwnedText(_Owned, traitlets.Unicode):  # type: ignore[type-arg]  # not generic at run time
    """Text that its widget owns."""


class OwnedFlag(_Owned, traitlets.Bool):  # type: ignore[type-arg]
    """A truth value that its widget owns."""


class OwnedList(_Owned, traitlets.List):  # type: ignore[type-arg]
    """A list that its widget owns."""


class OwnedDict(_Owned, traitlets.Dict):
    """A dict that its widget owns."""
