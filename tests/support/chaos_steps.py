"""The steps that a chaos walk may take: of what hosts, servers and services, and what is drawn for each verb."""

from __future__ import annotations

from simnova import Host
from simnova.nova.api.actions.registry import ACTIONS

HOSTS = [
    Host("compute1", vcpus=2, memory_mb=6656, local_gb=200),
    Host("compute2", vcpus=4, memory_mb=4608, local_gb=100),
    Host("compute3", vcpus=1, memory_mb=8704, local_gb=60),
]
NAMES = [host.name for host in HOSTS]
COMPUTES = [f"nova-compute@{name}" for name in NAMES]
CONTROL = [
    *("nova-api", "nova-conductor", "nova-conductor:2", "nova-scheduler", "nova-scheduler:2"),
    *("nova-conductor@cell1", "nova-conductor@cell2", "nova-conductor@cell2:2"),
]
NEIGHBOURS = ["keystone", "glance", "neutron", "placement"]
PROCESSES = [*COMPUTES, *COMPUTES, *CONTROL, *NEIGHBOURS]
BUSES = ["rabbitmq", "rabbitmq-cell1", "rabbitmq-cell2"]
ALL = [*PROCESSES, *BUSES]
DATABASES = ["nova_api", "nova_cell1", "nova_cell2", "placement", "neutron"]
FLAVORS = ["m1.tiny", "m1.small", "m1.medium"]
SERVERS = [0, 0, 0, 1, 1, 2, 3, 4]

BODIES = {
    "reboot": [{"type": "SOFT"}, {"type": "HARD"}],
    "changePassword": [{"adminPass": "secret"}],
    "createImage": [{"name": "shot"}],
    "createBackup": [
        {"name": "copy", "backup_type": "daily", "rotation": rotation} for rotation in (0, 1)
    ],
    "rebuild": ["cirros"],
    "resize": FLAVORS,
    "migrate": [None, *({"host": name} for name in NAMES)],
    "unshelve": [None, *({"host": name} for name in NAMES)],
    "os-resetState": [{"state": "active"}, {"state": "error"}],
    "os-migrateLive": [{"host": host, "block_migration": "auto"} for host in (None, *NAMES)],
    "evacuate": [{}],
}
"""What may stand in the body of an action; None where nothing need."""

LOOKS = [name for name in ACTIONS if name.endswith(("Console", "ConsoleOutput"))]
ASKED = [
    [action, body]
    for action in sorted(ACTIONS.keys() - LOOKS)
    for body in BODIES.get(action, [None])
] + [["os-getConsoleOutput", None]]
MOVES = [["resize", "m1.small"], ["migrate", None], ["shelve", None], ["os-stop", None]]
FAILING = [
    *("spawn", "destroy", "power_off", "power_on", "pause", "suspend", "rescue", "snapshot"),
    *("migrate_disk_and_power_off", "finish_migration", "confirm_migration"),
    *("finish_revert_migration", "reboot", "resume", "attach_interface", "detach_interface"),
]
METHODS = [
    *("build_instances", "schedule_and_build_instances", "select_destinations"),
    *("build_and_run_instance", "terminate_instance", "soft_delete_instance", "restore_instance"),
    *("stop_instance", "start_instance", "reboot_instance", "pause_instance", "unpause_instance"),
    *("suspend_instance", "resume_instance", "rescue_instance", "unrescue_instance"),
    *("snapshot_instance", "backup_instance", "shelve_instance", "shelve_offload_instance"),
    *("unshelve_instance", "rebuild_instance", "prep_resize", "resize_instance", "finish_resize"),
    *("confirm_resize", "revert_resize", "finish_revert_resize", "migrate_server"),
    *("check_can_live_migrate_destination", "check_can_live_migrate_source"),
    *("pre_live_migration", "live_migration", "post_live_migration_at_destination"),
    *("rollback_live_migration_at_destination", "attach_interface", "detach_interface"),
    *("set_admin_password", "object_action", "object_class_action_versions"),
    *("update_instance_info", "delete_instance_info", "sync_instance_info"),
]
KINDS = ["rpc.call", "rpc.cast", "rpc.reply", "http.request", "virt.call", "virt.return"]
PAUSES = [0.01, 0.05, 0.1, 0.3, 1.0, 5.0, 5.0, 20.0, 70.0, 150.0]

STEPS: dict[str, tuple[list, ...]] = {
    "create": (FLAVORS, [1, 1, 1, 2], [None, None, *NAMES]),
    "delete": (SERVERS,),
    "act": (SERVERS, ASKED),
    "act_and_wait": (SERVERS, [*ASKED, *MOVES * 3]),
    "plug": (SERVERS,),
    "unplug": (SERVERS,),
    "wait": (PAUSES,),
    "switch": (["disable", "enable"], NAMES),
    "force_down": (NAMES, [True, False]),
    "crash": (ALL,),
    "stop": (ALL,),
    "start": (ALL,),
    "restart": (ALL,),
    "crash_at": (KINDS, PROCESSES, [1, 1, 2, 3, 5], ["before", "after"]),
    "lose": (METHODS, [1, 1, 2], [False, False, True]),
    "fail": (NAMES, FAILING, [1, 1, 2]),
    "delay": (METHODS, [0.5, 5.0, 90.0]),
    "duplicate": (METHODS,),
    "reorder": (METHODS,),
    "slow": (PROCESSES, [0.0, 0.5, 5.0]),
    "cut_off": (PROCESSES,),
    "reconnect": (PROCESSES,),
    "power_off": (NAMES,),
    "power_on": (NAMES,),
    "slow_disk": (NAMES, [1.0, 20.0]),
    "refuse": (DATABASES,),
    "accept": (DATABASES,),
    "fill_images": ([0, None],),
    "repair": (),
}
"""Every verb, and among what each of its arguments is chosen."""

OFTEN = {
    "create": 4,
    "act": 15,
    "act_and_wait": 15,
    "wait": 12,
    "lose": 4,
    "repair": 8,
    "delete": 2,
}
VERBS = [verb for verb in STEPS for _ in range(OFTEN.get(verb, 1))]
"""A verb as often as it is chosen: were faults not mended now and then, nothing would be accepted any more."""

CONFIG = {
    "reclaim_instance_interval": [0, 100],
    "shelved_offload_time": [0, -1, 100],
    "allow_resize_to_same_host": [False, True],
    "resize_confirm_window": [0, 100],
    "conductor.workers": [1, 2],
    "cells": [None, None, 2],
}


def chosen(rng):
    """A step, by a random number generator."""
    verb = rng.choice(VERBS)
    return [verb, *(rng.choice(among) for among in STEPS[verb])]
