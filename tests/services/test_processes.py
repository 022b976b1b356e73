"""Several processes of one service."""

import pytest

from simnova import Cloud, NovaError

pytestmark = pytest.mark.thorough


WORKERS = {"conductor": {"workers": 3}, "scheduler": {"workers": 2}, "osapi_compute_workers": 2}


def answers(cloud, kind):
    return [one.actor for one in cloud.journal if one.kind == kind and not one.background]


def test_workers_share_a_queue_a_row_and_an_address():
    cloud = Cloud(hosts=2, config=WORKERS)
    assert cloud.services.table().column("Binary") == [
        "nova-conductor",
        "nova-scheduler",
        "nova-compute",
        "nova-compute",
    ]
    for number in range(4):
        cloud.boot(f"web{number}", flavor="m1.tiny")
    cloud.run()
    asked = [one for one in answers(cloud, "http.response") if one.startswith("nova-api")]
    assert sorted(asked[:2]) == ["nova-api", "nova-api:2"]
    assert asked[2:] == asked[:2]
    replied = answers(cloud, "rpc.reply")
    assert {one for one in replied if one.startswith("nova-conductor")} == {
        "nova-conductor",
        "nova-conductor:2",
        "nova-conductor:3",
    }
    assert {server.status for server in cloud.servers} == {"ACTIVE"}
    cloud.fork().close()


def test_a_service_is_down_when_its_last_worker_is():
    cloud = Cloud(hosts=1, config=WORKERS)
    cloud.crash("nova-conductor")
    cloud.crash("nova-conductor:3")
    cloud.run(until=cloud.now + 100)
    assert cloud.services["nova-conductor@controller"].state == "up"
    assert cloud.boot("web").wait("ACTIVE").host == "compute1"
    cloud.stop("nova-conductor:2")
    cloud.run(until=cloud.now + 61)
    assert cloud.services["nova-conductor@controller"].state == "down"
    cloud.start("nova-conductor:3")
    cloud.run(until=cloud.now + 11)
    assert cloud.services["nova-conductor@controller"].state == "up"


def test_a_dead_api_process_is_asked_no_more_and_what_it_had_is_lost_with_it():
    cloud = Cloud(hosts=1, config=WORKERS)
    call = cloud.submit("web")
    cloud.run(until=lambda event: event.actor.startswith("nova-api"))
    at_work = cloud.journal[len(cloud.journal) - 1].actor
    (other,) = {"nova-api", "nova-api:2"} - {at_work}
    cloud.crash(at_work)
    cloud.run()
    with pytest.raises(NovaError, match="Remote end closed connection without response"):
        call.result()
    seen = len(cloud.journal)
    for _ in range(3):
        cloud.request("GET", "/v2.1/servers")
    new = cloud.journal.events[seen:]
    assert {one.actor for one in new if one.kind == "http.response"} == {other}
    cloud.crash(other)
    with pytest.raises(NovaError, match="Connection refused"):
        cloud.boot("other")


def test_a_proxy_of_consoles_is_started_and_stopped_by_name(cloud):
    server = cloud.boot("web").wait("ACTIVE")
    cloud.start("nova-novncproxy")
    server.open_console(server.console())
    cloud.stop("nova-novncproxy")
    with pytest.raises(NovaError, match="Connection refused"):
        server.open_console(server.console())
    cloud.start("nova-novncproxy")
    server.open_console(server.console())
