"""The rules of oslo.service: how often, when first, and one at a time."""

import pytest

from simnova import Cloud, Config
from simnova.cloud.periodic import tasks
from simnova.nova.compute.manager import ComputeManager
from simnova.nova.periodic_task import declarations, declared_by, periodic_task


def spacings(**options):
    conf = Config(**options)
    found = {name: one.seconds(conf) for name, one in declarations(ComputeManager).items()}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def test_every_task_has_novas_spacing():
    assert spacings() == {
        "update_available_resource": 60,
        "_check_instance_build_time": 60,
        "_sync_scheduler_instance_info": 120,
        "_poll_rebooting_instances": 60,
        "_poll_rescued_instances": 60,
        "_poll_unconfirmed_resizes": 60,
        "_poll_shelved_instances": 3600,
        "_sync_power_states": 600,
        "_reclaim_queued_deletes": 60,
        "_cleanup_running_deleted_instances": 1800,
        "_run_image_cache_manager_pass": 2400,
        "_run_pending_deletes": 300,
        "_cleanup_incomplete_migrations": 300,
        "_cleanup_expired_console_auth_tokens": 300,
    }


@pytest.mark.parametrize(("given", "seconds"), [(0, 60), (-1, None), (7, 7)])
def test_zero_is_the_default_interval_and_less_is_off(given, seconds):
    for option, task in (
        ("sync_power_state_interval", "_sync_power_states"),
        ("running_deleted_instance_poll_interval", "_cleanup_running_deleted_instances"),
        ("update_resources_interval", "update_available_resource"),
        ("shelved_poll_interval", "_poll_shelved_instances"),
    ):
        assert spacings(**{option: given}).get(task) == seconds


def test_the_healing_of_network_information_is_off_at_zero_too():
    assert "_heal_instance_info_cache" not in spacings(heal_instance_info_cache_interval=0)
    assert spacings(heal_instance_info_cache_interval=60)["_heal_instance_info_cache"] == 60


def test_no_task_is_done_where_periodic_tasks_are_turned_off():
    with Cloud(hosts=1, config={"periodic_enable": False}) as cloud:
        cloud.run(until=200)
        audits = [e for e in cloud.journal if e.data.get("method") == "get_available_resource"]
        reports = [e for e in cloud.journal if "report_count" in (e.data.get("after") or {})]
        assert len([e for e in audits if e.kind == "virt.call"]) == 1, "the one of the start"
        assert reports, "a service reports all the same"


class Hanging(ComputeManager):
    """A manager with a task that hangs, and one that fails."""

    @periodic_task("nothing", run_immediately=True)
    async def _poll_volume_usage(self):
        await self.place.clock.sleep(500)

    @periodic_task("nothing")
    async def _instance_usage_audit(self):
        raise RuntimeError("no notifications here")


def rounds(cloud):
    return [
        event.time
        for event in cloud.journal
        if event.kind == "virt.call" and event.data["method"] == "get_available_resource"
    ]


def test_a_task_that_hangs_holds_up_the_others_of_its_service():
    with Cloud(hosts=1, managers={"nova-compute": Hanging}) as cloud:
        cloud.run(until=600)
        _, first, second, *_ = rounds(cloud)
        assert first < 130, "the audit comes before it"
        assert second - first > 490


def test_one_that_fails_is_logged_and_has_its_next_round():
    with Cloud(hosts=1, managers={"nova-compute": Hanging}) as cloud:
        cloud.run(until=1300)
        log = cloud.log(service="nova-compute@compute1", level="ERROR", background=True)
        said = [
            line for line in log if "Error during Hanging._instance_usage_audit" in line.message
        ]
        assert len(said) == 2
        assert "RuntimeError: no notifications here" in said[0].message
        assert said[0].logger == "oslo_service.periodic_task"


def test_a_host_that_starts_again_begins_at_once_with_what_runs_immediately(bench):
    cloud = bench.cloud
    cloud.stop("nova-compute@compute1")
    cloud.run()
    before, began = len(cloud.journal), cloud.now
    cloud.start("nova-compute@compute1")
    cloud.run(until=began + 62)
    asked = [e.data["method"] for e in cloud.journal.events[before:] if e.kind == "virt.call"]
    assert {"get_num_instances", "list_instance_uuids"} <= set(asked)
    cloud.fork().close()


def test_a_new_host_has_nothing_to_mend_at_once():
    with Cloud(hosts=2) as cloud:
        cloud.run(until=595)
        assert "get_num_instances" not in {e.data.get("method") for e in cloud.journal}
        cloud.run(until=665)
        assert "get_num_instances" in {e.data.get("method") for e in cloud.journal}


def test_a_manager_of_ones_own_has_its_tasks_and_novas():
    class Own:
        conf = Config()

        @periodic_task("what is broken", spacing="report_interval")
        async def mend(self):
            raise NotImplementedError

    (one,) = declared_by(Own(), Own.conf)
    assert (one.spacing, one.work.__name__) == (10, "mend")
    assert "_poll_volume_usage" in declarations(Hanging)
    assert "_poll_volume_usage" not in {task.name for task in tasks()}
