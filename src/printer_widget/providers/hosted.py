"""What the protocols of models share: an address, the key that belongs to it, and options."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from .base import Provider, checked_url, is_loopback
from .keys import Key, Secret
from .options import checked_options
from .refusals import KEY_ADVICE, refusal


class Hosted(Provider):
    """A model at a server, without the words of its protocol.

    A class of this names the protocol's home, the variables of the environment and its options.
    """

    home: str
    url_variable: str
    key_variable: str
    options: str

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None,
        api_key: Secret | None,
        insecure: bool,
        options: dict[str, Any],
    ) -> None:
        name = type(self).__name__
        if not str(model or "").strip():
            raise ValueError(f"{name} needs the name of a model, as in {name}('…')")
        from_outside = os.environ.get(self.url_variable)
        self._base = checked_url(
            base_url or from_outside or self.home,
            insecure=insecure,
            parameter=self.url_variable if from_outside and not base_url else "base_url",
        )
        self._host = urlsplit(self._base).hostname or ""
        self._is_local = is_loopback(self._host)
        self._model = model
        self._key = Key(api_key, variable=self._variable(from_outside))
        if self._key.is_missing and not self._is_local:
            variable = self._variable(from_outside)
            hint = f", or set {variable}" if variable else ""
            raise ValueError(
                f"{name} needs a key for {self._host}: pass api_key={hint}. "
                'A server that takes none gets api_key=""'
            )
        self._options = checked_options(name, options, self.options)

    def _variable(self, from_outside: str | None) -> str | None:
        """Return the variable of this address's key; no other address than these is sent it."""
        own = {_origin(self.home), _origin(from_outside or self.home)}
        return self.key_variable if self._is_local or _origin(self._base) in own else None

    def __repr__(self) -> str:
        """Return the model and the address alone."""
        return f"{type(self).__name__}({self._model!r}, base_url={self._base!r})"

    @property
    def url(self) -> str:
        """The base URL."""
        return self._base

    @property
    def label(self) -> str:
        """The model."""
        return self._model

    @property
    def may_block(self) -> bool:
        """Say that the key is asked of a function."""
        return self._key.may_block

    def decode_error(self, status: int, body: bytes) -> str:
        """Return one sentence on an HTTP error."""
        return refusal(status, body, KEY_ADVICE, redact=self.redact)

    def redact(self, text: str) -> str:
        """Return ``text`` without the key, where a server repeats that."""
        return self._key.redact(text)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
