"""The magics in a real IPython shell: what they give back, and what they say of mistakes."""

import pytest

from simnova import UsageError
from simnova.magics.status import Status
from simnova.observe.logs import Log
from simnova.observe.story import Story
from simnova.observe.table import Table
from simnova.widgets.player import Player


@pytest.fixture
def cloud(run, shell):
    """A cloud with a server, in the variable `cloud`."""
    run("cloud = Cloud(hosts=2); server = cloud.boot('web'); _ = cloud.run()")
    return shell.user_ns["cloud"]


def test_a_cloud_in_a_few_lines(run, cloud):
    shown = run("%cloud")
    assert isinstance(shown, Status)
    assert str(shown).splitlines()[0] == "cloud"
    said = dict(shown.lines)
    assert said["hosts"] == "compute1 up, compute2 up"
    assert said["servers"] == "web active on compute1"
    assert (said["down"], said["faults"]) == ("nothing", "none")
    run("cloud.crash('nova-conductor'); cloud.refuse('nova_api')")
    said = dict(run("%cloud").lines)
    assert said["down"] == "nova-conductor is down"
    assert "nova_api" in said["faults"]


def test_of_many_hosts_it_says_how_many(run):
    run("cloud = Cloud(hosts=9); cloud.power_off('compute3')")
    assert dict(run("%cloud").lines)["hosts"] == "8 up, 1 down"


def test_hostile_names_are_text(run):
    run(
        "cloud = Cloud(hosts=1); server = cloud.boot('<script>alert(1)</script>'); _ = cloud.run()",
    )
    assert "<script>" not in run("%cloud")._repr_html_()


def test_one_cloud_is_found_and_of_several_one_is_chosen(run):
    with pytest.raises(UsageError, match="there is no cloud yet"):
        run("%cloud")
    run("mine = Cloud(hosts=1)")
    assert run("%cloud").name == "mine"
    run("other = Cloud(hosts=2)")
    with pytest.raises(
        UsageError, match=r"several variables hold clouds \(mine, other\): %cloud mine"
    ):
        run("%step")
    assert run("%cloud other").name == "other"
    assert run("%cloud").name == "other"
    with pytest.raises(UsageError, match="unknown cloud 'othre': did you mean 'other'"):
        run("%cloud othre")
    assert run("%cloud").name == "other"


def test_steps_are_told(run, shell):
    run("cloud = Cloud(hosts=1); call = cloud.submit('web')")
    first = run("%step")
    assert isinstance(first, Story)
    assert [text for _, _, text in first] == ["The API asks Glance for image cirros."]
    cloud = shell.user_ns["cloud"]
    seen = len(cloud.journal)
    assert len(run("%step 5")) >= 5
    told = run("%step until service:nova-conductor kind:rpc.cast to:compute")
    assert "casts build_and_run_instance to compute.compute1" in told[-1][2]
    assert min(seq for seq, _, _ in told) >= seen
    assert run("%step until kind:log spawning")[-1][0] == len(cloud.journal) - 1


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%step until", "%step until: give how many"),
        ("%step 0", "%step 0: give how many"),
        ("%step back", "%step back: give how many"),
        ("%step until srvice:x", "unknown key 'srvice': did you mean 'service'"),
        ("%step until kind:rpc", "nobody is at work"),
        ("%step", "nobody is at work at .* s: cloud.submit"),
        ("%sql", "SQL is needed as text"),
        (
            "%sql SELECT * FROM instnces",
            r"there is no table 'instnces': did you mean .*nova_cell1.instances",
        ),
        ("%sql SELEC 1", 'the SQL is wrong: near "SELEC": syntax error'),
        ("%sql DELETE FROM nova_cell1.instances", "SQL here only reads"),
        ("%log kind:rpc.kast", "did you mean 'rpc.cast'"),
        ("%log server:wbe", "unknown server 'wbe': did you mean 'web'"),
    ],
)
def test_a_mistake_is_one_sentence(run, cloud, capsys, cell, says):
    with pytest.raises(UsageError, match=says):
        run(cell)
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert len((shown.out + shown.err).strip().splitlines()) == 1


def test_sql_is_asked_of_the_databases_as_they_are(run, cloud):
    found = run("%sql SELECT display_name, vm_state FROM nova_cell1.instances")
    assert isinstance(found, Table)
    assert [tuple(row) for row in found] == [("web", "active")]
    several = run("%%sql\nSELECT host\n  FROM nova_cell1.instances\n WHERE vm_state = 'active'")
    assert several.column("host") == ["compute1"]


def test_sql_and_log_are_as_of_the_players_step(run, cloud):
    spawning = next(
        event.seq
        for event in cloud.journal
        if (event.data.get("after") or {}).get("task_state") == "spawning"
    )
    asked = "%sql SELECT vm_state, task_state FROM nova_cell1.instances"
    player = cloud.player()
    assert [tuple(row) for row in run(asked)] == [("active", None)], "nobody has moved it"
    player.seek(spawning)
    then = run(asked)
    assert [tuple(row) for row in then] == [("building", "spawning")]
    assert f"as of event {player.step}, at " in str(then)
    assert max(line.seq for line in run("%log")) <= player.step
    assert dict(run("%cloud").lines)["cursor"].startswith(f"event {player.step}, at ")
    with pytest.raises(UsageError, match="no such column: vm_stat"):
        run("%sql SELECT vm_stat FROM nova_cell1.instances")
    with pytest.raises(UsageError, match="SQL here only reads"):
        run("%sql DELETE FROM nova_cell1.instances")
    player.last()
    assert [tuple(row) for row in run(asked)] == [("active", None)]
    player.first()
    assert len(run(asked)) == 0


def test_a_player_opened_at_a_step_is_looked_at_there(run, cloud):
    opened = Player(cloud, step=cloud.steps()[3])
    assert dict(run("%cloud").lines)["cursor"].startswith(f"event {opened.step}, ")


def test_every_step_has_the_rows_that_the_fold_has(run, cloud):
    for seq in cloud.steps()[::7]:
        rows = cloud.rows("nova_cell1.instances", seq)
        found = cloud.sql("SELECT uuid, task_state FROM nova_cell1.instances", seq)
        expected = [(row["uuid"], row.get("task_state")) for row in rows.as_dicts()]
        assert [tuple(row) for row in found] == expected


def test_sql_of_a_closed_cloud_is_asked_of_its_journal(run, cloud):
    run("cloud.close()")
    assert run("%sql SELECT vm_state FROM nova_cell1.instances").column("vm_state") == ["active"]
    assert "closed" in dict(run("%cloud").lines)["now"]


def test_the_lines_that_a_query_means(run, cloud):
    found = run("%log service:nova-compute server:web claim")
    assert isinstance(found, Log)
    assert found
    assert all("claim" in line.message.lower() for line in found)
    assert run("%log -time:>0") == []
    assert len(run("%log")) == len(cloud.log())
    assert {line.level for line in run("%log -debug -info")} == set()
