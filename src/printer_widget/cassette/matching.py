"""Which recorded turn answers a question: by what the model is told, not by ids or times."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence

from .entry import AS_RECORDED, Entry, Told

_COMPARED = 500  # characters of a question; difflib's time grows with their square


def unresolved(entries: Sequence[Entry]) -> tuple[Entry, int] | None:
    """Return the first turn with an answer *as recorded* that is not recorded, and its place."""
    told = {each.told for each in entries}
    for entry in entries:
        for at, each in enumerate(entry.told):
            if each.text is AS_RECORDED and entry.told[:at] not in told:
                return entry, at
    return None


def answers_needed(entries: Sequence[Entry]) -> set[tuple[Told, ...]]:
    """Return what was told in those turns whose answers others repeat as recorded."""
    return {
        entry.told[:at]
        for entry in entries
        for at, each in enumerate(entry.told)
        if each.text is AS_RECORDED
    }


def resolved(entry: Entry, answers: Mapping[tuple[Told, ...], Told]) -> tuple[Told, ...]:
    """Return what was told, with the answers that were recorded in their places."""
    return tuple(
        answers[entry.told[:at]] if each.text is AS_RECORDED else each
        for at, each in enumerate(entry.told)
    )


def best(asked: Sequence[Told], recorded: Sequence[Sequence[Told]]) -> int | None:
    """Return the index of the turn that was told what is asked now; None where there is none.

    A turn that was told exactly the same goes first. Then questions may differ in case, spaces and
    the marks at their end, and questions that nothing was answered to count for nothing. An answer
    that was stopped, now or when it was recorded, may end elsewhere in its text: one of the two
    begins with the other.
    """
    for at, told in enumerate(recorded):
        if _is_all(_is_equal, asked, told):
            return at
    asked = _answered(asked)
    for at, told in enumerate(recorded):
        if _is_all(_is_alike, asked, _answered(told)):
            return at
    return None


def nearest(asked: Sequence[Told], recorded: Sequence[Sequence[Told]]) -> str:
    """Return a sentence on what is recorded in the place of a question that is not."""
    if not recorded:
        return "nothing is recorded yet"
    question = asked[-1].text or ""
    same = [told for told in recorded if told[-1].text == question]
    if any(_said(told) == _said(asked) for told in same):
        return "this question is recorded, but under another system prompt"
    if same:
        before = _questions(_answered(same[0]))[:-1]
        where = f"after {_quoted(before[-1])}" if before else "as the first question"
        do = "Ask that first" if before else "Delete the messages before it, or run chat.clear()"
        return f"this question is recorded at another place of the conversation: {where}. {do}"
    told_before = _answered(asked)[:-1]
    here = [told for told in recorded if _is_all(_is_alike, told_before, _answered(told)[:-1])]
    here = here or list(recorded)
    texts = list(dict.fromkeys((told[-1].text or "")[:_COMPARED] for told in here))
    near = difflib.get_close_matches(question[:_COMPARED], texts, n=1, cutoff=0.0)
    return f"the nearest question that is recorded is {_quoted(near[0])}"


def _is_all(
    is_same: Callable[[Told, Told], bool], asked: Sequence[Told], told: Sequence[Told]
) -> bool:
    return len(told) == len(asked) and all(map(is_same, asked, told))


def _is_equal(asked: Told, told: Told) -> bool:
    return (asked.role, asked.text) == (told.role, told.text)


def _is_alike(asked: Told, told: Told) -> bool:
    if asked.role != told.role or asked.text is None or told.text is None:
        return False
    if asked.role == "user":
        return _folded(asked.text) == _folded(told.text)
    if asked.stopped or told.stopped:
        return asked.text.startswith(told.text) or told.text.startswith(asked.text)
    return asked.text == told.text


def _folded(text: str) -> str:
    """Return a question without what people do not mind: case, spaces, marks at the end."""
    words = " ".join(text.split()).casefold()
    return words.rstrip(" .!?…") or words


def _answered(told: Sequence[Told]) -> tuple[Told, ...]:
    """Return what was told without the questions that failed, so that no answer follows them."""
    following = (*told[1:], None)
    return tuple(
        each
        for each, after in zip(told, following, strict=True)
        if each.role != "user" or after is None or after.role != "user"
    )


def _said(told: Sequence[Told]) -> list[tuple[str, str | None]]:
    return [(each.role, each.text) for each in told if each.role != "system"]


def _questions(told: Sequence[Told]) -> list[str]:
    return [each.text or "" for each in told if each.role == "user"]


def _quoted(text: str) -> str:
    text = " ".join(text.split())
    return f"“{text if len(text) <= 80 else text[:79] + '…'}”"
