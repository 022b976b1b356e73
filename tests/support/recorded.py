"""The recordings of real Nova, which of our actions they are, and lines without what differs from run to run.

The recorded hypervisor is Nova's fake one: it does not notice a pause, a suspend, a rescue or a soft delete. Where the
guest's power is not what Nova's libvirt driver would tell (`OTHER_POWER`), it is not compared.
"""

import json
import re
from pathlib import Path

from simnova import Config
from simnova.cloud.recorder import Recorder, Wanted, fresh

RECORDINGS = Path(__file__).parents[1] / "operations" / "data" / "recordings.jsonl"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
HOST = re.compile(r"\bhost\d\b")
OTHER_RUNS = {"project_id", "user_id", "generation", "changed", "uuid"}
"""What differs from run to run: who asks, how often a provider has changed; and `changed` has equal values too."""

MOVES = {
    "resize": "resize",
    "confirmResize": "confirmResize",
    "resize again": "resize",
    "reverted, to go on as the recordings did": "revertResize",
    "migrate (cold)": "migrate",
    "confirm migrate": "confirmResize",
    "os-migrateLive": "os-migrateLive",
}
OTHER_POWER = {"pause", "unpause", "suspend", "resume", "rescue", "unrescue"}
OTHER_POWER |= {"soft delete (reclaim_instance_interval>0)", "restore"}
FIRST_SERVER = {
    "create": "create",
    "stop": "os-stop",
    "start": "os-start",
    "reboot SOFT": "reboot=SOFT",
    "reboot HARD": "reboot=HARD",
    "pause": "pause",
    "unpause": "unpause",
    "suspend": "suspend",
    "resume": "resume",
    "lock": "lock",
    "unlock": "unlock",
    "rescue": "rescue",
    "unrescue": "unrescue",
    "createImage (snapshot)": "createImage",
    "rebuild": "rebuild",
    "shelve (offload_time -1)": "shelve",
    "unshelve (not offloaded)": "unshelve",
    "shelve again": "shelve",
    "shelveOffload": "shelveOffload",
    "unshelve 2": "unshelve",
    "os-resetState error": "os-resetState=error",
    "os-resetState active": "os-resetState=active",
}
SECOND_SERVER = {
    "create 2": "create",
    "soft delete (reclaim_instance_interval>0)": "delete",
    "restore": "restore",
    "forceDelete": "forceDelete",
}


def recorded():
    found = [json.loads(line) for line in RECORDINGS.read_text().splitlines()]
    return {one["operation"]: one for one in found}


EXPECTED = recorded()


def config(**options):
    """Today's options but for these."""
    conf = Config()
    for option, value in options.items():
        conf.set(option, value)
    return conf


def play(actions, cloud=None, down=None, **options):
    """What is recorded of the actions, one after another, on a cloud like that of the recordings."""
    wanted = [Wanted.parse(text) for text in actions]
    cloud = cloud or fresh(wanted, hosts=3, seed=0, conf=config(**options), down=down)
    with cloud:
        found = list(Recorder(cloud, down=down).record(wanted))
        assert [e.data for e in cloud.journal if e.kind == "state.unexpected"] == []
    return found


def reduced(events, power=True):
    """Lines without what differs from run to run: ids, and hosts, which are told by their first appearance."""
    names = {}

    def host(name):
        return None if name is None else names.setdefault(name, f"host {len(names) + 1}")

    def of(line):
        if line["kind"] == "rpc":
            return [line[key] for key in ("how", "method", "topic", "fanout")] + [
                host(line["server"])
            ]
        if line["kind"] == "state":
            shown = [line[key] for key in ("op", "vm", "task")] + [host(line["host"])]
            return [*shown, line["power"]] if power else shown
        if line["kind"] == "migration":
            return [line[key] for key in ("op", "status", "type")] + [
                host(line["src"]),
                host(line["dst"]),
            ]
        held = ((line["body"] or {}).get("allocations") or {}).values()
        return [
            line["m"],
            line["url"].split("/")[1],
            line["q"],
            line["status"],
            *(one["resources"] for one in held),
        ]

    return [[line["kind"], *of(line)] for line in events]


def plain(value):
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in value if key not in OTHER_RUNS}
    return value


def canonical(events):
    """The lines as text, all fields of theirs; ids and hosts are numbered from the last line to the first.

    Two hosts in one body stand there in the order of their ids, which is chance: what comes later tells them apart.
    """
    names = {}

    def name(match):
        return names.setdefault(match[0], f"<{len(names) + 1}>")

    texts = [json.dumps(plain(line), sort_keys=True) for line in reversed(events)]
    named = [HOST.sub(name, UUID.sub(name, text)) for text in texts]
    return [json.dumps(json.loads(text), sort_keys=True) for text in reversed(named)]
