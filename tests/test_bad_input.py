"""Bad input: one readable sentence, Nova's where Nova is asked, and the cloud goes on."""

import pytest

from simnova import Cloud, Config, Host, Refused, UsageError
from simnova.nova.scheduler.filters import BaseHostFilter, Rejected


@pytest.fixture(scope="module")
def cloud():
    return Cloud(hosts=3)


@pytest.fixture(autouse=True)
def the_cloud_goes_on(cloud):
    yield
    server = cloud.boot("afterwards", flavor="m1.tiny")
    assert server.wait().status == "ACTIVE"
    server.delete()
    cloud.run()


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"flavor": "m1.smal"}, "unknown flavor 'm1.smal': did you mean 'm1.small'?"),
        ({"image": "ciros"}, "unknown image 'ciros': did you mean 'cirros'?"),
        ({"network": "privat"}, "unknown network 'privat': did you mean 'private'?"),
        ({"host": "compute9"}, "unknown host 'compute9': did you mean"),
    ],
)
def test_a_name_that_is_not_there(cloud, request_, sentence):
    with pytest.raises(UsageError, match=sentence.replace("?", r"\?")):
        cloud.boot("web", **request_)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        (
            {"vcpus": -1},
            "Invalid input for field/attribute vcpus. Value: -1. -1 is less than the minimum of 1",
        ),
        (
            {"ram": 0},
            "Invalid input for field/attribute ram. Value: 0. 0 is less than the minimum of 1",
        ),
        (
            {"ram": "much"},
            "Invalid input for field/attribute ram. Value: much. 'much' does not match",
        ),
        ({"disk": 10**12}, "Invalid input for field/attribute disk. Value: 1000000000000."),
        ({"vcpus": 1.5}, "Invalid input for field/attribute vcpus. Value: 1.5. 1.5 is not of type"),
    ],
)
def test_sizes_that_are_none(cloud, sizes, words):
    with pytest.raises(Refused) as refused:
        cloud.flavors.create("odd", **{"vcpus": 1, "ram": 64, "disk": 1, **sizes})
    assert refused.value.code == 400
    assert words in refused.value.message


@pytest.mark.parametrize("name", ["x" * 256, "", " padded "])
def test_a_name_that_nova_does_not_take(cloud, name):
    with pytest.raises(Refused) as refused:
        cloud.boot(name)
    assert refused.value.code == 400


def test_a_flavor_that_exists(cloud):
    with pytest.raises(Refused, match=r"Flavor with name m1.small already exists. \(HTTP 409\)"):
        cloud.flavors.create("m1.small")


def test_ids_that_only_the_api_can_know(cloud):
    image = cloud.images.id_of("cirros")
    with pytest.raises(Refused, match=r"Flavor 42 could not be found. \(HTTP 400\)"):
        cloud.request(
            "POST", "/v2.1/servers", {"server": {"name": "x", "flavorRef": "42", "imageRef": image}}
        )
    ghost = "11111111-2222-4333-8444-555555555555"
    with pytest.raises(Refused, match="Can not find requested image"):
        cloud.request(
            "POST", "/v2.1/servers", {"server": {"name": "x", "flavorRef": "1", "imageRef": ghost}}
        )
    body = {"name": "x", "flavorRef": "1", "imageRef": image, "networks": [{"uuid": ghost}]}
    with pytest.raises(Refused, match=f"Network {ghost} could not be found"):
        cloud.request("POST", "/v2.1/servers", {"server": body})
    with pytest.raises(Refused, match=rf"Instance {ghost} could not be found. \(HTTP 404\)"):
        cloud.request("GET", f"/v2.1/servers/{ghost}")


def test_a_quota_refuses_in_novas_words(cloud):
    with pytest.raises(Refused, match=r"Quota exceeded for instances: .* \(HTTP 403\)"):
        cloud.boot("many", count=11)


def test_more_servers_at_least_than_at_most(cloud):
    with pytest.raises(Refused, match="min_count must be <= max_count"):
        cloud.boot("web", min_count=3, max_count=2)


def test_a_flavor_too_small_for_the_image(cloud):
    with pytest.raises(Refused, match="Flavor's disk is smaller than the minimum size"):
        cloud.boot("web", flavor="m1.tiny", image="ubuntu-24.04")


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (
            lambda cloud: cloud.boot("w", flavour="m1.tiny"),
            "unknown argument 'flavour': did you mean 'flavor'",
        ),
        (lambda cloud: cloud.lose("select_destinatons"), "did you mean 'select_destinations'"),
        (
            lambda cloud: cloud.lose("select_destinations", times=-1),
            "times=-1 is no number of times",
        ),
        (
            lambda cloud: cloud.crash_at("scheduler.selec", "nova-scheduler"),
            "did you mean 'scheduler.select'",
        ),
        (lambda cloud: cloud.crash_at("rpc.cast", "nova-api", nth=0), "nth=0 is no number"),
        (
            lambda cloud: cloud.crash_at("rpc.cast", "nova-api", moment="during"),
            "unknown moment 'during'",
        ),
        (lambda cloud: cloud.fail("compute1", "stat"), "stat"),
        (lambda cloud: cloud.servers["nobody"], "unknown server 'nobody'"),
    ],
)
def test_faults_and_requests_that_make_no_sense(cloud, act, sentence):
    events = len(cloud.journal)
    with pytest.raises(UsageError, match=sentence):
        act(cloud)
    assert all(event.kind == "input" for event in cloud.journal.events[events:])


def test_a_server_that_will_never_get_there(cloud):
    server = cloud.boot("huge", flavor="m1.xlarge")
    cloud.run()
    with pytest.raises(UsageError, match="server 'huge' is ERROR and nobody works on it"):
        server.wait("ACTIVE")
    with pytest.raises(UsageError, match="did you mean 'ACTIVE'"):
        server.wait("ACTVE")
    server.delete()
    cloud.run()


def test_a_path_that_is_not_there(cloud):
    with pytest.raises(Refused, match="404"):
        cloud.request("GET", "/v2.1/unknown")


class TestFiltersFromACell:
    def test_one_that_raises_puts_the_server_into_error_and_shows_its_own_line(self):
        class Broken(BaseHostFilter):
            def host_passes(self, host_state, spec_obj):
                return host_state.free_ram / 0

        cloud = Cloud(hosts=2, filters=[Broken])
        server = cloud.boot("web")
        cloud.run()
        assert server.status == "ERROR"
        line = next(
            event
            for event in cloud.journal
            if event.kind == "log" and "host_state.free_ram" in event.data["message"]
        )
        assert "test_bad_input.py" in line.data["message"]

    def test_a_no_with_its_reason(self):
        class Mondays(BaseHostFilter):
            def host_passes(self, host_state, spec_obj):
                return Rejected("not on Mondays")

        cloud = Cloud(hosts=2, filters=[Mondays])
        server = cloud.boot("web")
        cloud.run()
        assert server.fault.startswith("No valid host was found.")
        assert "not on Mondays" in str(cloud.decision())

    def test_what_is_no_filter_at_all(self):
        with pytest.raises(UsageError, match="derive its class from BaseHostFilter"):
            Cloud(hosts=1, filters=[object])

    def test_an_unknown_filter_names_the_nearest(self):
        with pytest.raises(UsageError, match=r"ComputeFiltr.*did you mean 'ComputeFilter'"):
            Cloud(hosts=1, config={"filter_scheduler": {"enabled_filters": ["ComputeFiltr"]}})


class TestClouds:
    @pytest.mark.parametrize("hosts", [-1, True, 2.5, None, [1]])
    def test_hosts_that_are_none(self, hosts):
        with pytest.raises(UsageError, match=r"host"):
            Cloud(hosts=hosts)

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"hosts": "3"}, "hosts='3' is text: .* hosts=3"),
            ({"hosts": {"a": 1}}, "give a number, or a list"),
            ({"seed": "x"}, "seed='x' is no seed"),
            ({"level": "ful"}, "unknown level 'ful': did you mean 'full'"),
            ({"config": "nova.conf"}, r"Config\.from_file\('nova\.conf'\)"),
            ({"config": 3}, "give a Config, or a dict"),
            ({"filters": "ComputeFilter"}, r"filters=\['ComputeFilter'\]"),
            ({"config": {"enabled_filters": [BaseHostFilter]}}, r"Cloud\(filters="),
        ],
    )
    def test_what_a_cloud_is_not_made_of(self, options, sentence):
        with pytest.raises(UsageError, match=sentence):
            Cloud(**{"hosts": 1, **options})

    def test_a_closed_cloud_says_so_and_can_still_be_forked(self):
        cloud = Cloud(hosts=2)
        cloud.boot("web")
        cloud.close()
        cloud.close()
        assert repr(cloud).startswith("<Cloud, closed")
        for act in (lambda: cloud.boot("x"), lambda: cloud.servers, lambda: cloud.sql("SELECT 1")):
            with pytest.raises(UsageError, match="this cloud is closed"):
                repr(act())
        fork = cloud.fork()
        fork.run()
        assert fork.servers["web"].status == "ACTIVE"

    def test_two_hosts_of_one_name(self):
        with pytest.raises(UsageError, match="two hosts are called 'a'"):
            Cloud(hosts=["a", "a"])

    @pytest.mark.parametrize("size", [0, -4, "big", 2.5])
    def test_a_host_without_a_size(self, size):
        with pytest.raises(UsageError, match=r"memory_mb=.* is no size"):
            Host("a", memory_mb=size)

    def test_a_host_with_an_impossible_name(self):
        with pytest.raises(UsageError, match="cannot be called"):
            Host("a host/../")

    def test_an_option_that_there_is_not(self):
        with pytest.raises(UsageError, match=r"max_atempts.*did you mean 'max_attempts'"):
            Config(max_atempts=3)

    def test_no_hosts_at_all_is_a_cloud_without_hosts(self):
        cloud = Cloud(hosts=0)
        server = cloud.boot("web")
        cloud.run()
        assert server.fault.startswith("No valid host was found.")
