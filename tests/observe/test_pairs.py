"""What belongs together where whoever asked is gone."""

import pytest

from simnova import Cloud
from simnova.observe import sequence
from simnova.observe.index import follow
from simnova.observe.pairs import Pairs


@pytest.mark.parametrize(
    ("kind", "method"),
    [("rpc.call", "select_destinations"), ("rpc.cast", "build_and_run_instance")],
)
def test_a_message_goes_on_whose_sender_died_right_after_it(kind, method):
    cloud = Cloud(hosts=1)
    cloud.crash_at(kind, "nova-conductor")
    cloud.boot("web")
    cloud.run()
    (sent,) = (
        event
        for event in cloud.journal
        if event.data.get("method") == method and event.kind == kind
    )
    crash = cloud.journal[sent.seq + 1]
    assert (crash.kind, crash.actor, crash.cause) == ("service.crash", sent.actor, sent.seq)
    pairs = follow(cloud.journal, Pairs)
    published = cloud.journal[pairs.publish[sent.seq]]
    assert published.cause == crash.seq
    assert pairs.rpc[published.seq] == sent.seq
    (arrived,) = pairs.arrivals(sent.seq)
    (arrow,) = (one for one in sequence.arrows(cloud.journal).arrows if one.seq == sent.seq)
    assert arrow.target == cloud.journal[arrived].actor
    assert arrow.seq_end == arrived


def test_a_crash_that_somebody_else_brought_about_has_sent_nothing():
    cloud = Cloud(hosts=1)
    cloud.boot("web")
    cloud.run(until="kind:rpc.call")
    called = cloud.journal.events[-1]
    cloud.crash("nova-conductor")
    cloud.run()
    pairs = follow(cloud.journal, Pairs)
    assert cloud.journal[pairs.publish[called.seq]].cause == called.seq
