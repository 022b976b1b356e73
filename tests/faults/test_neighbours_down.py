"""A neighbour that cannot be reached: how often it is asked again, what the client hears, what is left."""

import pytest
from broken import events, logged, replays

from simnova import NovaError


def test_keystone_is_down_and_no_token_is_known_any_more(cloud):
    cloud.request("GET", "/v2.1/servers")
    cloud.crash("keystone")
    cloud.request("GET", "/v2.1/servers")  # believed for 300 s
    cloud.run(cloud.now + 301)
    with pytest.raises(
        NovaError, match=r"The Keystone service is temporarily unavailable. \(HTTP 503\)"
    ):
        cloud.request("GET", "/v2.1/servers")
    assert len(events(cloud, "http.error", to="keystone")) == 4
    assert logged(
        cloud, "Unable to validate token: Unable to establish connection to http://keystone"
    )
    assert replays(cloud)


def test_neutron_is_asked_again_before_a_request_fails(cloud):
    cloud.crash("neutron")
    before = cloud.now
    with pytest.raises(
        NovaError, match=r"<class 'keystoneauth1.exceptions.connection.ConnectFailure'>"
    ):
        cloud.boot("web")
    assert cloud.now - before == pytest.approx(0.5 + 1 + 2, abs=0.1)
    (first, *_, last) = logged(cloud, "Failure: Unable to establish connection to http://neutron")
    assert "Retrying in 0.5s. 3 retries left" in first
    assert "Retrying in 2.0s. 1 retries left" in last


def test_a_neutron_that_is_restarted_meanwhile_costs_a_boot_nothing_but_time(cloud):
    cloud.crash("neutron")
    cloud.at(cloud.now + 1).start("neutron")
    assert cloud.boot("web").wait().status == "ACTIVE"
    assert replays(cloud)


def test_glance_is_down(cloud):
    cloud.crash("glance")
    with pytest.raises(NovaError, match=r"<class 'nova.exception.GlanceConnectionFailed'>"):
        cloud.boot("web")


def test_a_deletion_waits_for_neutron_and_then_ends_in_error(cloud):
    server = cloud.boot("web").wait()
    cloud.run()
    cloud.crash("neutron")
    server.delete()
    cloud.run()
    assert len(logged(cloud, "Failed to deallocate network for instance; retrying.")) == 4
    assert logged(cloud, "Failed to deallocate network for instance. Error: Unable to establish")
    assert (server.status, server.task_state) == ("ERROR", None)
    cloud.start("neutron")
    server.delete()
    cloud.run()
    assert not list(cloud.servers)
    assert replays(cloud)


def test_a_deletion_outlasts_a_short_outage_of_neutron(cloud):
    server = cloud.boot("web").wait()
    cloud.run()
    cloud.crash("neutron")
    cloud.at(cloud.now + 20).start("neutron")
    server.delete()
    cloud.run()
    assert not list(cloud.servers)
    assert not cloud.sql("SELECT id FROM neutron.ports").as_dicts()
