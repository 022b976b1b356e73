"""Rows are read, added, changed and removed in transactions, and each change is journalled."""

import json

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simnova.db import DBDuplicateEntry, DBError, DBNotAllowed, DBReferenceError
from simnova.db.instance_schema import INSTANCES
from simnova.exceptions import UsageError
from simnova.kernel.clock import Crashed

COLUMN = "unknown column of instances"
SERVER = "9c5b7a54-0b4c-4a8e-9b3f-5d7c7e1f0001"


def boot(tx, uuid=SERVER, **values):
    return tx.insert("instances", uuid=uuid, vm_state="building", task_state="scheduling", **values)


def test_a_row_comes_back_whole_with_its_key_and_defaults(cell):
    row = cell.run(boot, locked=False)
    assert (row["id"], row["deleted"], row["host"]) == (1, 0, None)
    assert row["created_at"] == "2026-01-01T00:00:00Z"
    assert row["locked"] is False
    assert row == cell.run(lambda tx: tx.get("instances", uuid=SERVER))


def test_the_coroutines_do_what_the_transaction_does(cell, run):
    async def work():
        await cell.insert("services", host="h1", binary="nova-compute", topic="compute")
        await cell.update("services", {"host": "h1"}, {"report_count": 1})
        row = await cell.get("services", host="h1", binary="nova-compute", deleted=0)
        rows = await cell.select("services", {"binary": ["nova-compute", "nova-conductor"]})
        return (
            row,
            rows,
            await cell.delete("services", {"host": "h1"}),
            await cell.select("services"),
        )

    row, rows, deleted, left = run(work())
    assert row["report_count"] == 1
    assert rows == [row]
    assert (deleted, left) == (1, [])


def test_a_change_journals_the_changed_columns_with_before_and_after(cell, clock, changes):
    cell.run(boot)
    clock.advance(61.5)
    cell.run(
        lambda tx: tx.update(
            "instances", {"uuid": SERVER}, {"vm_state": "building", "task_state": None}
        )
    )
    stamp = {"updated_at": "2026-01-01T00:01:01Z"}
    assert changes()[1] == (
        "db.update",
        "instances",
        1,
        {"task_state": "scheduling", "updated_at": None},
        {"task_state": None, **stamp},
    )


def test_the_journal_folds_to_the_rows(cell, changes):
    def work(tx):
        boot(tx)
        boot(tx, uuid="another")
        tx.update("instances", {"deleted": 0}, {"host": "h1"})
        tx.delete("instances", {"uuid": "another"})

    cell.run(work)
    folded = {}
    for kind, _, key, _, after in changes():
        folded[key] = {**folded.get(key, {}), **(after or {})}
        if kind == "db.delete":
            del folded[key]
    (row,) = cell.run(lambda tx: tx.select("instances"))
    assert folded == {1: {name: value for name, value in row.items() if value is not None}}
    assert [kind for kind, *_ in changes()].count("db.update") == 2


def test_the_journal_holds_json_and_shares_nothing_with_the_row(cell, clock):
    row = cell.run(boot)
    row["vm_state"] = "stolen"
    event = clock.journal[0]
    assert event.data["after"]["vm_state"] == "building"
    assert json.loads(json.dumps(event.data)) == event.data


def test_a_key_of_several_columns_is_one_text(cell, changes):
    cell.run(lambda tx: tx.insert("tags", resource_id=SERVER, tag="blue"))
    assert changes()[0][2] == f"{SERVER}/blue"


def test_what_raises_changes_nothing_and_is_not_journalled(cell, changes):
    def work(tx):
        boot(tx)
        raise LookupError("no")

    with pytest.raises(LookupError):
        cell.run(work)
    assert cell.run(lambda tx: tx.select("instances")) == []
    assert changes() == []


def test_save_compares_and_swaps(cell, clock):
    cell.run(boot)
    expected = {"task_state": ["scheduling", None]}
    change = {"task_state": "networking"}
    swap = lambda tx: tx.update("instances", {"uuid": SERVER}, change, expected=expected)  # noqa: E731
    assert cell.run(swap) == 1
    assert cell.run(swap) == 0
    refused = clock.journal[-1]
    assert refused.kind == "db.refused"
    assert refused.data["reason"] == "task_state is 'networking'"
    assert refused.data["expected"] == expected


def test_a_refusal_is_journalled_though_the_work_then_raises(cell, clock):
    def work(tx):
        if not tx.update("instances", {"uuid": SERVER}, {"host": "h1"}, expected={"host": None}):
            raise LookupError("gone")

    with pytest.raises(LookupError):
        cell.run(work)
    assert clock.journal[-1].data["reason"] == "no such row"


def test_the_update_is_one_statement_with_the_condition_in_it(cell):
    cell.run(boot)
    sent = []
    cell.connection.driver.set_trace_callback(sent.append)
    cell.run(
        lambda tx: tx.update(
            "instances", {"uuid": SERVER}, {"host": "h"}, expected={"task_state": None}
        )
    )
    updates = [text for text in sent if text.startswith("UPDATE")]
    assert len(updates) == 1
    assert "task_state IS NULL" in updates[0]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, ["a", "b", "c"]),
        ({"host": "h1"}, ["a"]),
        ({"host": None}, ["c"]),
        ({"host": ["h1", "h2", "h3"]}, ["a", "b"]),
        ({"host": ["h2", None]}, ["b", "c"]),
        ({"host": [None]}, ["c"]),
        ({"host": []}, []),
        ({"host": ["h1"], "vm_state": "active"}, []),
        ({"deleted": 0, "uuid": ("a", "c")}, ["a", "c"]),
    ],
)
def test_conditions(cell, where, found):
    def fill(tx):
        for uuid, host in (("a", "h1"), ("b", "h2"), ("c", None)):
            boot(tx, uuid=uuid, host=host)

    cell.run(fill)
    assert [
        row["uuid"] for row in cell.run(lambda tx: tx.select("instances", where, order_by="id"))
    ] == found


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(wanted=st.lists(st.none() | st.integers(0, 9), max_size=9))
def test_a_list_means_one_of_its_values(databases, wanted):
    api = databases["nova_api"]

    def work(tx):
        tx.delete("quota_classes", {})
        for limit in (None, *range(5)):
            tx.insert("quota_classes", hard_limit=limit)
        return tx.select("quota_classes", {"hard_limit": wanted}, order_by="id")

    assert [row["hard_limit"] for row in api.run(work)] == [
        n for n in (None, *range(5)) if n in wanted
    ]


def test_order_and_limit(cell):
    def work(tx):
        for uuid, host in (("a", "h1"), ("b", "h2"), ("c", "h2")):
            boot(tx, uuid=uuid, host=host)
        return tx.select("instances", order_by=("-host", "uuid"), limit=2)

    assert [row["uuid"] for row in cell.run(work)] == ["b", "c"]


def test_a_select_of_sqlalchemy_means_the_database_it_is_asked_of(databases):
    cell0, cell1 = databases["nova_cell0"], databases["nova_cell1"]
    cell1.run(boot, host="h1")
    count = sa.select(INSTANCES.c.host, sa.func.count().label("n")).group_by(INSTANCES.c.host)
    assert cell1.run(lambda tx: tx.execute(count)) == [{"host": "h1", "n": 1}]
    assert cell0.run(lambda tx: tx.execute(count)) == []


def test_a_duplicate_is_refused_and_the_transaction_goes_on(cell, changes):
    def work(tx):
        boot(tx)
        with pytest.raises(DBDuplicateEntry) as refused:
            boot(tx)
        boot(tx, uuid="another")
        return refused.value

    error = cell.run(work)
    assert error.columns == ["uuid"]
    assert str(error) == "(sqlite3.IntegrityError) UNIQUE constraint failed: instances.uuid"
    assert len(changes()) == 2


def test_a_row_that_refers_to_nothing_is_refused(cell):
    with pytest.raises(DBReferenceError):
        cell.run(lambda tx: tx.insert("instance_extra", instance_uuid=SERVER))


def test_a_missing_value_is_refused(databases):
    with pytest.raises(DBError, match=r"NOT NULL constraint failed: flavors\.name"):
        databases["nova_api"].run(lambda tx: tx.insert("flavors", flavorid="1"))


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda tx: tx.get("instance"), "unknown table 'instance': did you mean 'instances'?"),
        (lambda tx: tx.get("instances", hots="h"), f"{COLUMN} 'hots': did you mean 'host'?"),
        (lambda tx: tx.insert("instances", uid="u"), f"{COLUMN} 'uid': did you mean 'uuid'?"),
        (
            lambda tx: tx.update("instances", {}, {"vmstate": 1}),
            f"{COLUMN} 'vmstate': did you mean 'vm_state'?",
        ),
    ],
)
def test_unknown_names(cell, work, message):
    with pytest.raises(UsageError) as error:
        cell.run(work)
    assert str(error.value) == message


def test_nova_compute_may_not_touch_it(cell, clock):
    cell.forbidden = frozenset({"nova-compute"})
    names = ("nova-conductor", "nova-compute@compute1")
    tasks = [clock.spawn(cell.select("instances"), service=clock.start(name)) for name in names]
    with pytest.raises(DBNotAllowed) as error:
        clock.advance(1)
    assert str(error.value) == (
        "nova-compute attempted direct database access which is not allowed by policy"
    )
    assert tasks[0].outcome == []


def test_a_database_that_refuses_answers_nothing(cell):
    cell.refusing = '(pymysql.err.OperationalError) (2003, "Can\'t connect to MySQL server")'
    with pytest.raises(DBError, match="Can't connect"):
        cell.run(boot)
    cell.refusing = None
    assert cell.run(boot)["id"] == 1


def test_nothing_can_be_awaited_in_a_transaction(cell):
    async def work(tx):
        boot(tx)

    with pytest.raises(UsageError, match="plain function"):
        cell.run(work)
    assert cell.run(lambda tx: tx.select("instances")) == []


def test_a_service_killed_at_the_first_write_has_changed_nothing(cell, clock, run, changes):
    def kill(kind, actor):
        if kind == "db.insert" and actor:
            raise Crashed(actor)

    clock.journal.before.append(kill)
    run(cell.transact(boot))
    clock.journal.before.clear()
    assert cell.run(lambda tx: tx.select("instances")) == []
    assert changes() == []


def test_what_a_service_committed_is_journalled_though_it_died_there(cell, clock, run, changes):
    def kill(event):
        task = clock.active
        if event.kind == "db.insert" and task is not None:
            clock.crash(task.service)

    clock.journal.after.append(kill)
    run(cell.transact(lambda tx: (boot(tx), boot(tx, uuid="another"))))
    assert len(cell.run(lambda tx: tx.select("instances"))) == 2
    inserts = [event for event in clock.journal if event.kind == "db.insert"]
    assert [event.actor for event in inserts] == ["nova-conductor"] * 2


def test_a_summary_keeps_changes_and_drops_whole_rows(cell, clock):
    clock.journal.level = "summary"
    cell.run(boot)
    cell.run(lambda tx: tx.update("instances", {"id": 1}, {"vm_state": "active"}))
    assert "after" not in clock.journal[0].data
    assert clock.journal[1].data["after"]["vm_state"] == "active"


def test_totals_count_and_add_up_by_groups(cell):
    def work(tx):
        for number, (host, size) in enumerate([("b", 1), ("a", 2), ("b", 4)]):
            boot(tx, uuid=f"{SERVER[:-1]}{number}", host=host, memory_mb=size)
        grouped = tx.totals("instances", ["memory_mb"], {"deleted": 0}, by=["host"])
        return grouped, tx.totals("instances", ["memory_mb"], {"host": "c"})

    grouped, none = cell.run(work)
    assert grouped == [
        {"host": "a", "count": 1, "memory_mb": 2},
        {"host": "b", "count": 2, "memory_mb": 5},
    ]
    assert none == [{"count": 0, "memory_mb": 0}]


def test_a_select_of_ones_own_takes_values_by_name(databases):
    cell0, cell1 = databases["nova_cell0"], databases["nova_cell1"]
    columns = INSTANCES.c
    mine = sa.select(columns.host, columns.locked).where(
        columns.uuid == sa.bindparam("uuid"), columns.vm_state == sa.bindparam("state")
    )
    cell1.run(boot, host="h1", locked=True)
    asked = {"state": "building", "uuid": SERVER}
    assert cell1.run(lambda tx: tx.execute(mine, **asked)) == [{"host": "h1", "locked": True}]
    assert cell0.run(lambda tx: tx.execute(mine, **asked)) == []
