"""The page of all periodic tasks is the code's own, and leaves out none of Nova's that means something here."""

from pathlib import Path

from simnova.cloud.periodic import reference, tasks

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "periodic.md"
NOVAS = {
    *("_check_instance_build_time", "_sync_scheduler_instance_info", "_heal_instance_info_cache"),
    *("_poll_rebooting_instances", "_poll_rescued_instances", "_poll_unconfirmed_resizes"),
    *("_poll_shelved_instances", "_instance_usage_audit", "_poll_volume_usage"),
    *("_sync_power_states", "_reclaim_queued_deletes", "update_available_resource"),
    *("_cleanup_running_deleted_instances", "_run_image_cache_manager_pass"),
    *("_run_pending_deletes", "_cleanup_incomplete_migrations"),
    *("_cleanup_expired_console_auth_tokens",),
}
"""Those of `nova/compute/manager.py`."""

LEFT_OUT = {"_instance_usage_audit", "_poll_volume_usage"}


def test_the_page_is_up_to_date():
    said = "run: python -m simnova.cloud.periodic > docs/reference/periodic.md"
    assert PAGE.read_text() == reference(), said


def test_novas_tasks_are_all_there_and_fidelity_names_the_others():
    assert {one.name for one in tasks() if one.service == "nova-compute"} == NOVAS - LEFT_OUT
    fidelity = (PAGE.parents[1] / "fidelity.md").read_text()
    assert all(name in fidelity for name in LEFT_OUT)
