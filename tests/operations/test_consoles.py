"""A console's address is good as long as its token: the proxy asks the database, and the host."""

import pytest

from simnova import Cloud, UsageError
from simnova.cloud.client import Refused

KINDS = {"vnc": "novnc", "spice": "spice-html5", "serial": "serial"}
PROXY = {"vnc": "nova-novncproxy", "spice": "nova-spicehtml5proxy", "serial": "nova-serialproxy"}
OLD = {
    "vnc": "os-getVNCConsole",
    "spice": "os-getSPICEConsole",
    "serial": "os-getSerialConsole",
}


@pytest.fixture
def cloud():
    with Cloud(hosts=1) as made:
        made.set("spice.enabled", True)
        made.set("serial_console.enabled", True)
        yield made


@pytest.fixture
def server(cloud):
    booted = cloud.boot("web", flavor="m1.tiny").wait()
    cloud.run()
    return booted


@pytest.mark.parametrize("protocol", KINDS)
def test_a_proxy_connects_who_brings_a_token_until_it_ends(cloud, server, protocol):
    url = server.console(protocol, KINDS[protocol])
    first = len(cloud.journal)
    server.open_console(url)
    calls = [e.data for e in cloud.journal.events[first:] if e.kind == "rpc.call"]
    asked = [(call["method"], call["topic"], call["server"]) for call in calls]
    assert ("validate_console_port", "compute-alt", server.host) in asked
    answers = [e for e in cloud.journal.events[first:] if e.kind == "http.response"]
    assert [(e.actor, e.data["status"]) for e in answers] == [(PROXY[protocol], 101)]
    cloud.run(until=cloud.now + cloud.conf.consoleauth.token_ttl + 1)
    with pytest.raises(Refused, match="is invalid or has expired") as caught:
        server.open_console(url)
    assert caught.value.code == 403


def test_a_token_for_a_guest_that_is_off_by_now(cloud, server):
    url = server.console()
    server.stop()
    cloud.run()
    with pytest.raises(Refused, match="does not have a console"):
        server.open_console(url)


def test_a_token_for_a_guest_that_listens_elsewhere_by_now(cloud, server):
    url = server.console()
    server.reboot("HARD")
    cloud.run()
    with pytest.raises(Refused, match="invalid"):
        server.open_console(url)


def test_no_token_and_no_consoles_address(server):
    with pytest.raises(Refused, match="invalid"):
        server.open_console("http://127.0.0.1:6080/vnc_auto.html")
    with pytest.raises(UsageError, match="those begin with http://"):
        server.open_console("http://example.org/")


@pytest.mark.parametrize("protocol", OLD)
def test_the_older_way_to_ask(cloud, server, protocol):
    path = f"/v2.1/servers/{server.id}/action"
    body = {OLD[protocol]: {"type": KINDS[protocol]}}
    old = {"openstack_api_version": "compute 2.5"}
    found = cloud.request("POST", path, body, **old)["console"]
    assert found["type"] == KINDS[protocol]
    server.open_console(found["url"])
    with pytest.raises(Refused):
        cloud.request("POST", path, body, openstack_api_version="compute 2.6")
