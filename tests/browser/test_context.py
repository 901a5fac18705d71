"""A reader shows a table to the model: by its name, looked at before it is sent."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.backend import Backend
from browser.notebook import Chat, OpenNotebook

SALES = """\
import pandas as pd
sales = pd.DataFrame({"month": ["Jan", "Feb"], "amount": [3, 5]})
salesman = "nobody"
del_ = lambda: None"""
TOLD = """\
<context name="sales">
DataFrame of 2 rows and 2 columns
Columns (dtype): month (str), amount (int64)
All rows, as CSV, the index first:
,month,amount
0,Jan,3
1,Feb,5
</context>"""


def chips(chat: Chat) -> list[str]:
    return chat.host.locator("[part=attached]").all_inner_texts()


def test_a_table_is_attached_by_its_name_looked_at_and_sent_by_keys_alone(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    notebook = open_notebook(SALES, make_chat + "\nchat", "del sales\nchat.context.preview().text")
    notebook.run(0)
    notebook.run(1)
    chat = notebook.chat()
    chat.input.focus()
    keyboard = notebook.page.keyboard

    keyboard.type("What sold best in @sal")
    names = chat.host.locator("[part=names]").get_by_role("option")
    expect(names).to_have_text(["sales DataFrame", "salesman text"])
    keyboard.press("ArrowUp")
    expect(names.nth(1)).to_have_attribute("aria-selected", "true")
    keyboard.press("ArrowUp")
    keyboard.press("Enter")
    expect(names).to_have_count(0)
    expect(chat.input).to_have_value("What sold best in @sales ")
    expect(chat.host.locator("[part=attached]")).to_have_text(
        f"sales · DataFrame · {len(TOLD) - 34} characters"
    )

    # What is attached is the kernel's: it outlives the page, and the variable.
    notebook.save()
    notebook.reload()
    notebook.wait_ready()
    notebook.run(2)
    chat = notebook.chat()
    expect(chat.host.locator("[part=attached]")).to_have_count(1)
    chat.input.focus()
    for key in ("Shift+Tab", "Shift+Tab", "Enter"):
        keyboard.press(key)
    preview = chat.host.locator("[part=preview-text]")
    expect(preview).to_have_text(TOLD, use_inner_text=True)
    keyboard.press("Escape")
    expect(preview).to_be_hidden()

    chat.input.focus()
    keyboard.type("What sold best?")
    keyboard.press("Enter")
    answer = backend.next_answer()
    assert answer.question["user_message"] == f"{TOLD}\n\nWhat sold best?"
    assert answer.question["context_node_ids"] == ["sales"]
    answer.say("February.")
    answer.end()
    chat.wait("ended")
    assert chips(chat) == []

    notebook.reload()
    chat = notebook.chat()
    carried = chat.host.locator("[part=attachment]")
    expect(carried.locator("summary")).to_have_text(
        f"sales · DataFrame · {len(TOLD) - 34} characters"
    )
    carried.locator("summary").press("Enter")
    expect(carried.locator(".folded")).to_have_text(TOLD, use_inner_text=True)


def test_what_the_reader_takes_away_is_not_sent(
    open_notebook: OpenNotebook, backend: Backend, make_chat: str
) -> None:
    added = 'chat.context.add({"password": "x"}, name="login")\nchat.context.add("b", name="b")'
    notebook = open_notebook(f"{make_chat}\n{added}\nchat")
    notebook.run(0)
    chat = notebook.chat()
    expect(chat.host.locator("[part=attached]")).to_have_count(2)
    expect(chat.host.locator("[part=attached] [part~=interrupted-icon]")).to_have_count(1)
    chat.host.get_by_role("button", name="Do not send “login”").click()
    expect(chat.host.locator("[part=attached]")).to_have_count(1)
    expect(chat.host.locator("[part=attached]")).to_have_text("b · text · 1 characters")
    chat.ask("Why?")
    assert (
        backend.next_answer().question["user_message"]
        == '<context name="b">\nb\n</context>\n\nWhy?'
    )
