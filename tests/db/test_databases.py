"""Databases in memory and in files, more cells than SQLite attaches, and SQL over all of them."""

import sqlite3
from contextlib import closing

import pytest

from simnova.db import Databases
from simnova.db.api_schema import METADATA as API
from simnova.db.cell_schema import METADATA as CELL
from simnova.db.databases import rows_as_databases
from simnova.exceptions import UsageError
from simnova.kernel.clock import Clock
from simnova.observe.table import Table


@pytest.fixture
def server(databases):
    databases["nova_cell1"].run(
        lambda tx: tx.insert("instances", uuid="s1", host="h1", vm_state="active")
    )
    databases["nova_api"].run(lambda tx: tx.insert("request_specs", instance_uuid="s1", spec="{}"))


def test_one_select_names_several_databases(databases, server):
    table = databases.sql(
        "SELECT i.host, r.spec FROM nova_cell1.instances i "
        "JOIN nova_api.request_specs r ON i.uuid = r.instance_uuid"
    )
    assert isinstance(table, Table)
    assert table.as_dicts() == [{"host": "h1", "spec": "{}"}]
    assert databases.sql("SELECT * FROM nova_cell0.instances").rows == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "SELECT * FROM nova_cell1.instance",
            "there is no table 'nova_cell1.instance': did you mean nova_cell1.instances?",
        ),
        ("SELECT * FROM instancs", "did you mean nova_cell0.instances or nova_cell1.instances?"),
        ("SELECT * FROM zzz", "there is no table 'zzz': as in SELECT host"),
        ("SELECT hst FROM nova_cell1.instances", "the SQL is wrong: no such column: hst"),
        ("SELEC 1", 'the SQL is wrong: near "SELEC": syntax error'),
        ("SELECT 1; SELECT 2", "the SQL is wrong: You can only execute one statement at a time."),
        ("-- nothing", "that SQL asks nothing"),
        ("", "SQL is needed as text, not ''"),
        (None, "SQL is needed as text, not None"),
        ("SELECT '\0'", "the SQL is wrong: .*null character"),
        ("UPDATE nova_cell1.instances SET host = 'x'", "SQL here only reads"),
        ("DELETE FROM nova_cell1.instances", "SQL here only reads"),
        ("DROP TABLE nova_cell1.instances", "SQL here only reads"),
        ("PRAGMA foreign_keys = OFF", "SQL here only reads"),
        ("ATTACH 'x' AS y", "SQL here only reads"),
        ("BEGIN", "SQL here only reads"),
    ],
)
def test_wrong_sql_is_told_in_a_sentence_and_changes_nothing(databases, server, text, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        databases.sql(text)
    assert databases.sql("SELECT host FROM nova_cell1.instances").rows == [("h1",)]
    databases["nova_cell1"].run(lambda tx: tx.update("instances", {"uuid": "s1"}, {"host": "h2"}))


def test_sql_that_never_ends_is_given_up(databases, monkeypatch):
    monkeypatch.setattr("simnova.db.sql.PATIENCE", 0.05)
    with pytest.raises(UsageError, match=r"took more than 0\.05 s"):
        databases.sql(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT count(*) FROM n"
        )


def test_more_cells_than_sqlite_attaches_to_one_connection():
    clock = Clock()
    databases = Databases(clock)
    cells = [databases.open(f"nova_cell{number}", CELL) for number in range(12)]
    for cell in cells:
        cell.run(lambda tx, cell=cell: tx.insert("instances", uuid=cell.name))
    assert databases.sql("SELECT uuid FROM nova_cell11.instances").rows == [("nova_cell11",)]
    with pytest.raises(UsageError, match="cannot join across"):
        databases.sql("SELECT * FROM nova_cell0.instances JOIN nova_cell11.instances")
    databases.close()


@pytest.mark.parametrize(("path", "file"), [("c", "c/nova_api.sqlite"), ("c.db", "c.nova_api.db")])
def test_each_database_has_a_file_of_its_own(tmp_path, path, file):
    for name in ("first", "second"):
        databases = Databases(Clock(), f"sqlite:///{tmp_path / path}")
        databases.open("nova_api", API).run(lambda tx, n=name: tx.insert("aggregates", name=n))
        databases.close()
    with closing(sqlite3.connect(tmp_path / file)) as opened:
        rows = opened.execute("SELECT name FROM aggregates").fetchall()
    assert rows == [("second",)]


def test_the_journal_is_the_same_with_files(tmp_path):
    def journal(url):
        clock = Clock()
        databases = Databases(clock, url)
        databases.open("nova_cell1", CELL).run(
            lambda tx: tx.insert("instances", uuid="s1", locked=True)
        )
        databases.close()
        return [event.digest() for event in clock.journal]

    assert journal("sqlite://") == journal(f"sqlite:///{tmp_path}")


def test_a_file_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "nova_api.sqlite").write_text("my notes")
    databases = Databases(Clock(), f"sqlite:///{tmp_path}")
    with pytest.raises(UsageError, match="is not a database of SimNova's"):
        databases.open("nova_api", API)
    assert (tmp_path / "nova_api.sqlite").read_text() == "my notes"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://host/nova", "a cloud cannot run on 'postgresql'"),
        ("my cloud", "'my cloud' is no database URL"),
    ],
)
def test_other_urls_are_refused(url, message):
    with pytest.raises(UsageError, match=message):
        Databases(Clock(), url)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    databases = Databases(Clock(), f"sqlite:///{tmp_path}/file/below")
    with pytest.raises(UsageError, match="no database can be made at"):
        databases.open("nova_api", API)


def test_a_name_is_used_once(databases):
    with pytest.raises(UsageError, match="there is a database 'nova_api' already"):
        databases.open("nova_api", API)


def test_sql_can_be_asked_of_rows_as_they_were(databases, server):
    rows = {
        ("nova_cell1", "instances", 1): {
            "id": 1,
            "uuid": "s1",
            "vm_state": "building",
            "locked": True,
        },
        ("nova_cell1", "instance_extra", 1): {"id": 1, "instance_uuid": "unknown", "deleted": 0},
    }
    before = rows_as_databases(rows, databases.metadata)
    text = "SELECT uuid, vm_state, hidden, locked FROM nova_cell1.instances"
    assert before.sql(text).rows == [("s1", "building", None, 1)]
    assert databases.sql(text).rows == [("s1", "active", 0, None)]
    before.close()
