"""Why there is a conductor: what one carries, what computes do without it, and what a captured host reaches."""

import pytest

from simnova import Cloud, UsageError
from simnova.kernel.costs import COST
from simnova.observe.loads import beside

pytestmark = pytest.mark.thorough

UNLIMITED = {"instances": -1, "cores": -1, "ram": -1}
HOSTS, BOOTS = 8, 24


def cloud_with(costs="measured", hosts=HOSTS, **conductor):
    config = {"conductor": conductor, "host_subset_size": hosts, "quota": UNLIMITED}
    return Cloud(hosts=hosts, config=config, costs=costs)


def burst(**conductor):
    """The same boots at once, on hosts that have the image; their load."""
    cloud = cloud_with(**conductor)
    for number in range(1, HOSTS + 1):
        cloud.submit(f"first{number}", flavor="m1.tiny", host=f"compute{number}")
    cloud.run()
    began = len(cloud.journal)
    for number in range(BOOTS):
        cloud.submit(f"web{number}", flavor="m1.tiny")
    cloud.run()
    assert {server.status for server in cloud.servers} == {"ACTIVE"}
    return cloud.load(began)


@pytest.fixture(scope="module")
def loads():
    return {
        "local": burst(use_local=True),
        **{workers: burst(workers=workers) for workers in (1, 2, 4)},
    }


def quantiles(load):
    return dict(zip(load.boots().columns, load.boots().rows[0], strict=True))


# --- what work costs -------------------------------------------------------------------------------------------


def test_without_costs_nothing_takes_time_and_no_journal_is_another():
    plain, free = Cloud(hosts=1), Cloud(hosts=1, costs={"request": 0, "database": 0.0})
    for cloud in (plain, free):
        cloud.boot("web")
        cloud.run()
    assert [one.digest() for one in plain.journal] == [one.digest() for one in free.journal]
    assert not [one for one in free.journal if one.kind == COST]


def test_a_boot_costs_what_it_cost_real_nova():
    """230 ms of CPU; Placement, which computes in no time here, has 6 requests and 6 transactions of them."""
    cloud = cloud_with(hosts=3)
    cloud.boot("first")
    cloud.run()
    began = len(cloud.journal)
    cloud.boot("web")
    cloud.run()
    pieces = [one for one in cloud.journal.events[began:] if one.kind == COST]
    spent = sum(one.data["seconds"] for one in pieces if not one.background)
    placement = 6 * 0.005 + 6 * (0.0018 + 0.0005)
    assert spent + placement == pytest.approx(0.230, abs=0.010)


def test_a_process_does_one_thing_at_a_time_in_the_order_in_which_it_came():
    cloud = cloud_with(hosts=2)
    for number in range(6):
        cloud.submit(f"web{number}", flavor="m1.tiny")
    cloud.run()
    ends: dict[str, float] = {}
    for event in cloud.journal:
        if event.kind == COST:
            begins = event.time - event.data["seconds"]
            assert begins >= ends.get(event.data["of"], 0.0) - 1e-9
            ends[event.data["of"]] = event.time
    waited = [one.data["waited"] for one in cloud.journal if one.kind == COST]
    assert max(waited) > 0.01
    cloud.fork().close()


def test_what_waits_for_a_busy_conductor_is_unacknowledged_and_another_gets_it_when_that_one_dies():
    config = {"conductor": {"workers": 2}, "osapi_compute_workers": 4}
    cloud = Cloud(hosts=1, costs={"request": 2.0}, config=config)
    began = cloud.now
    for number in range(4):
        cloud.submit(f"web{number}", flavor="m1.tiny")
    cloud.run(until=began + 3)
    assert [row for row in cloud.queues() if row[0] == "conductor"] == [("conductor", 0, 2)]
    seen = len(cloud.journal)
    cloud.crash("nova-conductor")
    cloud.run()
    again = [one for one in cloud.journal.events[seen:] if one.kind == "amqp.requeue"]
    assert [one.data["queue"] for one in again] == ["conductor"]
    assert sorted(server.status for server in cloud.servers) == ["ACTIVE"] * 3 + ["BUILD"]
    cloud.fork().close()


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ("much", "give 'measured', or a dict"),
        ({"requests": 1}, "did you mean 'request'"),
        ({"request": -1}, "in seconds, 0 or more"),
        ({"request": "fast"}, "in seconds, 0 or more"),
        ({"database": True}, "in seconds, 0 or more"),
    ],
)
def test_costs_asked_wrongly(costs, words):
    with pytest.raises(UsageError, match=words):
        Cloud(hosts=1, costs=costs)


# --- one, two, four --------------------------------------------------------------------------------------------


def test_two_conductors_share_the_work_and_the_boots_are_sooner(loads):
    one, two, four = loads[1], loads[2], loads[4]
    work = [row[1] for row in one.processes() if row[0] == "nova-conductor"]
    halves = [row[1] for row in two.processes() if row[0].startswith("nova-conductor")]
    assert sum(halves) == pytest.approx(sum(work), rel=0.05)
    assert max(halves) - min(halves) <= 2
    assert one.utilisation("nova-conductor") > 0.6
    assert quantiles(one)["95 %"] > 1.2 * quantiles(two)["95 %"]
    assert quantiles(two)["95 %"] > quantiles(four)["95 %"]
    assert len(one.latencies) == len(four.latencies) == BOOTS


def test_the_conductor_writes_for_all_computes(loads):
    for workers in (1, 2, 4):
        load = loads[workers]
        assert load.transactions("nova-compute") == 0
        assert load.connections("nova_cell1", "nova-compute") == 0
        assert load.connections("nova_cell1", "nova-conductor") == workers


def test_with_use_local_every_host_is_connected_to_the_database(loads):
    load = loads["local"]
    assert load.connections("nova_cell1", "nova-compute") == HOSTS
    assert load.transactions("nova-compute") > 9 * BOOTS
    assert load.transactions("nova-conductor") < loads[1].transactions("nova-conductor") / 2
    asked = {row[0]: row[1] for row in load.processes()}
    assert asked["nova-conductor"] == BOOTS
    assert quantiles(load)["95 %"] < quantiles(loads[1])["95 %"]


def test_loads_stand_beside_each_other_in_a_figure_and_a_table(loads):
    both = beside({"none": loads["local"], "one": loads[1]})
    (none, one) = both.table().rows
    assert (none[0], none[5], none[6]) == ("none", loads["local"].transactions("nova-compute"), 11)
    assert (one[0], one[5], one[6]) == ("one", 0, 3)
    assert both.svg().count('class="boot"') == 2 * BOOTS


def test_the_load_shows_itself(loads):
    assert "nova-compute, 8 hosts" in repr(loads["local"])
    assert "<table>" in loads[1]._repr_html_()
    with pytest.raises(UsageError, match="no work has cost any time"):
        Cloud(hosts=1).load()


# --- use_local -------------------------------------------------------------------------------------------------


def test_use_local_ends_as_the_conductor_does():
    def ended(use_local):
        cloud = Cloud(hosts=2, config={"use_local": use_local})
        server = cloud.boot("web", flavor="m1.tiny").wait("ACTIVE")
        server.migrate()
        cloud.run()
        server.confirm_resize()
        cloud.run()
        server.delete()
        cloud.run()
        actors = {one.actor for one in cloud.journal if one.kind.startswith("db.")}
        calls = {one.data["method"] for one in cloud.journal if one.kind == "rpc.call"}
        held = cloud.sql("SELECT COUNT(*) FROM placement.allocations").rows[0][0]
        rows = cloud.sql("SELECT vm_state, task_state FROM nova_cell1.instances").rows
        assert any(actor.startswith("nova-compute@") for actor in actors) == use_local
        assert ("object_action" in calls) != use_local
        cloud.fork().close()
        return held, rows, cloud.history(server).states[-1].vm_state

    assert ended(True) == ended(False)


# --- a captured host -------------------------------------------------------------------------------------------


REFUSED = "nova-compute attempted direct database access which is not allowed by policy"


def two_servers(**more):
    cloud = Cloud(**{"hosts": 3, **more})
    for host in ("compute1", "compute2"):
        cloud.boot(f"on-{host}", host=host)
    cloud.run()
    return cloud


def answers(reach):
    return {asked.split(" 0")[0]: answer for _, asked, answer in reach.messages()}


def test_a_host_with_the_database_reads_and_writes_all_of_its_cell():
    cloud = two_servers(config={"use_local": True})
    reach = cloud.reach("compute1")
    tables = {row[0]: row for row in reach.sql()}
    assert tables["nova_cell1.instances"][1:] == (2, 1, "yes")
    assert "nova_cell1.console_auth_tokens" in tables
    assert {row[3] for row in tables.values() if row[0].startswith("nova_cell1")} == {"yes"}
    assert tables["nova_api, any table"][3] == REFUSED
    assert not [row for row in reach.seen() if row[0] == "nova-conductor"]


def test_through_the_conductor_it_reads_no_table():
    reach = two_servers().reach("compute1")
    assert list(reach.sql()) == [
        (f"{name}, any table", None, None, REFUSED)
        for name in ("nova_api", "nova_cell0", "nova_cell1")
    ]


def test_but_the_conductor_does_not_ask_whose_server_it_saves():
    """As Nova's: any method of any object for anybody on the bus, and the computes obey it too."""
    cloud = two_servers()
    reach = cloud.reach("compute1")
    names = {server.name: server.status for server in reach.cloud.servers}
    assert names == {"on-compute1": "ACTIVE", "captured": "SHUTOFF"}
    assert "sqlite:///nova_cell1" in answers(reach)["the addresses of the databases"]
    seen = {row[:2]: row[2] for row in reach.seen()}
    assert seen["nova-conductor", "rpc.reply"] >= 4
    assert {server.name for server in cloud.servers} == {"on-compute1", "on-compute2"}
    reach.cloud.fork().close()


def test_a_cells_conductor_knows_no_addresses():
    reach = two_servers(hosts=4, cells=2).reach("compute1")
    assert answers(reach)["the addresses of the databases"].startswith("refused")
    assert answers(reach)["the services of the cell"] == "3 rows"


def test_who_has_a_host_that_is_down_reaches_nothing():
    cloud = Cloud(hosts=1)
    with pytest.raises(UsageError, match="unknown host 'compute9'"):
        cloud.reach("compute9")
    cloud.crash("nova-compute@compute1")
    with pytest.raises(UsageError, match="is not running"):
        cloud.reach("compute1")
