"""The checks of "trace a boot": they follow the journal and not a name, and each wrong answer gets its hint."""

import contextlib
import io
import json
from pathlib import Path

import pytest

from simnova import Cloud, Host, UsageError
from simnova.teaching.boots import Boot
from simnova.teaching.hints import Hint
from simnova.teaching.trace_a_boot import Check

LAB = Path(__file__).parents[2] / "labs/source/trace_a_boot/trace_a_boot.ipynb"

OTHERS = """
from simnova import Cloud, Host
from simnova.teaching.trace_a_boot import Check

sizes = {"anna": 8192, "berta": 65536, "clara": 4096, "dora": 16384}
hosts = [Host(name, memory_mb=memory) for name, memory in sizes.items()]
cloud = Cloud(hosts, seed=5, config={"filter_scheduler": {"cpu_weight_multiplier": 0.0}})
cloud.stop("nova-compute@anna")
cloud.run(until=cloud.now + 300)
server = cloud.boot("web", flavor="m1.medium")
cloud.run()
"""


def sources():
    cells = json.loads(LAB.read_text())["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}


def worked_through(**replaced):
    """The names that are there when the whole lab has run, with some cells replaced."""
    names = {}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        for name, source in {**sources(), **replaced}.items():
            exec(compile(source, f"cell {name}", "exec"), names)
    assert said.getvalue().count("✓") == 16
    return names


@pytest.fixture(scope="module")
def lab():
    return worked_through()


def test_the_solution_passes_on_other_hosts_other_sizes_and_another_seed():
    names = worked_through(scenario=OTHERS)
    assert names["winner"] == "berta"
    assert names["lost_at"] == {"anna": "ComputeFilter", "clara": "Placement", "dora": "weight"}
    assert names["tried"] == ["berta", "dora"]


WRONG = {
    "winner": [(None,), ("compute4",), (["compute3"],)],
    "losers": [(None,), ({},), ({"compute1": "RamFilter"},)],
    "decisive": [(None,), ("CPUWeigher",), (3,)],
    "how": [(None,), ({"select_destinations": "cast"},), ([],)],
    "queues": [(None,), ({"build_and_run_instance": "compute"},)],
    "row_work": [(None,), (0,), ("10",)],
    "stand_in": [(None, 1, 2), ("nova_cell1.instances", 1, 2), ("nova_api.build_requests", 1, 2)],
    "task_states": [(None,), ([],), (["networking", "spawning"],)],
    "longest": [(None,), ("spawn",)],
    "chain": [(None, [], None), (0, ["select_destinations"], True)],
}


@pytest.mark.parametrize(("task", "answer"), [(t, a) for t, many in WRONG.items() for a in many])
def test_a_wrong_answer_gets_a_hint(lab, task, answer):
    with pytest.raises(Hint) as caught:
        getattr(Check(lab["cloud"]), task)(*answer)
    assert len(str(caught.value)) > 40
    assert caught.value._render_traceback_() == [f"✗ {caught.value}"]


def test_a_hint_names_what_is_wrong_and_not_what_is_right(lab):
    answer = {**lab["lost_at"], "compute1": "Placement"}
    with pytest.raises(Hint, match=r"^compute1: read the signs"):
        Check(lab["cloud"]).losers(answer)
    with pytest.raises(Hint, match=r"^compute9: no host of this cloud that lost"):
        Check(lab["cloud"]).losers({**lab["lost_at"], "compute9": "weight"})


def test_the_parts_of_a_task_are_told_one_after_the_other(lab):
    origin, methods = lab["origin"], lab["methods"]
    for answer, hint in (
        ((None, methods, False), "journal.causes"),
        ((origin, [], False), "the origin is right"),
        ((origin, methods, True), "origin and methods are right"),
    ):
        with pytest.raises(Hint, match=hint):
            Check(lab["cloud"]).chain(*answer)


def test_a_prediction_that_was_wrong_is_told_by_its_parts(lab):
    with pytest.raises(Hint, match=r"^scheduler_calls: it went another way"):
        Check(lab["again"]).prediction(lab["tried"], 2, "ACTIVE")
    with pytest.raises(Hint, match=r"^tried, status: it went another way"):
        Check(lab["again"]).prediction(lab["tried"][:1], 1, "ERROR")


def test_filters_may_be_named_in_short_and_sequences_be_tuples(lab, capsys):
    short = {host: name.removesuffix("Filter") for host, name in lab["lost_at"].items()}
    Check(lab["cloud"]).losers(short)
    Check(lab["cloud"]).decisive("RAM")
    Check(lab["cloud"]).task_states(tuple(lab["task_states"]))
    assert capsys.readouterr().out.count("✓") == 3


def test_a_function_that_raises_is_told_what_it_raised(lab):
    with pytest.raises(Hint, match="the function raised KeyError: 'server'"):
        Check(lab["cloud"]).hosts_tried(lambda journal: [event.data["server"] for event in journal])


def test_a_cloud_without_a_boot_is_the_askers_mistake():
    cloud = Cloud(hosts=1)
    with pytest.raises(UsageError, match="nothing was booted"):
        Check(cloud)
    cloud.boot("web")
    with pytest.raises(UsageError, match="no host was chosen yet"):
        Check(cloud).winner("compute1")
    cloud.run(until="scheduler.select")
    with pytest.raises(UsageError, match="has not become ACTIVE"):
        Check(cloud).chain(0, [], None)
    cloud.run()
    with pytest.raises(UsageError, match="no host gave this server back"):
        Check(cloud).handed_back("build_instances", "conductor")


def test_the_last_of_several_boots_is_the_one_that_is_checked():
    cloud = Cloud(hosts=[Host("compute1"), Host("compute2", memory_mb=8192)])
    cloud.boot("web", host="compute2").wait()
    cloud.boot("db", host="compute1").wait()
    cloud.run()
    assert Boot(cloud.journal).hosts_tried() == ["compute1"]


def test_where_no_host_has_room_nobody_was_tried():
    cloud = Cloud(hosts=[Host("compute1", memory_mb=1024)])
    cloud.boot("web")
    cloud.run()
    assert Boot(cloud.journal).hosts_tried() == []
    assert Boot(cloud.journal).status() == "ERROR"
