"""`_heal_instance_info_cache`: one server a round is read anew from Neutron, where the interval is set."""

import json

COMPUTE = "nova-compute@compute1"


def cache(bench):
    table = "nova_cell1.instance_info_caches"
    text = bench.cloud.sql(
        f"SELECT network_info FROM {table} WHERE instance_uuid = '{bench.server.id}'"
    )
    return json.loads(text.rows[0][0])


def rebind(bench, host):
    port = bench.cloud.request("GET", "/v2.0/ports", service="neutron")["ports"][0]["id"]
    body = {"port": {"binding:host_id": host}}
    bench.cloud.request("PUT", f"/v2.0/ports/{port}", body, service="neutron")


def bound(bench):
    ports = bench.cloud.request("GET", "/v2.0/ports", service="neutron")["ports"]
    return [port["binding:host_id"] for port in ports]


def test_it_is_off_by_default(bench):
    rebind(bench, "elsewhere")
    bench.after(1000)
    assert bound(bench) == ["elsewhere"]
    assert "Starting heal instance info cache" not in bench.said()


def test_a_port_that_is_bound_elsewhere_comes_back(make):
    bench = make(heal_instance_info_cache_interval=60)
    rebind(bench, "elsewhere")
    bench.after(130)
    assert bound(bench) == ["compute1"]
    said = bench.said()
    assert "Updating ports in neutron" in said
    assert "Updated the network info_cache for instance" in said
    bench.cloud.fork().close()


def test_what_nova_remembers_is_read_anew(make):
    bench = make(heal_instance_info_cache_interval=60)
    port = bench.cloud.request("GET", "/v2.0/ports", service="neutron")["ports"][0]
    assert [vif["id"] for vif in cache(bench)] == [port["id"]]
    bench.cloud.request("DELETE", f"/v2.0/ports/{port['id']}", service="neutron")
    bench.after(130)
    assert cache(bench) == []


def test_a_round_takes_one_server_and_each_has_its_turn(make):
    bench = make(heal_instance_info_cache_interval=60)
    other = bench.cloud.boot("db").wait("ACTIVE")
    bench.after(260)
    log = bench.cloud.log(service=COMPUTE, background=True)
    told = [
        line.instance for line in log if line.message.startswith("Updated the network info_cache")
    ]
    assert told[:3] == [bench.server.id, other.id, bench.server.id]


def test_what_is_being_built_or_deleted_is_passed_over(make):
    bench = make(heal_instance_info_cache_interval=60)
    bench.put(task_state="deleting")
    bench.after(130)
    said = bench.said()
    text = "Skipping network cache update for instance because it is being deleted."
    assert text in said
    assert "Didn't find any instances for network info cache update." in said


def test_where_neutron_is_down_the_next_round_tries_again(make):
    bench = make(heal_instance_info_cache_interval=60)
    bench.cloud.crash("neutron")
    bench.after(130)
    assert "An error occurred while refreshing the network cache." in bench.said("ERROR")
    bench.cloud.start("neutron")
    rebind(bench, "elsewhere")
    bench.after(70)
    assert bound(bench) == ["compute1"]
