"""The store: its file, its formats, its thread, and what happens when it fails."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from printer_widget.server.database import Database, StoreError
from printer_widget.server.schema import APPLICATION_ID, MIGRATIONS, migrate
from printer_widget.server.store import RESTARTED
from serving import SOON, Following, Stepping, ask, asking, events, saying, serving

FORMAT_1 = (Path(__file__).parent / "data" / "store_v1.sql").read_text("utf-8")
CONVERSATIONS = "/api/conversations"


def tables(db):
    return db.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


# Its formats


def test_a_database_of_the_first_format_is_brought_up_to_date_and_keeps_everything(tmp_path):
    path = tmp_path / "db"
    old = sqlite3.connect(path)
    old.executescript(FORMAT_1)
    old.close()
    with serving(saying("Yes"), db=path, users=None) as client:
        # the backend without tokens has one user; format 1 knew ann
        assert client.get(CONVERSATIONS).json() == {"conversations": []}
        assert ask(client).status_code == 200
    db = sqlite3.connect(path)
    found = db.execute(
        "SELECT role, content, status, error FROM messages WHERE owner = 'ann' ORDER BY seq"
    ).fetchall()
    db.close()
    assert found == [
        ("user", "Hello", "complete", None),
        ("assistant", "Hello yourself", "complete", None),
        ("user", "And now?", "complete", None),
        ("assistant", "So far", "interrupted", RESTARTED),  # its run was never ended
    ]


@pytest.mark.parametrize("version", range(len(MIGRATIONS) + 1))
def test_from_every_format_one_comes_to_the_same_tables(version, monkeypatch):
    fresh, old = (sqlite3.connect(":memory:", isolation_level=None) for _ in range(2))
    migrate(fresh)
    with monkeypatch.context() as earlier:
        earlier.setattr("printer_widget.server.schema.MIGRATIONS", MIGRATIONS[:version])
        migrate(old)
    migrate(old)
    assert tables(old) == tables(fresh)
    assert old.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    fresh.close()
    old.close()


def test_the_first_format_is_what_it_was():
    was, now = (sqlite3.connect(":memory:", isolation_level=None) for _ in range(2))
    was.executescript(FORMAT_1)
    for statement in MIGRATIONS[0]:
        now.execute(statement)
    assert tables(was) == tables(now)
    was.close()
    now.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(monkeypatch):
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    before = tables(db)
    broken = (*MIGRATIONS, ("CREATE TABLE more (x)", "nonsense"))
    monkeypatch.setattr("printer_widget.server.schema.MIGRATIONS", broken)
    with pytest.raises(sqlite3.OperationalError):
        migrate(db)
    assert tables(db) == before
    assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    db.close()


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        (f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 99", "newer version"),
        ("CREATE TABLE theirs (x)", "another program"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_alone(tmp_path, setting, reason):
    path = tmp_path / "db"
    db = sqlite3.connect(path)
    db.executescript(setting)
    before = tables(db)
    db.close()
    with pytest.raises(StoreError, match=f"{reason}.*Name another file with --db"):
        Database(path)
    db = sqlite3.connect(path)
    assert tables(db) == before
    db.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("my notes " * 100)
    with pytest.raises(StoreError, match="cannot be used: file is not a database"):
        Database(path)
    assert path.read_text() == "my notes " * 100


# Its file


@pytest.mark.skipif(sys.platform == "win32", reason="has permissions of another kind")
def test_its_file_is_for_this_user_alone(tmp_path):
    path = tmp_path / "new" / "db"
    database = Database(path)
    database.submit(lambda db: db.execute("PRAGMA user_version")).result()
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    database.close()
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_place_that_cannot_be_written_is_an_error_that_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be opened: .*--db"):
        Database(tmp_path / "file" / "db")


# Its thread


def test_work_that_waits_is_done_in_one_transaction_and_a_failure_undoes_itself_alone():
    database = Database()
    run = database.submit
    run(lambda db: db.execute("CREATE TABLE t (x)")).result()
    started, go_on = threading.Event(), threading.Event()
    run(lambda db: (started.set(), go_on.wait(SOON)))
    started.wait(SOON)

    def insert(value, *, fails=False):
        def work(db):
            db.execute("INSERT INTO t VALUES (?)", (value,))
            if fails:
                raise KeyError(value)
            return db.total_changes

        return work

    done = [run(insert(value, fails=value == 2)) for value in range(5)]
    go_on.set()
    with pytest.raises(KeyError):
        done[2].result(SOON)
    rows = run(lambda db: db.execute("SELECT x FROM t").fetchall()).result(SOON)
    database.close()
    assert rows == [(0,), (1,), (3,), (4,)]


def test_what_finds_the_disk_full_fails_alone(tmp_path):
    """SQLite undoes a whole transaction then, with all that others did in it."""
    database = Database(tmp_path / "db")
    ready, go = threading.Event(), threading.Event()

    def first(db):
        ready.set()
        assert go.wait(SOON)

    def large(db):
        db.execute("INSERT INTO large VALUES (zeroblob(1000000))")

    database.submit(lambda db: db.execute("CREATE TABLE large (x)"))
    database.submit(lambda db: db.execute("PRAGMA max_page_count = 1"))  # or what there is
    held = database.submit(first)
    assert ready.wait(SOON)
    before = database.submit(lambda db: db.execute("SELECT 1").fetchone())
    full = database.submit(large)
    after = database.submit(lambda db: db.execute("SELECT 2").fetchone())
    go.set()
    held.result(SOON)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        full.result(SOON)
    assert (before.result(SOON), after.result(SOON)) == ((1,), (2,))
    database.close()


def test_from_many_threads_nothing_is_lost(tmp_path):
    database = Database(tmp_path / "db")
    database.submit(lambda db: db.execute("CREATE TABLE t (x)")).result()

    def write(value):
        database.submit(lambda db: db.execute("INSERT INTO t VALUES (?)", (value,))).result()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(400)))
    (count,) = database.submit(lambda db: db.execute("SELECT count(*) FROM t").fetchone()).result()
    database.close()
    assert count == 400


def test_closed_it_has_done_what_was_submitted_and_takes_no_more(tmp_path):
    database = Database(tmp_path / "db")
    database.submit(lambda db: db.execute("CREATE TABLE t (x)"))
    for value in range(100):
        database.submit(lambda db, value=value: db.execute("INSERT INTO t VALUES (?)", (value,)))
    database.close()
    database.close()
    with pytest.raises(StoreError, match="closed"):
        database.submit(lambda db: None)
    again = Database(tmp_path / "db")
    (count,) = again.submit(lambda db: db.execute("SELECT count(*) FROM t").fetchone()).result()
    again.close()
    assert count == 100


def test_dropped_it_ends_its_thread():
    thread = Database()._thread
    gc.collect()
    thread.join(SOON)
    assert not thread.is_alive()


def test_a_waiter_that_gives_up_harms_nobody():
    async def give_up():
        database = Database()
        busy = threading.Event()
        database.submit(lambda db: busy.wait(SOON))
        waiting = asyncio.create_task(database.run(lambda db: 1))
        await asyncio.sleep(0)
        waiting.cancel()
        busy.set()
        assert await database.run(lambda db: 2) == 2
        database.close()

    asyncio.run(give_up())


# A store that fails


def test_an_answer_that_cannot_be_stored_is_ended_with_a_reason_and_others_come_later(
    tmp_path, caplog
):
    model = Stepping()
    path = tmp_path / "db"
    with serving(model, db=path) as client, asking(client) as response:
        run = client.store._database.submit
        stream = Following(response)
        model.step()
        stream.until("0 ")
        pages = "PRAGMA max_page_count = 1"  # a full disk; SQLite raises it to what there is
        run(lambda db: db.execute(pages)).result()
        model.step(20_000)
        _, name, data = stream.rest()[-1]
        assert (name, data["error"][:35]) == ("error", "The backend could not store the ans")
        assert model.closed.wait(SOON)
        run(lambda db: db.execute("PRAGMA max_page_count = 1000000")).result()
        model.step(1)
        model.end()
        assert [name for name, _ in events(ask(client).content)][-1] == "stream_end"
    assert "could not be stored" in caplog.text
