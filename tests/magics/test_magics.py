"""The magics in a real IPython shell: what they give back, and what they say of mistakes."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from simnova import Cloud, UsageError
from simnova.magics.status import Status
from simnova.observe.logs import Log
from simnova.observe.story import Story
from simnova.observe.table import Table
from simnova.widgets.player import Player


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """One shell with the magics, which keeps no history: IPython has one shell in a process."""
    quiet = Config()
    quiet.HistoryManager.enabled = False
    shell = InteractiveShell.instance(
        config=quiet, ipython_dir=str(tmp_path_factory.mktemp("ipython"))
    )
    shell.run_line_magic("load_ext", "simnova")
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(loaded):
    """The shell with no variables of an earlier test, and no cloud chosen."""
    loaded.reset(new_session=False)
    loaded.user_ns["Cloud"] = Cloud
    loaded.run_line_magic("reload_ext", "simnova")
    return loaded


def run(shell, cell):
    """What a cell's last expression is; raises what it raises."""
    done = shell.run_cell(cell, store_history=False)
    if done.error_in_exec or done.error_before_exec:
        raise done.error_in_exec or done.error_before_exec
    return done.result


@pytest.fixture
def booted(shell):
    run(shell, "cloud = Cloud(hosts=2); server = cloud.boot('web'); _ = cloud.run()")
    return shell


def test_a_cloud_in_a_few_lines(booted):
    shown = run(booted, "%cloud")
    assert isinstance(shown, Status)
    assert str(shown).splitlines()[0] == "cloud"
    said = dict(shown.lines)
    assert said["hosts"] == "compute1 up, compute2 up"
    assert said["servers"] == "web active on compute1"
    assert (said["down"], said["faults"]) == ("nothing", "none")
    run(booted, "cloud.crash('nova-conductor'); cloud.refuse('nova_api')")
    said = dict(run(booted, "%cloud").lines)
    assert said["down"] == "nova-conductor is down"
    assert "nova_api" in said["faults"]


def test_of_many_hosts_it_says_how_many(shell):
    run(shell, "cloud = Cloud(hosts=9); cloud.power_off('compute3')")
    assert dict(run(shell, "%cloud").lines)["hosts"] == "8 up, 1 down"


def test_hostile_names_are_text(shell):
    run(
        shell,
        "cloud = Cloud(hosts=1); server = cloud.boot('<script>alert(1)</script>'); _ = cloud.run()",
    )
    assert "<script>" not in run(shell, "%cloud")._repr_html_()


def test_one_cloud_is_found_and_of_several_one_is_chosen(shell):
    with pytest.raises(UsageError, match="there is no cloud yet"):
        run(shell, "%cloud")
    run(shell, "mine = Cloud(hosts=1)")
    assert run(shell, "%cloud").name == "mine"
    run(shell, "other = Cloud(hosts=2)")
    with pytest.raises(
        UsageError, match=r"several variables hold clouds \(mine, other\): %cloud mine"
    ):
        run(shell, "%step")
    assert run(shell, "%cloud other").name == "other"
    assert run(shell, "%cloud").name == "other"
    with pytest.raises(UsageError, match="unknown cloud 'othre': did you mean 'other'"):
        run(shell, "%cloud othre")
    assert run(shell, "%cloud").name == "other"


def test_steps_are_told(shell):
    run(shell, "cloud = Cloud(hosts=1); call = cloud.submit('web')")
    first = run(shell, "%step")
    assert isinstance(first, Story)
    assert [text for _, _, text in first] == ["The API asks Glance for image cirros."]
    cloud = shell.user_ns["cloud"]
    seen = len(cloud.journal)
    assert len(run(shell, "%step 5")) >= 5
    told = run(shell, "%step until service:nova-conductor kind:rpc.cast to:compute")
    assert "casts build_and_run_instance to compute.compute1" in told[-1][2]
    assert min(seq for seq, _, _ in told) >= seen
    assert run(shell, "%step until kind:log spawning")[-1][0] == len(cloud.journal) - 1


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
def test_a_mistake_is_one_sentence(booted, capsys, cell, says):
    with pytest.raises(UsageError, match=says):
        run(booted, cell)
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert len((shown.out + shown.err).strip().splitlines()) == 1


def test_sql_is_asked_of_the_databases_as_they_are(booted):
    found = run(booted, "%sql SELECT display_name, vm_state FROM nova_cell1.instances")
    assert isinstance(found, Table)
    assert [tuple(row) for row in found] == [("web", "active")]
    several = run(
        booted, "%%sql\nSELECT host\n  FROM nova_cell1.instances\n WHERE vm_state = 'active'"
    )
    assert several.column("host") == ["compute1"]


def test_sql_and_log_are_as_of_the_players_step(booted):
    cloud = booted.user_ns["cloud"]
    spawning = next(
        event.seq
        for event in cloud.journal
        if (event.data.get("after") or {}).get("task_state") == "spawning"
    )
    asked = "%sql SELECT vm_state, task_state FROM nova_cell1.instances"
    player = cloud.player()
    assert [tuple(row) for row in run(booted, asked)] == [("active", None)], "nobody has moved it"
    player.seek(spawning)
    then = run(booted, asked)
    assert [tuple(row) for row in then] == [("building", "spawning")]
    assert f"as of step {player.step}, at " in str(then)
    assert max(line.seq for line in run(booted, "%log")) <= player.step
    assert dict(run(booted, "%cloud").lines)["cursor"].startswith(f"step {player.step}, at ")
    with pytest.raises(UsageError, match="no such column: vm_stat"):
        run(booted, "%sql SELECT vm_stat FROM nova_cell1.instances")
    with pytest.raises(UsageError, match="SQL here only reads"):
        run(booted, "%sql DELETE FROM nova_cell1.instances")
    player.last()
    assert [tuple(row) for row in run(booted, asked)] == [("active", None)]
    player.first()
    assert len(run(booted, asked)) == 0


def test_a_player_opened_at_a_step_is_looked_at_there(booted):
    cloud = booted.user_ns["cloud"]
    opened = Player(cloud, step=cloud.steps()[3])
    assert dict(run(booted, "%cloud").lines)["cursor"].startswith(f"step {opened.step}, ")


def test_every_step_has_the_rows_that_the_fold_has(booted):
    cloud = booted.user_ns["cloud"]
    for seq in cloud.steps()[::7]:
        rows = cloud.rows("nova_cell1.instances", seq)
        found = cloud.sql("SELECT uuid, task_state FROM nova_cell1.instances", seq)
        expected = [(row["uuid"], row.get("task_state")) for row in rows.as_dicts()]
        assert [tuple(row) for row in found] == expected


def test_sql_of_a_closed_cloud_is_asked_of_its_journal(booted):
    run(booted, "cloud.close()")
    assert run(booted, "%sql SELECT vm_state FROM nova_cell1.instances").column("vm_state") == [
        "active"
    ]
    assert "closed" in dict(run(booted, "%cloud").lines)["now"]


def test_the_lines_that_a_query_means(booted):
    found = run(booted, "%log service:nova-compute server:web claim")
    assert isinstance(found, Log)
    assert found
    assert all("claim" in line.message.lower() for line in found)
    assert run(booted, "%log -time:>0") == []
    assert len(run(booted, "%log")) == len(booted.user_ns["cloud"].log())
    assert {line.level for line in run(booted, "%log -debug -info")} == set()
