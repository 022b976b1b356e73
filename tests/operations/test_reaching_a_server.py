"""Consoles, network cards, metadata, names, lists: what one sees of a server and hangs onto it."""

import pytest

from simnova import Cloud
from simnova.cloud.client import Refused
from simnova.exceptions import NovaError

pytestmark = pytest.mark.thorough


@pytest.fixture
def cloud():
    with Cloud(hosts=2, config={"quota": {"ram": -1}}) as made:
        yield made


@pytest.fixture
def server(cloud):
    booted = cloud.boot("web", flavor="m1.tiny").wait()
    cloud.run()
    return booted


def listed(cloud, query="", **how):
    return [one["name"] for one in cloud.request("GET", f"/v2.1/servers{query}", **how)["servers"]]


def refusal(call):
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.code, caught.value.message


class TestConsoles:
    def token(self, server):
        return server.console().rpartition("token%3D")[2]

    def test_novnc_gets_the_token_within_its_path(self, server):
        assert server.console().startswith("http://127.0.0.1:6080/vnc_auto.html?path=%3Ftoken%3D")

    def test_a_token_opens_the_console_until_its_time_is_over(self, cloud, server):
        path = f"/v2.1/os-console-auth-tokens/{self.token(server)}"
        found = cloud.request("GET", path)["console"]
        assert (found["instance_uuid"], found["host"]) == (server.id, server.host)
        assert found["port"] == 5900
        cloud.run(until=cloud.now + cloud.conf.consoleauth.token_ttl + 1)
        assert refusal(lambda: cloud.request("GET", path)) == (404, "Token not found")

    def test_the_database_has_only_the_hash_of_a_token_and_forgets_it_in_time(self, cloud, server):
        token = self.token(server)
        ((hashed,),) = cloud.sql("SELECT token_hash FROM nova_cell1.console_auth_tokens").rows
        assert token not in hashed
        cloud.run(until=cloud.now + 1000)
        assert len(cloud.sql("SELECT id FROM nova_cell1.console_auth_tokens")) == 0

    def test_a_deleted_server_takes_its_tokens_with_it(self, cloud, server):
        server.console()
        server.delete()
        cloud.run()
        assert len(cloud.sql("SELECT id FROM nova_cell1.console_auth_tokens")) == 0

    def test_a_kind_that_is_switched_off_is_unavailable(self, cloud, server):
        said = refusal(lambda: server.console("spice", "spice-html5"))
        assert said == (400, "Unavailable console type spice-html5.")
        cloud.set("spice.enabled", True)
        assert "spice_auto.html?token=" in server.console("spice", "spice-html5")
        assert refusal(lambda: server.console("rdp")) == (400, "Unavailable console type rdp.")

    def test_a_guest_that_is_off_has_no_console(self, cloud, server):
        server.stop()
        cloud.run()
        assert refusal(server.console) == (404, "Guest does not have a console available.")

    def test_what_the_guest_has_written(self, cloud, server):
        assert "Booting from Hard Disk" in server.console_output()
        server.reboot()
        cloud.run()
        assert server.console_output().count("Booting from Hard Disk") == 2
        assert server.console_output(0) == ""
        assert "login" in server.console_output(2)


class TestPassword:
    def test_the_api_waits_until_it_is_set_and_nobody_reads_it(self, cloud, server):
        first = len(cloud.journal)
        server.change_password("hunter2")
        assert server.task_state is None
        told = [e for e in cloud.journal.events[first:] if e.kind == "rpc.call"]
        calls = [e.data["method"] for e in told if e.actor == "nova-api"]
        assert calls == ["set_admin_password"]

    def test_a_guest_that_does_not_take_it(self, cloud, server):
        cloud.fail(server.host, "set_admin_password", "no agent")
        said = refusal(lambda: server.change_password("secret"))
        text = f"Failed to set admin password on {server.id} because error setting admin password"
        assert said == (409, text)
        cloud.run()
        assert (server.status, server.task_state) == ("ACTIVE", None)


class TestInterfaces:
    def test_a_card_is_plugged_in_and_pulled_out(self, cloud, server):
        cloud.networks.create("back", cidr="10.9.0.0/24")
        port = server.attach_interface("back")
        cloud.run()
        assert server.addresses == ["10.0.0.2", "10.9.0.2"]
        bound = cloud.sql(f"SELECT * FROM neutron.ports WHERE id = '{port['port_id']}'")
        assert len(bound) == 1
        server.detach_interface(port["port_id"])
        cloud.run()
        assert server.addresses == ["10.0.0.2"]
        assert len(cloud.sql("SELECT id FROM neutron.ports")) == 1

    def test_a_card_that_the_guest_refuses_leaves_no_port(self, cloud, server):
        cloud.fail(server.host, "plug")
        with pytest.raises(Exception, match="Failed to attach network adapter device"):
            server.attach_interface()
        cloud.run()
        assert len(cloud.sql("SELECT id FROM neutron.ports")) == 1
        assert len(server.addresses) == 1

    def test_a_port_of_ones_own_stays_when_the_card_goes(self, cloud, server):
        body = {"port": {"network_id": cloud.networks.id_of("private")}}
        port = cloud.request("POST", "/v2.0/ports", body, service="neutron")["port"]["id"]
        server.attach_interface(port_id=port)
        cloud.run()
        server.detach_interface(port)
        cloud.run()
        ports = cloud.sql(f"SELECT device_id FROM neutron.ports WHERE id = '{port}'").rows
        assert [list(row) for row in ports] == [[""]]
        cloud.fail(server.host, "plug")
        with pytest.raises(NovaError):
            server.attach_interface(port_id=port)
        assert len(cloud.sql(f"SELECT id FROM neutron.ports WHERE id = '{port}'")) == 1

    def test_a_network_that_is_not_there(self, cloud, server):
        body = {"interfaceAttachment": {"net_id": server.id}}
        path = f"/v2.1/servers/{server.id}/os-interface"
        code, _ = refusal(lambda: cloud.request("POST", path, body))
        assert code == 404

    def test_what_makes_no_sense(self, cloud, server):
        path = f"/v2.1/servers/{server.id}/os-interface"
        both = {"interfaceAttachment": {"net_id": server.id, "port_id": server.id}}
        said = refusal(lambda: cloud.request("POST", path, both))
        assert said == (400, "Must not input both network_id and port_id")


class TestMetadata:
    def test_items_are_set_and_removed(self, cloud, server):
        server.set_metadata(role="web", tier="1")
        path = f"/v2.1/servers/{server.id}/metadata"
        assert cloud.request("GET", path) == {"metadata": {"role": "web", "tier": "1"}}
        cloud.request("DELETE", f"{path}/tier")
        assert cloud.request("PUT", path, {"metadata": {"a": "b"}}) == {"metadata": {"a": "b"}}
        assert server.show()["metadata"] == {"a": "b"}

    def test_the_quota_of_items(self, cloud, server):
        cloud.set("quota.metadata_items", 1)
        said = refusal(lambda: server.set_metadata(a="1", b="2"))
        assert said == (403, "Maximum number of metadata items exceeds 1")
        assert server.show()["metadata"] == {}

    def test_a_state_that_does_not_allow_it(self, server):
        server.reset_state("error")
        code, message = refusal(lambda: server.set_metadata(a="b"))
        assert code == 409
        assert message.startswith("Cannot 'update metadata' instance")

    def test_an_item_that_is_not_there(self, cloud, server):
        path = f"/v2.1/servers/{server.id}/metadata/none"
        assert refusal(lambda: cloud.request("GET", path)) == (404, "Metadata item was not found")


class TestLists:
    @pytest.fixture(autouse=True)
    def several(self, cloud):
        for name in ("a1", "a2", "b1"):
            cloud.boot(name, flavor="m1.tiny")
        cloud.run()

    def test_newest_first(self, cloud):
        assert listed(cloud) == ["b1", "a2", "a1"]

    def test_filters(self, cloud):
        assert listed(cloud, "?name=%5Ea") == ["a2", "a1"]
        assert listed(cloud, "?status=ACTIVE&ip=10.0.0.2") == ["a1"]
        assert listed(cloud, "?status=SHUTOFF") == []
        assert listed(cloud, "?status=SHUTOFF&status=ACTIVE") == ["b1", "a2", "a1"]

    def test_pages(self, cloud):
        first = cloud.request("GET", "/v2.1/servers?limit=2")
        assert [one["name"] for one in first["servers"]] == ["b1", "a2"]
        (link,) = first["servers_links"]
        query = link["href"].partition("?")[2]
        assert listed(cloud, f"?{query}") == ["a1"]
        said = refusal(lambda: listed(cloud, "?marker=none"))
        assert said == (400, "marker [none] not found")

    def test_order(self, cloud):
        assert listed(cloud, "?sort_key=display_name&sort_dir=asc") == ["a1", "a2", "b1"]

    def test_a_page_of_nothing_and_one_that_is_no_number(self, cloud):
        assert cloud.request("GET", "/v2.1/servers?limit=0") == {"servers": []}
        code, message = refusal(lambda: listed(cloud, "?limit=x"))
        assert (code, message[:45]) == (400, "Invalid input for query parameters limit. Val")

    def test_a_page_keeps_what_was_asked(self, cloud):
        first = cloud.request("GET", "/v2.1/servers?limit=1&name=a&sort_key=display_name")
        query = first["servers_links"][0]["href"].partition("?")[2]
        assert [one["name"] for one in first["servers"]] == ["a2"]
        assert listed(cloud, f"?{query}") == ["a1"]

    def test_a_status_that_is_none(self, cloud):
        assert refusal(lambda: listed(cloud, "?status=FINE")) == (400, "Invalid status value")
        old = {"openstack_api_version": "compute 2.37"}
        assert listed(cloud, "?status=FINE", **old) == []

    def test_deleted_servers_are_an_administrators_to_see(self, cloud):
        cloud.servers["a1"].delete()
        cloud.run()
        assert listed(cloud) == ["b1", "a2"]
        assert listed(cloud, "?status=DELETED") == listed(cloud, "?deleted=1") == ["a1"]
        said = refusal(lambda: listed(cloud, "?status=deleted", user="demo"))
        assert said == (403, "Only administrators may list deleted instances")

    def test_what_has_changed_since(self, cloud):
        cloud.run(until=cloud.now + 2)
        now = cloud.clock.utcnow()
        cloud.run(until=cloud.now + 2)
        cloud.servers["a1"].delete()
        cloud.servers["a2"].stop()
        cloud.run()
        assert sorted(listed(cloud, f"?changes-since={now}")) == ["a1", "a2"]
        assert listed(cloud, f"?changes-before={now}") == ["b1"]
        long_ago = "2000-01-01T00:00:00Z"
        code, _ = refusal(lambda: listed(cloud, f"?changes-since={now}&changes-before={long_ago}"))
        assert code == 400
        said = refusal(lambda: listed(cloud, "?changes-since=once"))
        assert (said[0], said[1][-25:]) == (400, "'once' is not a 'date-time'"[-25:])

    def test_a_word_that_is_no_truth(self, cloud):
        code, message = refusal(lambda: listed(cloud, "?all_tenants=perhaps"))
        assert code == 400
        assert "Unrecognized value 'perhaps'" in message

    def test_another_project_sees_nothing_and_may_not_ask_for_all(self, cloud):
        assert listed(cloud, user="demo") == []
        code, _ = refusal(lambda: listed(cloud, "?all_tenants=1", user="demo"))
        assert code == 403


def test_a_server_gets_another_name(cloud, server):
    server.rename("www")
    assert server.name == "www"


def test_what_may_be_updated_from_when_on(cloud, server):
    path = f"/v2.1/servers/{server.id}"
    for name, since in (("description", "2.19"), ("hostname", "2.90")):
        body = {"server": {name: "new"}}
        cloud.request("PUT", path, body, openstack_api_version=f"compute {since}")
        before = f"compute 2.{int(since[2:]) - 1}"
        old = {"openstack_api_version": before}
        code, _ = refusal(lambda body=body, old=old: cloud.request("PUT", path, body, **old))
        assert code == 400
    assert (server.show()["description"], server.name) == ("new", "web")
    assert refusal(lambda: cloud.request("PUT", path, {"server": {}}))[0] == 400
    stranger = {"body": {"server": {"name": "mine"}}, "user": "demo"}
    assert refusal(lambda: cloud.request("PUT", path, **stranger))[0] == 404


def test_what_is_renamed_before_it_is_scheduled_has_the_old_name_again_as_in_nova(cloud):
    """The conductor builds from the request in its message (a FIXME of Nova's `update_instance`)."""
    server = cloud.boot("web", flavor="m1.tiny")
    server.rename("www")
    assert server.name == "www"
    cloud.run()
    assert server.name == "web"


def test_actions_are_told_with_their_events(cloud, server):
    call = cloud.send("POST", f"/v2.1/servers/{server.id}/action", {"os-stop": None})
    cloud.run()
    path = f"/v2.1/servers/{server.id}/os-instance-actions"
    names = [one["action"] for one in cloud.request("GET", path)["instanceActions"]]
    assert names == ["stop", "create"]
    found = cloud.request("GET", f"{path}/{call.request_id}")["instanceAction"]
    assert [(one["event"], one["result"], one["host"]) for one in found["events"]] == [
        ("compute_stop_instance", "Success", server.host)
    ]


class TestActions:
    @pytest.fixture
    def path(self, cloud, server):
        for action in ("os-stop", "os-start", "pause"):
            cloud.run(until=cloud.now + 2)
            server.act(action)
            cloud.run()
        return f"/v2.1/servers/{server.id}/os-instance-actions"

    def names(self, cloud, path, query="", **how):
        shown = cloud.request("GET", path + query, **how)["instanceActions"]
        return [one["action"] for one in shown]

    def test_pages(self, cloud, path):
        first = cloud.request("GET", f"{path}?limit=3")
        assert [one["action"] for one in first["instanceActions"]] == ["pause", "start", "stop"]
        query = first["links"][0]["href"].partition("?")[2]
        assert self.names(cloud, path, f"?{query}") == ["create"]
        assert refusal(lambda: self.names(cloud, path, "?marker=no"))[0] == 400

    def test_by_the_time_of_their_last_change(self, cloud, path):
        last, *others = cloud.request("GET", path)["instanceActions"]
        assert self.names(cloud, path, f"?changes-since={last['updated_at']}") == ["pause"]
        found = self.names(cloud, path, f"?changes-before={others[0]['updated_at']}")
        assert found == ["start", "stop", "create"]

    def test_of_a_deleted_server_from_2_21_on(self, cloud, server, path):
        server.delete()
        cloud.run()
        assert self.names(cloud, path)[0] == "delete"
        old = {"openstack_api_version": "compute 2.20"}
        assert refusal(lambda: self.names(cloud, path, **old))[0] == 404

    def test_an_action_of_no_request(self, cloud, path):
        said = refusal(lambda: cloud.request("GET", f"{path}/req-none"))
        assert said == (404, "Action req-none not found")

    def test_what_a_user_is_told_of_a_failure(self, cloud, server, path):
        cloud.fail(server.host, "unpause", "the machine is stuck")
        server.unpause()
        cloud.run()
        last = cloud.request("GET", path)["instanceActions"][0]
        assert (last["action"], last["message"]) == ("unpause", "Error")
        shown = cloud.request("GET", f"{path}/{last['request_id']}")["instanceAction"]
        (event,) = shown["events"]
        assert (event["result"], event["details"]) == ("Error", "the machine is stuck")
        assert event["host"] == server.host


def test_a_lock_shows_its_reason(cloud, server):
    server.lock("do not touch")
    assert (server.show()["locked"], server.show()["locked_reason"]) == (True, "do not touch")
    server.unlock()
    assert (server.show()["locked"], server.show()["locked_reason"]) == (False, None)
