"""The story of a live migration and of an evacuation, in sentences."""

import re

import pytest

from simnova import Cloud
from simnova.observe import steps, story
from simnova.observe.story_en import TEMPLATES
from simnova.observe.telling import Telling


def told(cloud, first):
    """The story's sentences from an event on, each on one line."""
    text = re.sub(r"\n {15,}", " ", str(cloud.story()))
    lines = [re.match(r" *(\d+) +[\d.]+ s +(.*)", line) for line in text.splitlines()]
    return [found[2] for found in lines if found and int(found[1]) >= first]


def as_ever(sentences, *wanted):
    """The wanted sentences stand there, in this order."""
    rest = iter(sentences)
    for one in wanted:
        assert any(one in sentence for sentence in rest), one


@pytest.fixture
def cloud():
    cloud = Cloud(["host1", "host2"], seed=0)
    cloud.boot("web", flavor="m1.small", image="cirros", host="host1")
    cloud.run()
    yield cloud
    cloud.close()


def test_a_live_migration(cloud):
    first, server = len(cloud.journal), cloud.servers["web"]
    server.write_memory(200)
    server.live_migrate()
    cloud.run()
    as_ever(
        told(cloud, first),
        "You have the guest write 200 MB a second to its memory.",
        "notes a move of server web, accepted: it goes to another host while it runs.",
        "calls check_can_live_migrate_destination on compute.host2 and waits (can you take server web",
        "calls check_can_live_migrate_source on compute.host1 and waits (can you send server web",
        "sets the move of server web from accepted to queued: it waits for its turn on its host.",
        "from queued to preparing: its destination gets ready.",
        "nova-compute on host1 calls pre_live_migration on compute-alt.host2",
        "from preparing to running: its guest is sent.",
        "The hypervisor of host1 has sent round 1 of the guest's memory (",
        "The hypervisor of host1 has sent round 2 of the guest's memory (",
        "The hypervisor of host1 has stopped the guest and sent the last",
        "puts server web on host2 and sets task_state from migrating to None.",
        "from running to completed: its old host has let go of it.",
        "asks Placement what the move of server web holds",
    )


def test_an_evacuation(cloud):
    server = cloud.servers["web"]
    cloud.crash("nova-compute@host1")
    cloud.run(until=cloud.now + 90)
    first = len(cloud.journal)
    server.evacuate()
    cloud.run()
    cloud.start("nova-compute@host1")
    cloud.run()
    as_ever(
        told(cloud, first),
        "notes a move of server web, accepted: it is made anew elsewhere, for its host is lost.",
        "from accepted to pre-migrating: its destination has made room for it.",
        "puts server web on host2",
        "from pre-migrating to done: it is on its new host.",
        "nova-compute on host1 asks its hypervisor to destroy the guest of server web",
        "from done to completed: its old host has let go of it.",
    )


def test_every_event_of_every_kind_of_move_has_a_good_sentence(cloud):
    server = cloud.servers["web"]
    for move in (
        lambda: server.resize("m1.medium"),
        server.revert_resize,
        server.migrate,
        server.confirm_resize,
        server.live_migrate,
    ):
        move()
        cloud.run()
    server.write_memory(9000)
    server.live_migrate()
    cloud.run(until=cloud.now + 5)
    server.abort_migration()
    cloud.run()
    server.live_migrate()
    cloud.run(until=cloud.now + 5)
    server.force_complete()
    cloud.run()
    for event in cloud.journal:
        assert TEMPLATES[event.kind](Telling(cloud.journal, event)), event
    for seq in steps.steps(cloud.journal):
        text = story.sentence(cloud.journal, seq)
        assert text[-1] in ".?", text
        assert not re.search(r"[0-9a-f]{32}|  | \.|\{|\}|nova_object|None,", text), text
        assert len(text) < 260, text
