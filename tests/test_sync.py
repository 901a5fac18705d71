from __future__ import annotations

import json
from dataclasses import replace

import pytest

from printer_widget import sync, wire
from printer_widget.sync import State, Sync
from reference_browser import Browser, as_message

USER = {"id": "u1", "role": "user", "content": "Hi"}
REPLY = {"id": "a1", "role": "assistant", "content": "Hello"}
START = State()
WAITING = State(turn="t1", streaming=True, messages=(USER,), revision=1)


def with_text(text: str, state: State = WAITING) -> State:
    return replace(state, text=text, units=wire.utf16_length(text))


ENDED = replace(with_text("Hello"), streaming=False, messages=(USER, REPLY), revision=2)


def report(state: State, *, kind: str = "ack", client: str = "browser") -> wire.Report:
    return wire.Report(
        kind=kind, client=client, turn=state.turn, offset=state.units, revision=state.revision
    )


@pytest.fixture
def watched():
    """A Sync with one browser that is up to date with the start."""
    watched = Sync(START)
    watched.heard(report(START, kind="ready"), 0.0)
    watched.plan(START, 0.0)
    return watched


def test_a_browser_that_is_ready_and_up_to_date_is_answered_once():
    watched = Sync(START)
    watched.heard(report(START, kind="ready"), 0.0)
    (answer,) = watched.plan(START, 0.0)
    browser = Browser(START.full())
    browser.take(as_message(answer))
    assert (browser.state, browser.wants_resync) == (START.full(), False)
    assert watched.plan(START, 1.0) == []


def test_a_repair_asks_a_browser_that_knows_everything_to_say_so(watched):
    watched.plan(ENDED, 0.0)
    keyframe, question = watched.plan(ENDED, sync.REPAIR_AFTER_S[0])
    assert keyframe == wire.Update(ENDED.full())
    behind = Browser(WAITING.full())
    behind.take(as_message(question))
    assert behind.wants_resync
    behind.take(as_message(keyframe))
    behind.wants_resync = False
    behind.take(as_message(question))
    assert not behind.wants_resync


def test_nothing_is_sent_while_no_browser_was_ever_ready():
    headless = Sync(START)
    assert headless.plan(WAITING, 0.0) == []
    assert headless.plan(with_text("Hel"), 1.0) == []
    assert headless.deadline(with_text("Hel")) is None


def test_an_ending_is_sent_in_full_though_no_browser_is_there():
    headless = Sync(START)
    headless.plan(with_text("Hel"), 0.0)
    assert headless.plan(ENDED, 1.0) == [wire.Update(ENDED.full())]
    assert headless.plan(ENDED, 2.0) == []


def test_the_start_of_a_turn_is_a_patch(watched):
    assert watched.plan(WAITING, 0.1) == [
        wire.Patch(base=0, at=0, remove=0, insert=[USER], streaming=True, view=WAITING.view)
    ]


def test_text_goes_out_as_deltas(watched):
    watched.plan(WAITING, 0.1)
    assert watched.plan(with_text("He"), 0.2) == [wire.Append(turn="t1", offset=0, text="He")]
    assert watched.plan(with_text("Hello"), 0.3) == [wire.Append(turn="t1", offset=2, text="llo")]
    assert watched.plan(with_text("Hello"), 0.4) == []


def test_offsets_count_utf16_code_units(watched):
    watched.plan(with_text("😀"), 0.1)
    assert watched.plan(with_text("😀!"), 0.2) == [wire.Append(turn="t1", offset=2, text="!")]


def test_an_ending_is_sent_in_full_with_the_last_text(watched):
    watched.plan(with_text("Hel"), 0.1)
    assert watched.plan(ENDED, 0.2) == [wire.Update(ENDED.full())]


def thinking(text: str, revision: int, state: State = WAITING) -> State:
    return replace(state, reasoning=text, revision=revision)


def test_reasoning_goes_out_by_its_new_piece_alone(watched):
    watched.plan(WAITING, 0.1)
    assert watched.plan(thinking("So", 2), 0.2) == [wire.Reason(base=1, to=2, text="So")]
    assert watched.plan(thinking("So 😀", 3), 0.3) == [wire.Reason(base=2, to=3, text=" 😀")]
    assert watched.plan(thinking("So 😀", 3), 0.4) == []


def test_reasoning_costs_bytes_in_proportion_to_its_length(watched):
    watched.plan(WAITING, 0.0)
    text, sent = "", 0
    for number in range(1000):
        text += "thought "
        state = thinking(text, number + 2)
        sent += sum(len(json.dumps(message.to_json())) for message in watched.plan(state, number))
        watched.heard(report(state), number)
    assert sent < 100 * 1000


def test_text_and_reasoning_at_once_are_two_deltas(watched):
    watched.plan(WAITING, 0.1)
    both = with_text("He", thinking("So", 2))
    assert watched.plan(both, 0.2) == [
        wire.Reason(base=1, to=2, text="So"),
        wire.Append(turn="t1", offset=0, text="He"),
    ]


def test_a_patch_does_not_repeat_the_reasoning(watched):
    watched.plan(thinking("So", 2), 0.1)
    (patch,) = watched.plan(replace(thinking("So", 3), attempt=(2, 3)), 0.2)
    assert isinstance(patch, wire.Patch)
    assert "reasoning" not in patch.view


def test_reasoning_and_another_change_that_were_held_back_are_one_keyframe(watched):
    watched.plan(WAITING, 0.1)
    state = replace(thinking("So", 3), attempt=(2, 3))
    assert watched.plan(state, 0.2) == [wire.Update(state.full())]


def test_a_browser_that_lost_reasoning_gets_it_whole(watched):
    watched.plan(thinking("So I", 3), 0.1)
    watched.heard(report(WAITING, kind="resync"), 0.2)
    (keyframe,) = watched.plan(thinking("So I", 3), 0.3)
    assert keyframe.state["_view"]["reasoning"] == "So I"


def test_reasoning_that_nobody_acknowledged_is_sent_again(watched):
    state = thinking("So", 2)
    watched.plan(state, 0.0)
    keyframe, _ = watched.plan(state, sync.REPAIR_AFTER_S[0])
    assert keyframe == wire.Update(state.full())


def test_a_browser_that_opens_in_mid_stream_gets_a_keyframe(watched):
    watched.plan(with_text("Hel"), 0.1)
    watched.heard(report(START, kind="ready", client="second"), 0.2)
    assert watched.plan(with_text("Hell"), 0.3) == [wire.Update(with_text("Hell").full())]
    assert watched.plan(with_text("Hello"), 0.4) == [wire.Append(turn="t1", offset=4, text="o")]


def test_a_browser_that_lost_its_place_gets_a_keyframe(watched):
    watched.plan(with_text("Hello"), 0.1)
    watched.heard(report(WAITING, kind="resync"), 0.2)
    assert watched.plan(with_text("Hello"), 0.2) == [wire.Update(with_text("Hello").full())]


def test_a_flood_of_resyncs_is_answered_at_a_bounded_pace(watched):
    state = with_text("Hello")
    watched.plan(state, 0.0)
    answers = 0
    for step in range(1000):
        watched.heard(report(WAITING, kind="resync"), step / 1000)
        answers += len(watched.plan(state, step / 1000))
    assert answers <= 1 / sync.RESYNC_INTERVAL_S + 1


def test_deltas_stop_when_a_mebi_of_them_is_unacknowledged(watched):
    watched.plan(WAITING, 0.0)
    first = with_text("x" * sync.BACKLOG_LIMIT)
    assert isinstance(watched.plan(first, 0.1)[0], wire.Append)
    second = with_text(first.text + "y")
    assert watched.plan(second, 5.0) == [wire.Update(second.full())]
    third = with_text(second.text + "y")
    assert watched.plan(third, 5.5) == []
    assert watched.deadline(third) == pytest.approx(5.0 + sync.KEYFRAME_INTERVAL_S)
    assert watched.plan(third, 6.1) == [wire.Update(third.full())]


def test_deltas_go_on_once_the_backlog_is_acknowledged(watched):
    watched.plan(WAITING, 0.0)
    long = with_text("x" * sync.BACKLOG_LIMIT + "x")
    watched.plan(long, 0.1)
    watched.heard(report(long), 0.2)
    more = with_text(long.text + "y")
    assert watched.plan(more, 0.3) == [wire.Append(turn="t1", offset=long.units, text="y")]


def test_the_fastest_browser_sets_the_pace(watched):
    watched.plan(WAITING, 0.0)
    long = with_text("x" * sync.BACKLOG_LIMIT + "x")
    watched.plan(long, 0.1)
    watched.heard(report(WAITING, client="slow"), 1.0)
    watched.plan(long, 1.0)
    watched.heard(report(long), 1.1)
    assert isinstance(watched.plan(with_text(long.text + "y"), 1.2)[0], wire.Append)


def test_an_ending_that_nobody_acknowledged_is_sent_again_a_few_times(watched):
    watched.plan(ENDED, 0.0)
    sent_at = []
    now = 0.0
    while (due := watched.deadline(ENDED)) is not None and now < 100:
        now = max(now, due)
        if wire.Update(ENDED.full()) in watched.plan(ENDED, now):
            sent_at.append(now)
    assert 2 <= len(sent_at) <= len(sync.REPAIR_AFTER_S)
    assert sent_at[0] == pytest.approx(sync.REPAIR_AFTER_S[0])


def test_an_acknowledged_ending_is_not_sent_again(watched):
    watched.plan(ENDED, 0.0)
    watched.heard(report(ENDED), 0.1)
    assert watched.deadline(ENDED) is None
    assert watched.plan(ENDED, 60.0) == []


def test_a_browser_that_is_behind_and_silent_is_gone_after_a_while(watched):
    watched.plan(with_text("H"), 0.0)
    assert watched.plan(with_text("He"), sync.GONE_AFTER_S - 1) != []
    assert watched.plan(with_text("Hel"), sync.GONE_AFTER_S + 1) == []


def test_a_browser_that_is_gone_is_asked_in_few_bytes_for_ten_minutes(watched):
    watched.plan(ENDED, 0.0)
    asked = {}
    while (due := watched.deadline(ENDED)) is not None:
        asked[due] = watched.plan(ENDED, due)
    late = {at: sent for at, sent in asked.items() if sent and at > sum(sync.REPAIR_AFTER_S)}
    assert len(late) == sync.FORGOTTEN_AFTER_S // sync.ASK_INTERVAL_S - 1
    for at, sent in late.items():
        (question,) = sent
        behind = Browser(WAITING.full())
        behind.take(as_message(question))
        assert behind.wants_resync
        assert len(json.dumps(question.to_json())) < 300
        assert at <= sync.FORGOTTEN_AFTER_S


def test_a_browser_that_hears_again_while_text_streams_to_nobody_gets_all_of_it(watched):
    watched.plan(WAITING, 0.0)
    late = with_text("Hello")
    assert watched.plan(late, sync.GONE_AFTER_S + 1) == []
    browser = Browser(START.full())
    for message in watched.plan(late, watched.deadline(late)):
        browser.take(as_message(message))
    watched.heard(browser.report(), 60.0)
    for message in watched.plan(late, 60.0):
        browser.take(as_message(message))
    assert browser.state == late.full()


def test_silence_that_nobody_could_have_broken_makes_no_browser_gone(watched):
    watched.plan(with_text("H"), 0.0)
    watched.excuse(sync.GONE_AFTER_S - 1)
    assert watched.plan(with_text("He"), sync.GONE_AFTER_S + 1) != []
    assert watched.plan(with_text("Hel"), 2 * sync.GONE_AFTER_S) == []


def test_a_browser_that_is_up_to_date_may_be_silent_for_ever(watched):
    assert watched.plan(WAITING, 1e6) != []


def test_a_browser_that_comes_back_gets_what_it_missed(watched):
    watched.plan(with_text("H"), 0.0)
    watched.plan(with_text("He"), sync.GONE_AFTER_S + 1)
    watched.heard(report(with_text("H")), 30.0)
    browser = Browser(with_text("H").full())
    for message in watched.plan(with_text("Hel"), 30.0):
        browser.take(as_message(message))
    assert browser.state == with_text("Hel").full()


def test_clients_that_are_made_up_do_not_pile_up(watched):
    for number in range(10_000):
        watched.heard(report(START, kind="ready", client=str(number)), 0.0)
    assert len(watched._clients) <= sync.MAX_CLIENTS


def test_a_made_up_offset_does_not_break_the_plan(watched):
    watched.plan(WAITING, 0.0)
    watched.heard(replace(report(WAITING), offset=10**12), 0.1)
    assert watched.plan(with_text("Hello"), 0.2) != []


def test_an_emptied_conversation_empties_the_text_too(watched):
    watched.plan(ENDED, 0.0)
    empty = State(revision=3)
    assert watched.plan(empty, 0.1) == [wire.Update(empty.full())]
