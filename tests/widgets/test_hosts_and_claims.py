"""The Cloud view: claims with and without a server, hosts that are off, cells, and many hosts."""

import json

import pytest

from simnova import Cloud, Host
from simnova.observe.claims import claims
from simnova.widgets.frame import pane
from simnova.widgets.player import Player
from simnova.widgets.reel import Reel

pytestmark = pytest.mark.thorough


def seen(cloud, seq=None):
    reel = Reel(cloud.journal, "everything")
    shown = pane(reel, reel.last if seq is None else seq, "cloud")["data"]
    return {host["name"]: host for host in json.loads(json.dumps(shown))}


@pytest.fixture
def cloud():
    cloud = Cloud(hosts=3)
    cloud.boot("web")
    cloud.run()
    return cloud


def test_a_server_that_moves_has_a_claim_on_both_hosts(cloud):
    home, before = cloud.servers["web"].host, len(cloud.journal)
    cloud.servers["web"].live_migrate()
    cloud.run()
    there = cloud.servers["web"].host
    assert home != there
    both = [
        shown
        for seq in range(before, len(cloud.journal), 5)
        if (shown := seen(cloud, seq))[there]["claims"]
    ]
    (arriving,) = both[-1][there]["claims"]
    assert (arriving["name"], arriving["kind"]) == ("web", "arriving")
    assert arriving["share"] > 0
    (server,) = both[-1][home]["servers"]
    assert (server["name"], server["leaves"]) == ("web", True)
    shown = seen(cloud)
    assert (shown[home]["servers"], shown[home]["claims"]) == ([], [])
    assert [one["leaves"] for one in shown[there]["servers"]] == [False]
    assert {claim.kind for held in claims(cloud.journal, 10**9).values() for claim in held} == {
        "held"
    }


def test_what_a_build_claims_is_on_its_way_before_its_server_is_there(cloud):
    cloud.boot("db")
    cloud.run()
    kinds = [
        {claim.name: claim.kind for held in claims(cloud.journal, seq).values() for claim in held}
        for seq in range(0, len(cloud.journal), 3)
    ]
    told = [one["db"] for one in kinds if "db" in one]
    assert list(dict.fromkeys(told)) == ["arriving", "held"]


def test_a_claim_without_a_server_is_a_ghost(cloud):
    home = cloud.servers["web"].host
    compute, twin = f"nova-compute@{home}", cloud.fork()
    twin.servers["web"].delete()
    twin.run()
    asked = [
        event.data["path"]
        for event in twin.journal.events[len(cloud.journal) :]
        if (event.kind, event.actor, event.background) == ("http.request", compute, False)
    ]
    cloud.crash_at("http.request", compute, nth=len(asked), moment="before")
    cloud.servers["web"].delete()
    cloud.run()
    assert asked[-1].startswith("/allocations/")
    shown = seen(cloud)[home]
    assert [(one["name"], one["kind"]) for one in shown["claims"]] == [("web", "leak")]
    assert (shown["servers"], shown["tone"]) == ([], "bad")


def test_hosts_that_are_off_say_so_and_ratios_show(cloud):
    cloud.services.disable("compute1", reason="<b>new disk</b>")
    cloud.run()
    shown = seen(cloud)
    assert (shown["compute1"]["tone"], shown["compute1"]["state"]) == ("off", "up, disabled")
    assert shown["compute1"]["reason"] == "<b>new disk</b>"
    cpus = shown["compute2"]["rooms"][0]
    assert cpus["told"] == f"{cpus['there']} x {cpus['total'] / cpus['there']:g}"
    assert shown["compute2"]["cell"] == ""


def test_cells_have_their_names_and_many_hosts_are_fields_of_a_grid():
    cloud = Cloud(hosts=[Host(f"h{number}") for number in range(210)], cells=2)
    cloud.boot("web")
    cloud.run()
    player = Player(cloud, view="cloud")
    player.last()
    fields = player.pane["data"]
    assert {one["cell"] for one in fields} == {"cell1", "cell2"}
    assert fields[-1]["more"] == 210 - len(fields)
    assert sum(one["count"] for one in fields) <= 1
    assert all(not one["servers"] for one in fields)
    assert len(json.dumps(fields)) < 120_000
    assert "more hosts" in player.svg()


def test_the_twin_draws_the_topology_where_it_is_the_view(cloud):
    player = Player(cloud, view="topology")
    player.last()
    drawn = player.svg()
    assert drawn == player.svg()
    assert ">scheduler_fanout<" in drawn
    player.view = "cloud"
    usual = player.svg()
    assert ">scheduler_fanout<" not in usual
    player.view = "decision"
    assert player.svg() == usual
