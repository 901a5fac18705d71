"""What looks like a secret in a text that is about to be sent.

It warns, and withholds nothing: it can neither know every secret nor be right about each.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

# Linear in the text: none begins anew within a run that it reads without a bound.
_SHAPES = (
    ("an OpenAI or Stripe key", r"\bsk[-_][A-Za-z0-9_-]{16,}"),
    ("an AWS key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})"),
    ("a GitLab token", r"\bglpat-[\w-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[\w-]{10,}"),
    ("a Google key", r"\bAIza[\w-]{35}"),
    ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}"),
    ("a JSON Web Token", r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\."),
    ("a private key", r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"),
    ("a bearer token", r"\b[Bb]earer\s{1,3}[\w.~+/-]{16,}"),
    ("a URL with a password", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{1,100}:[^\s/@]{1,100}@"),
)
_FOUND = [(what, re.compile(shape)) for what, shape in _SHAPES]

# "api_key", "API-Key", "apiKey", "db_password"; but neither "max_tokens" nor "keyboard".
_WORDS = r"passw(?:or)?d|passphrase|pwd|secret|token|credentials?|(?:api|access|private)[_\s-]?key"
_NAME = re.compile(rf"(?:{_WORDS})(?![a-z])", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"(?P<name>{_WORDS})[\"']?\s{{0,3}}[:=]>?\s{{0,3}}"
    rf"(?P<quote>[\"']?)(?P<value>[^\s\"',;(){{}}\[\]]{{8,200}})",
    re.IGNORECASE,
)

_BITS = 2.75
"""The entropy of a character from which on an unquoted value looks random."""

_BEFORE = 40
_MOST = 3


def warn(text: str, names: Iterable[str] = ()) -> str | None:
    """Return a sentence on what looks like a secret, without the secret; None where nothing does.

    Args:
        text: what is to be sent.
        names: what is named in it: columns, keys, the thing itself.
    """
    found = [f"“{name}”" for name in dict.fromkeys(names) if _NAME.search(name)]
    found += [what for what, shape in _FOUND if shape.search(text)]
    for match in _ASSIGNED.finditer(text):
        if match["quote"] or _looks_random(match["value"]):
            before = re.search(r"[\w-]*$", text[max(0, match.start() - _BEFORE) : match.start()])
            found.append(f"“{before[0] if before else ''}{match['name']}”")
    found = list(dict.fromkeys(found))
    if not found:
        return None
    more = " and more" if len(found) > _MOST else ""
    return f"This may hold a secret ({', '.join(found[:_MOST])}{more}): look before you send it."


def _looks_random(value: str) -> bool:
    shares = [number / len(value) for number in Counter(value).values()]
    entropy = -sum(share * math.log2(share) for share in shares)
    return entropy >= _BITS and any(map(str.isdigit, value))
