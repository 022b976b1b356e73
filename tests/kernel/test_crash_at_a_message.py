"""A service that dies as a message is handed to it: the broker gives it to the next life, or it is lost."""

import pytest

from simnova import Cloud


@pytest.fixture
def cloud():
    with Cloud(hosts=2) as cloud:
        yield cloud


def booted_with_a_crash(cloud, kind, moment):
    cloud.crash_at(kind, "nova-conductor", moment=moment)
    server = cloud.boot("web")
    cloud.run()
    assert server.status == "BUILD"
    assert [event.actor for event in cloud.journal if event.kind == "service.crash"] == [
        "nova-conductor"
    ]
    cloud.start("nova-conductor")
    cloud.run()
    return server


@pytest.mark.parametrize(
    ("kind", "moment"),
    [("amqp.deliver", "before"), ("amqp.deliver", "after"), ("amqp.ack", "before")],
)
def test_what_was_not_acknowledged_is_delivered_again(cloud, kind, moment):
    server = booted_with_a_crash(cloud, kind, moment)
    assert server.status == "ACTIVE"
    redelivered = [e.data["queue"] for e in cloud.journal if e.data.get("redelivered")]
    assert redelivered == ["conductor"]


def test_what_was_acknowledged_is_lost_with_the_service_that_had_it(cloud):
    assert booted_with_a_crash(cloud, "amqp.ack", "after").status == "BUILD"


def test_a_fork_dies_at_the_same_message(cloud):
    booted_with_a_crash(cloud, "amqp.deliver", "after")
    cloud.fork().close()
