"""A walk through one cloud: whatever users and operators ask, and whatever breaks, one step after another.

A step is a verb and its arguments, all of them JSON, so that a walk is a small file: `Walk().play(steps)` goes it
again. `python tests/support/chaos.py --seeds 0:500 --steps 30` goes walks of its own and keeps those that fail, each made
as short as it can be.
"""

from __future__ import annotations

from books import AUDIT, Books

from simnova import Cloud, Host, UsageError
from simnova.nova.api.actions.registry import ACTIONS

HOSTS = [
    Host("compute1", vcpus=2, memory_mb=6656, local_gb=200),
    Host("compute2", vcpus=4, memory_mb=4608, local_gb=100),
    Host("compute3", vcpus=1, memory_mb=8704, local_gb=60),
]
NAMES = [host.name for host in HOSTS]
COMPUTES = [f"nova-compute@{name}" for name in NAMES]
CONTROL = ["nova-api", "nova-conductor", "nova-scheduler", "nova-scheduler:2"]
NEIGHBOURS = ["keystone", "glance", "neutron", "placement"]
PROCESSES = [*COMPUTES, *COMPUTES, *CONTROL, *NEIGHBOURS]
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
    "crash": (PROCESSES,),
    "stop": (PROCESSES,),
    "start": (PROCESSES,),
    "crash_at": (KINDS, PROCESSES, [1, 1, 2, 3, 5], ["before", "after"]),
    "lose": (METHODS, [1, 1, 2], [False, False, True]),
    "fail": (NAMES, FAILING, [1, 1, 2]),
}
"""Every verb, and among what each of its arguments is chosen."""

OFTEN = ["create", "act", "act", "act_and_wait", "act_and_wait", "wait", "wait", "wait"]
VERBS = [*STEPS, *OFTEN]

CONFIG = {
    "reclaim_instance_interval": [0, 100],
    "shelved_offload_time": [0, -1, 100],
    "allow_resize_to_same_host": [False, True],
    "resize_confirm_window": [0, 100],
}


STATS = __import__("collections").Counter()


class Walk:
    """A cloud with two schedulers, what was asked of it, and the steps that were gone."""

    def __init__(self, **config):
        unlimited = dict.fromkeys(("quota.instances", "quota.cores", "quota.ram"), -1)
        self.config = config
        self.cloud = Cloud(hosts=HOSTS, config={**unlimited, "scheduler.workers": 2, **config})
        self.steps = []
        self.calls = []
        self.begun = []
        self.reset = set()
        self.hit = {}
        self.told = []
        self.cloud.journal.after.append(self._notice)

    def go(self, verb, *args):
        """One step, and what must be so after each."""
        self.steps.append([verb, *args])
        try:
            getattr(self, verb)(*args)
        except UsageError:
            self.refused = verb
        Books(self.cloud).nothing_is_oversold()

    def begin(self):
        """There are some servers already."""
        for flavor in ("m1.tiny", "m1.small"):
            self.begun.append(self.cloud.submit("server", flavor=flavor))
        self.cloud.run()

    def play(self, steps):
        """A whole walk again."""
        self.begin()
        for step in steps:
            self.go(*step)
        self.quiet()

    # --- users ----------------------------------------------------------------------------------------------------

    def create(self, flavor, count, host):
        self.begun.append(self.cloud.submit("server", flavor=flavor, count=count, host=host))

    def delete(self, number):
        self._ask(number, "DELETE")

    def act(self, number, asked):
        action, value = asked
        if action == "resize":
            value = {"flavorRef": self.cloud.flavors.id_of(value)}
        if action == "rebuild":
            value = {"imageRef": self.cloud.images.id_of(value)}
        uuid = self._ask(number, "POST", "/action", {action: value})
        if action == "os-resetState" and uuid:
            self.reset.add(uuid)

    def act_and_wait(self, number, asked):
        """Until nothing goes on: without this a walk seldom comes far."""
        self.act(number, asked)
        self.cloud.run()

    def plug(self, number):
        self._ask(number, "POST", "/os-interface", {"interfaceAttachment": {}})

    def unplug(self, number):
        uuid = self._uuid(number)
        rows = self.cloud.sql(f"SELECT id FROM neutron.ports WHERE device_id = '{uuid}'").rows
        for (port,) in rows[-1:]:
            self._ask(number, "DELETE", f"/os-interface/{port}")

    def wait(self, seconds):
        self.cloud.run(until=self.cloud.now + seconds)

    # --- operators and accidents ----------------------------------------------------------------------------------

    def switch(self, verb, host):
        self._service(host, status={"enable": "enabled", "disable": "disabled"}[verb])

    def force_down(self, host, forced_down):
        self._service(host, forced_down=forced_down)

    def _service(self, host, **values):
        (number,) = (
            row["id"] for row in self.cloud.services.rows() if row["name"] == f"nova-compute@{host}"
        )
        self.cloud.send("PUT", f"/v2.1/os-services/{number}", values)

    def crash(self, name):
        self.cloud.crash(name)

    def stop(self, name):
        self.cloud.stop(name)

    def start(self, name):
        self.cloud.start(name)

    def crash_at(self, kind, name, nth, moment):
        self.cloud.crash_at(kind, name, nth=nth, moment=moment)

    def lose(self, method, times, reply):
        self.cloud.lose(method, times, reply=reply)

    def fail(self, host, what, times):
        self.cloud.fail(host, what, times=times)

    # --- at quiet -------------------------------------------------------------------------------------------------

    def settle(self):
        """All that was down comes back, all that was begun ends, the audits have their turn."""
        for _ in range(20):
            seen = len(self.cloud.journal)
            for name in self._down():
                self.cloud.start(name)
            for host in NAMES:
                self.force_down(host, False)
            self.cloud.run()
            self.cloud.run(until=self.cloud.now + AUDIT)
            self.cloud.run()
            new = self.cloud.journal.events[seen:]
            if not self._down() and not any(event.kind == "fault" for event in new):
                return
        raise AssertionError("it does not come to rest")

    def quiet(self):
        """The books are right about everyone whom no accident has hit."""
        self.settle()
        excused = self.excused()
        books = Books(self.cloud)
        wrongs = books.wrongs(orphans=99)
        mine = {one.server for one in wrongs if one.server in excused}
        bad = [w for w in wrongs if w.server not in excused and not (mine and w.server is None)]
        assert not bad, str(bad[0])
        for one in wrongs:
            if one.server in mine:
                self.told.append(self.tell(one))
        self.every_request_is_answered()

    def tell(self, one):
        row = Books(self.cloud).servers.get(one.server)
        rids = (
            self.requests()[one.server] & self.hit.keys() if one.server in self.requests() else ()
        )
        hits = []
        for rid in rids:
            for e in self.hit[rid]:
                hits.append(
                    f"{e.kind}:{e.actor.split('@')[0]}:{e.data.get('method', '')}{e.data.get('reply', '') or ''}"
                )
        return f"{one.sort} {row.vm_state if row else None}/{row.task_state if row else None} {'reset' if one.server in self.reset else ''} {sorted(set(hits))[:4]}"

    def every_request_is_answered(self):
        for call in [*self.calls, *self.begun]:
            assert call.done, f"{call} is not answered"

    def excused(self):
        return (
            self.reset
            | {uuid for uuid, rids in self.requests().items() if rids & self.hit.keys()}
            | self._deleted_behind_a_host()
        )

    def _deleted_behind_a_host(self):
        """Deleted while their host was down: the guest is left until the host looks for such."""
        text = "instance's host %s is down, deleting from database"
        gone = self.cloud.sql(
            "SELECT uuid FROM nova_cell1.instances WHERE deleted != 0 AND host IS NOT NULL"
        ).rows
        return {uuid for (uuid,) in gone}

    def requests(self):
        """The requests that each server has had."""
        found = {}
        for cell in (0, 1):
            for uuid, rid in self.cloud.sql(
                f"SELECT instance_uuid, request_id FROM nova_cell{cell}.instance_actions"
            ).rows:
                found.setdefault(uuid, set()).add(rid)
        for uuid, rid in self._mentioned():
            found.setdefault(uuid, set()).add(rid)
        return found

    def _mentioned(self):
        for event in self.cloud.journal:
            if event.kind == "http.request" and event.request_id:
                _, _, tail = str(event.data["path"]).partition("/allocations/")
                if tail:
                    yield tail, event.request_id
                _, _, tail = str(event.data["path"]).partition("/servers/")
                if tail:
                    yield tail.partition("/")[0], event.request_id
            if event.kind == "db.insert" and event.data["table"] == "instance_mappings":
                yield event.data["after"]["instance_uuid"], event.request_id

    # --- helpers --------------------------------------------------------------------------------------------------

    def _ask(self, number, method, path="", body=None):
        uuid = self._uuid(number)
        if uuid:
            self.calls.append(self.cloud.send(method, f"/v2.1/servers/{uuid}{path}", body))
        return uuid

    def _uuid(self, number):
        answered = [call for call in self.begun if call.answer and call.answer.status == 202]
        known = [server.id for call in answered for server in call.servers]
        return known[number % len(known)] if known else None

    def _down(self):
        return [name for name, life in self.cloud.assembly.running.items() if not life.alive]

    def _notice(self, event):
        """Whom an accident hits: the requests that were in hand, or whose message was lost."""
        if event.kind in ("service.crash", "service.stop"):
            life = self.cloud.assembly.running.get(event.actor)
            for task in life.tasks if life else ():
                if task.request_id:
                    self.hit.setdefault(task.request_id, []).append(event)
        elif (
            event.kind in ("fault", "rpc.timeout", "http.error", "virt.error") and event.request_id
        ):
            self.hit.setdefault(event.request_id, []).append(event)

    def close(self):
        self.cloud.close()


# --- far walks ------------------------------------------------------------------------------------------------------


def chosen(rng):
    """A step, by a random number generator."""
    verb = rng.choice(VERBS)
    return [verb, *(rng.choice(among) for among in STEPS[verb])]


def tried(config, steps):
    """How a walk ends: all that was wrong."""
    walk = Walk(**config)
    try:
        walk.play(steps)
    except Exception as error:
        return [*walk.told, type(error).__name__ + ": " + str(error)]
    finally:
        walk.close()
    return walk.told


def shortest(config, steps, same):
    """The same failure with fewer steps: those that can be left out are."""
    size = max(1, len(steps) // 2)
    while True:
        start = 0
        while start < len(steps):
            fewer = steps[:start] + steps[start + size :]
            if any(same(found) for found in tried(config, fewer)):
                steps = fewer
            else:
                start += size
        if size == 1:
            return steps
        size = max(1, size // 2)


def main():
    """Walks by seeds; those that fail are made short and kept as files."""
    import argparse
    import hashlib
    import json
    import random
    import re
    from pathlib import Path

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", default="0:100")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--into", type=Path, default=Path(".chaos"))
    parser.add_argument("--long", action="store_true", help="do not make them short")
    options = parser.parse_args()
    options.into.mkdir(exist_ok=True)
    first, _, last = options.seeds.partition(":")

    def sort_of(text):
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]+|\d+", "#", text)[:200]

    for seed in range(int(first), int(last)):
        rng = random.Random(seed)
        config = {name: rng.choice(among) for name, among in CONFIG.items()}
        steps = [chosen(rng) for _ in range(options.steps)]
        for error in tried(config, steps):
            sort = sort_of(error)
            STATS[sort] += 1
            if STATS[sort] > 1:
                continue
            print(f"{seed}: {error[:900]}", flush=True)
            if options.long:
                continue
            short = shortest(config, steps, lambda text, sort=sort: sort_of(text) == sort)
            kept = {"config": config, "error": error, "steps": short}
            name = hashlib.sha1(sort.encode()).hexdigest()[:6]
            (options.into / f"{name}.json").write_text(json.dumps(kept, indent=1))
            print(f"   {name} {len(short)} steps: {config} {json.dumps(short)}\n", flush=True)
    for text, n in STATS.most_common():
        print(n, text)


if __name__ == "__main__":
    main()
