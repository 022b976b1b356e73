"""What became of a decision: the build that failed, the claim that was refused, the draw that was lost."""

from simnova import Cloud, Host
from simnova.observe import decision
from simnova.whatif.asked import ask


def raced() -> Cloud:
    """Two servers want the last room at the same time."""
    cloud = Cloud(hosts=[Host("last", memory_mb=4096), Host("no", memory_mb=1024)])
    cloud.submit("a")
    cloud.submit("b")
    return cloud.run()


def test_a_build_that_failed_and_its_alternate_are_told():
    cloud = Cloud(hosts=3)
    cloud.boot("p")
    cloud.run()
    bad = cloud.decision().alternates[0]
    cloud.fail(bad, "start")
    server = cloud.boot("q")
    cloud.run()
    made = cloud.decision("q")
    told = (
        f"the build on {bad} failed (Domain not started); it went on to the alternate {server.host}"
    )
    assert made.host == bad != server.host
    assert made.notes()[0] == told
    assert cloud.decision(made.seq).afterwards == []


def test_a_server_that_no_alternate_could_build_says_so():
    cloud = Cloud(hosts=2)
    for host in ("compute1", "compute2"):
        cloud.fail(host, "start", times=2)
    server = cloud.boot("q")
    cloud.run()
    assert server.status == "ERROR"
    last = cloud.decision("q").afterwards[-1]
    assert "no other host was tried: Exceeded maximum number of retries" in last


def test_the_loser_of_a_race_has_no_valid_host():
    cloud = raced()
    made = cloud.decision("b")
    assert cloud.servers["b"].status == "ERROR"
    assert made.outcome == "b: no valid host, every claim was refused"
    before = decision.latest(cloud.journal, made.seq)
    assert before.outcome == "b: 1 of 2 hosts left"
    assert cloud.decision("a").outcome == "a goes to last"


def test_a_request_of_several_servers_fails_as_a_whole():
    cloud = Cloud(hosts=[Host("last", memory_mb=4096)])
    cloud.boot("m", count=2)
    cloud.run()
    given_back = "m-1: no valid host: last was given back, another server of the request found none"
    assert cloud.decision("m-1").outcome == given_back
    assert "every claim was refused" in cloud.decision("m-2").outcome


def test_a_placement_that_does_not_answer_is_named():
    cloud = Cloud(hosts=2)
    cloud.crash("placement")
    cloud.boot("x")
    cloud.run()
    said = str(cloud.decision("x"))
    assert said.startswith("x: no valid host, Placement did not answer: Unable to establish")


def test_a_draw_names_the_option_that_allowed_it():
    for option, value in (("host_subset_size", 2), ("shuffle_best_same_weighed_hosts", True)):
        cloud = Cloud(hosts=3, config={option: value}, seed=3)
        cloud.boot("a")
        cloud.run()
        said = " ".join(cloud.decision().notes())
        assert f"drawn from the best, which {option} allows" in said
        assert "in which the hosts were read" not in said
    bare = decision.latest(cloud.journal)
    assert "host_subset_size or shuffle_best_same_weighed_hosts allows" in " ".join(bare.notes())


def test_who_stood_first_and_lost_the_draw_would_have_won_without_it():
    cloud = Cloud(hosts=4, config={"host_subset_size": 3})
    heavy = {"ram_weight_multiplier": "50"}
    cloud.aggregates.create("fast", hosts=["compute1"], metadata=heavy)
    cloud.boot("a")
    cloud.run()
    found = cloud.decision().what_if("compute1")
    assert "was drawn, which host_subset_size allows" in found.because
    assert [(one.what, one.now, one.other) for one in found] == [("host_subset_size", 3, 1)]
    assert ask(found[0].question).wins("compute1")
