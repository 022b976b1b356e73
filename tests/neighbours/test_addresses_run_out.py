"""A network without an address for one more server: the fault says so in Nova's words."""

from __future__ import annotations

from simnova import Cloud


def test_the_last_address_is_gone() -> None:
    with Cloud(hosts=1) as cloud:
        cloud.networks.create("tiny", "192.168.0.0/30")
        first = cloud.boot("first", network="tiny", flavor="m1.tiny")
        second = cloud.boot("second", network="tiny", flavor="m1.tiny")
        cloud.run()
        assert first.status == "ACTIVE"
        assert second.status == "ERROR"
        assert "aborted: Failed to allocate the network(s) with error No fixed IP" in second.fault
        warned = [e.data["message"] for e in cloud.journal if e.data.get("level") == "WARNING"]
        assert "No more fixed IP to be allocated" in " ".join(warned)


def test_the_network_of_a_new_cloud_has_room_for_thousands() -> None:
    with Cloud(hosts=1) as cloud:
        server = cloud.boot("web")
        cloud.run()
        assert "10.0.0.2" in str(server.addresses)
        (subnet,) = cloud.request("GET", "/v2.0/subnets", service="neutron")["subnets"]
        assert subnet["allocation_pools"] == [{"start": "10.0.0.2", "end": "10.0.255.254"}]
