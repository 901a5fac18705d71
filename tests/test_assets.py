"""Code that is not in the bundle: small bundle, and the kernel sends the rest when it is asked."""

from __future__ import annotations

import json
import re
from pathlib import Path

import comm
import pytest

from comms import Page, RecordingComm
from printer_widget import ChatNode, commands, wire
from printer_widget.testing import ScriptedModel

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "src" / "printer_widget" / "static"
BUDGET = 128_000  # bytes: every instance carries the bundle, and every saved notebook with it


@pytest.fixture
def chat(monkeypatch):
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    chat = ChatNode(ScriptedModel())
    yield chat
    chat.close()


@pytest.fixture
def page(chat):
    return Page(chat.comm)


def test_the_bundle_is_within_its_budget():
    sizes = json.loads((STATIC / "build.json").read_bytes())["bytes"]
    files = {path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*.js")}
    assert sizes == {name: path.stat().st_size for name, path in files.items()}
    assert sizes["widget.js"] <= BUDGET


def test_every_asset_is_built_and_can_be_asked_for():
    names = set(wire.ASSETS)
    assert {path.stem for path in (STATIC / "assets").iterdir()} == names
    assert {path.stem for path in (ROOT / "js" / "src" / "assets").iterdir()} == names
    twin = (ROOT / "js" / "src" / "wire.ts").read_text("utf-8")
    listed = re.search(r"ASSETS = \[(.*?)\]", twin, re.DOTALL)
    assert listed is not None
    assert tuple(re.findall(r'"(\w+)"', listed[1])) == wire.ASSETS


@pytest.mark.parametrize("name", wire.ASSETS)
def test_the_kernel_sends_the_text_of_an_asset(page, name):
    assert page.command("asset", name=name) == {
        "type": "reply",
        "nonce": f"n{page.last}",
        "ok": True,
        "error": None,
    }
    text = (STATIC / "assets" / f"{name}.js").read_text("utf-8")
    assert page.assets == [{"type": "asset", "name": name, "text": text}]


@pytest.mark.parametrize("name", ["widget", "../widget", "conversations.js", "/etc/passwd", ""])
def test_what_is_no_asset_gets_no_answer(page, name):
    assert page.command("asset", name=name) is None
    assert page.assets == []


def test_an_asset_that_is_missing_is_refused_with_what_to_do(page, monkeypatch, tmp_path):
    monkeypatch.setattr(commands, "_ASSETS", tmp_path)
    reply = page.command("asset", name=wire.ASSETS[0])
    assert not reply["ok"]
    assert f"static/assets/{wire.ASSETS[0]}.js is missing" in reply["error"]
    assert "make build" in reply["error"]
    assert str(tmp_path) not in reply["error"]


def test_assets_are_not_sent_without_end(page):
    replies = [page.command("asset", name=wire.ASSETS[0]) for _ in range(40)]
    sent = sum(reply["ok"] for reply in replies)
    assert len(wire.ASSETS) <= sent == len(page.assets) < len(replies)
    assert "too often" in replies[-1]["error"]


def test_no_state_of_the_widget_holds_an_asset(chat, page):
    page.command("asset", name=wire.ASSETS[0])
    text = page.assets[0]["text"]
    assert text not in json.dumps(chat.get_state(), default=str)
    assert {"streamedText", "isStreaming", "messages", "_view", "_esm"} <= set(chat.get_state())
    assert text[-60:] not in chat.get_state()["_esm"]
