"""What the log says of moves that fail on a host, in the words of `nova/compute/manager.py`."""

import pytest

from simnova import Cloud, Host

ALIAS = '{"name": "gpu", "vendor_id": "10de", "product_id": "1db4", "device_type": "type-PCI"}'


@pytest.fixture
def cloud():
    """No filter looks at devices: the host that lacks them notices it when it is to have the server."""
    hosts = [Host("a"), Host("b"), Host("c", pci=["10de:1db4"])]
    with Cloud(hosts=hosts, config={"pci": {"alias": [ALIAS]}}) as made:
        made.flavors.create("gpu", disk=20, extra_specs={"pci_passthrough:alias": "gpu:1"})
        yield made


def errors(cloud):
    return [e.data["message"] for e in cloud.journal if e.data.get("level") == "ERROR"]


def refused(event):
    return "Rescheduling, attempt" in str(event.data.get("message"))


def test_a_resize_that_one_host_refuses_goes_to_the_next_and_the_log_says_why(cloud):
    web = cloud.boot("web", host="a").wait()
    web.resize("gpu")
    cloud.run()
    assert (web.status, web.host) == ("VERIFY_RESIZE", "c")
    (said,) = [text for text in errors(cloud) if text.startswith("Error: ")]
    assert said.startswith("Error: Insufficient compute resources: Claim pci failed")


def test_a_resize_that_cannot_be_given_back_ends_with_its_first_error(cloud):
    web = cloud.boot("web", host="a").wait()
    web.resize("gpu")
    cloud.run(until=refused)
    cloud.crash("nova-conductor")
    cloud.at(cloud.now + 65).start("nova-conductor")
    cloud.run(until=cloud.now + 200)
    assert any(text.startswith("Error trying to reschedule") for text in errors(cloud))
    faults = cloud.sql("SELECT message FROM nova_cell1.instance_faults ORDER BY id")
    first, second = faults.column("message")
    assert first.startswith("Timed out waiting for a reply")
    assert second.startswith("Insufficient compute resources: Claim pci failed")
    assert (web.status, web.host) == ("ERROR", "a")


def test_what_a_confirmed_move_cannot_give_back_is_named(cloud):
    web = cloud.boot("web", host="a").wait()
    web.migrate()
    cloud.run()
    uuid = cloud.sql("SELECT uuid FROM nova_cell1.migrations").column("uuid")[0]
    cloud.run(until=cloud.now + 1)
    web.confirm_resize()
    cloud.refuse("placement")
    cloud.run()
    assert any(f"for migration {uuid} failed. The instance {web.id}" in t for t in errors(cloud))
