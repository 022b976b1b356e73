"""What a cloud shows of itself: steps told, one kind of event, some columns, files, and itself."""

import pytest

from simnova import Cloud
from simnova.exceptions import UsageError


@pytest.fixture(scope="module")
def cloud():
    """A cloud with one server ACTIVE."""
    made = Cloud(hosts=3)
    made.boot("web")
    return made.run()


def test_a_step_is_shown_as_the_sentences_that_tell_of_it():
    cloud = Cloud(hosts=1)
    request = cloud.submit("web")
    moment = cloud.step()
    (event,) = moment
    assert event.seq > request.first
    assert repr(moment).endswith("The API asks Glance for image cirros.")
    assert "The API asks Glance for image cirros." in moment._repr_html_()


def test_a_story_and_a_chain_of_causes_can_keep_to_one_kind(cloud):
    told = cloud.story(only="rpc")
    assert {cloud.journal[seq].kind for seq, _, _ in told} == {"rpc.cast", "rpc.call", "rpc.reply"}
    active = cloud.history("web").states[-1].seq
    methods = [cloud.journal[seq].data["method"] for seq, _, _ in cloud.why(active, only="rpc.c")]
    assert methods == [
        "build_and_run_instance",
        "select_destinations",
        "schedule_and_build_instances",
    ]


def test_a_table_gives_the_columns_asked_for_and_says_when_it_is_empty(cloud):
    shown = cloud.rows("nova_cell1.instances").only("display_name", "vm_state", "no_such")
    assert shown.columns == ("display_name", "vm_state", "no_such")
    assert list(shown) == [["web", "active", None]]
    assert str(cloud.rows("nova_api.build_requests")) == "nova_api.build_requests: no rows"
    assert "no rows" in cloud.rows("nova_api.build_requests")._repr_html_()


def test_the_files_come_in_the_order_of_the_boot_path(cloud):
    files = list(dict.fromkeys(cloud.files().column("file")))
    path = [
        "nova/compute/api/create.py",
        "nova/scheduler/manager.py",
        "nova/conductor/compute_task.py",
        "nova/compute/manager/build.py",
        "nova/compute/claims.py",
        "nova/network/neutron.py",
    ]
    assert [file for file in files if file in path] == path


def test_a_decision_shows_what_told_its_hosts_apart(cloud):
    assert not cloud.decision().weighing()
    twin = cloud.fork()
    twin.boot("db")
    decision = twin.run().decision()
    table = decision.weighing()
    assert "RAMWeigher" in table.columns
    assert table.column("host")[0] == decision.host
    (first,) = [row for row in table.as_dicts() if row["host"] == cloud.servers["web"].host]
    assert first["RAMWeigher"] == "13824 → 0.871"


def test_a_decision_is_found_by_its_server_its_name_or_a_step(cloud):
    twin = cloud.fork()
    db = twin.boot("db")
    twin.run()
    web = twin.decision("web")
    assert (web.server, twin.decision(db).server, twin.decision().server) == ("web", "db", "db")
    assert twin.decision(web.seq) == twin.decision(twin.journal[web.seq]) == web
    with pytest.raises(UsageError, match="unknown server 'wbe': did you mean 'web'"):
        twin.decision("wbe")
    with pytest.raises(UsageError, match="there is no event 999999"):
        twin.decision(999999)


def test_a_cloud_shows_its_hosts_and_counts_as_people_do(cloud):
    assert "3 hosts, 1 server, " in repr(cloud)
    assert "compute3" in cloud._repr_html_()
    twin = cloud.fork()
    twin.crash("nova-compute@compute1")
    assert "nova-compute@compute1 is down" in repr(twin)


def test_the_topology_has_the_queue_of_the_host(cloud):
    host = cloud.servers["web"].host
    assert f"compute.{host}" in cloud.topology().names("routes", "target")
    assert f"compute.{host}" in cloud.broker.queues
