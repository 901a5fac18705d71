"""Keys and tokens: where one comes from, which header carries it, and that nobody sees it.

A key is a value, or a function that is called for each request, for keys that change or lie in a
vault. It lives in here alone: no repr shows it, and what a server says is told without it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping

from ..errors import ProviderError

Secret = str | Callable[[], str]
"""A key, or a function that returns it."""

_SENDABLE = re.compile("[!-~]+")
_SHORTEST = 6  # what is shorter is no secret, and taking it out would garble a sentence


class Key:
    """One key.

    Args:
        given: the argument; ``""`` is none at all, whatever the environment says.
        argument: its name, for error messages.
        variable: the environment variable that is read where nothing was given; None for none.

    Raises:
        TypeError: if it is neither text nor a function.
        ValueError: if no header can hold it. The message does not repeat it.
    """

    def __init__(
        self, given: Secret | None, *, argument: str = "api_key", variable: str | None = None
    ) -> None:
        self._name = argument
        if given is None and variable is not None and os.environ.get(variable):
            given, self._name = os.environ[variable], variable
        if given is not None and not isinstance(given, str) and not callable(given):
            raise TypeError(
                f"{argument} must be text, or a function that returns it; "
                f"got {type(given).__name__}"
            )
        self._given = given
        self._last = ""
        if isinstance(given, str) and given:
            self._last = self._checked(given)

    def __repr__(self) -> str:
        """Return where it comes from, and nothing of it."""
        return f"Key({self._name})"

    @property
    def is_missing(self) -> bool:
        """Say that nothing was given, and nothing found."""
        return self._given is None

    @property
    def may_block(self) -> bool:
        """Say that :meth:`value` calls a function of the user's."""
        return callable(self._given)

    def value(self) -> str | None:
        """Return the key for one request; None where none is to be sent.

        Raises:
            ProviderError: if the function fails, or gives what cannot be a key.
        """
        if not callable(self._given):
            return self._last or None
        failure = f"the function given as {self._name}= returned no text"
        try:
            value = self._given()
        except Exception as error:  # noqa: BLE001  # its text may be secret: its type is told alone
            value, failure = None, f"the function given as {self._name}= raised {_name_of(error)}"
        if not isinstance(value, str) or not value:
            raise ProviderError(failure)
        try:
            self._last = self._checked(value)
        except ValueError as error:
            failure = str(error)
        else:
            return self._last
        raise ProviderError(failure)

    def redact(self, text: str) -> str:
        """Return ``text`` without the key, where a server repeats it."""
        return text.replace(self._last, "…") if self._last else text

    def _checked(self, value: str) -> str:
        if not _SENDABLE.fullmatch(value):
            raise ValueError(
                f"{self._name} must be printable ASCII without spaces: it is sent in an HTTP header"
            )
        return value


class Headers:
    """More headers of the user's own, whose values may be secret: a mapping, or a function.

    Raises:
        TypeError: if they are neither.
        ValueError: if no request can hold them. The message does not repeat a value.
    """

    def __init__(self, given: Mapping[str, str] | Callable[[], Mapping[str, str]] | None) -> None:
        if given is not None and not isinstance(given, Mapping) and not callable(given):
            raise TypeError(
                f"headers must be a mapping of names and values, or a function that returns one; "
                f"got {type(given).__name__}"
            )
        self._given = given
        self._last: Mapping[str, str] = {}
        if isinstance(given, Mapping):
            self._last = _checked_headers(given)

    def __repr__(self) -> str:
        """Return the names alone."""
        return f"Headers({', '.join(self._last)})"

    @property
    def may_block(self) -> bool:
        """Say that :meth:`value` calls a function of the user's."""
        return callable(self._given)

    def value(self) -> Mapping[str, str]:
        """Return the headers for one request.

        Raises:
            ProviderError: if the function fails, or gives what cannot be headers.
        """
        if not callable(self._given):
            return self._last
        failure = ""
        try:
            given = self._given()
        except Exception as error:  # noqa: BLE001  # as in Key.value
            given, failure = None, f"the function given as headers= raised {_name_of(error)}"
        if not failure:
            try:
                self._last = _checked_headers(given)
            except ValueError as error:
                failure = f"the function given as headers= returned what cannot be sent: {error}"
            else:
                return self._last
        raise ProviderError(failure)

    def redact(self, text: str) -> str:
        """Return ``text`` without any value of these."""
        # The longest first: one value may be a part of another.
        for value in sorted(_secrets(self._last.values()), key=len, reverse=True):
            text = text.replace(value, "…")
        return text


def _checked_headers(given: object) -> Mapping[str, str]:
    if not isinstance(given, Mapping) or not all(
        isinstance(each, str) for pair in given.items() for each in pair
    ):
        raise ValueError("headers must be a mapping of names and values, all of them text")
    for name, value in given.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise ValueError("a name in headers can be none: expected letters, digits, hyphens")
        if not re.fullmatch(r"[!-~]([ -~]*[!-~])?|", value):
            raise ValueError(f"the value of the header {name!r} must be printable ASCII")
    return dict(given)


def _secrets(values: Iterable[str]) -> Iterable[str]:
    for value in values:
        # "Bearer tok": the token may come back without its scheme.
        yield from (part for part in {value, *value.split()} if len(part) >= _SHORTEST)


def _name_of(error: BaseException) -> str:
    return type(error).__name__
