"""What an event is called in a table of failures: short, and the same in each run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from simnova.kernel.journal import Event
from simnova.messaging.envelope import unseal
from simnova.observe.markup import plain


class Words:
    """Names for the events of one journal."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self._sent = {
            event.data["message"]: event for event in events if event.kind == "amqp.publish"
        }

    def event(self, event: Event) -> str:
        """What happened, as in `it writes nova_cell1.instances`."""
        tell = _WORDS.get(event.kind.partition(".")[0])
        if event.kind in ("amqp.deliver", "amqp.ack"):
            return f"{'it gets' if event.kind == 'amqp.deliver' else 'it acknowledges'} {self._carried(event)}"
        if event.kind in ("rpc.call", "rpc.cast", "rpc.reply", "rpc.error"):
            return f"it sends {self.message(event)}"
        return tell(event) if tell else event.kind

    def message(self, event: Event) -> str:
        """An RPC message: what it is, of what, and to whom."""
        method, kind = event.data["method"], event.kind.partition(".")[2]
        if kind in ("reply", "error"):
            called = self._asked(event)
            return f"the reply to {called}"
        if event.data.get("fanout"):
            return f"the fan-out {method}{_of(event)}"
        return f"the {kind} {method}{_of(event)}"

    def _asked(self, event: Event) -> str:
        for other in self.events:
            if other.kind == "rpc.call" and other.data["msg_id"] == event.data["msg_id"]:
                return f"{other.data['method']}{_of(other)}"
        return str(event.data["method"])

    def _carried(self, event: Event) -> str:
        published = self._sent.get(event.data["message"])
        if published is None or published.cause is None:
            return "a message"
        sent = self.events[published.cause]
        return self.message(sent) if sent.kind.startswith("rpc.") else "a message"


def _of(event: Event) -> str:
    """What is asked of the conductor in the name of an object: ` (Instance.save)`."""
    if not event.data["method"].startswith("object_") or "body" not in event.data:
        return ""
    args = unseal(event.data["body"])["args"]
    given = args.get("objinst")
    name = given["nova_object.name"] if isinstance(given, dict) else args.get("objname")
    return f" ({name}.{args['objmethod']}{_state(given)})"


def _state(given: Any) -> str:
    """Which states are saved: ` BUILDING/networking`."""
    if not isinstance(given, dict) or "task_state" not in given.get("nova_object.changes", ()):
        return ""
    data = given["nova_object.data"]
    return f" of {data.get('vm_state')}/{data.get('task_state') or '-'}"


def _db(event: Event) -> str:
    verb = {"insert": "writes", "update": "changes", "delete": "removes"}.get(
        event.kind.partition(".")[2], "touches"
    )
    return f"it {verb} {event.data['db']}.{event.data['table']}"


def _http(event: Event) -> str:
    data = event.data
    about = f"{data['method']} {_path(data['path'])}"
    if event.kind == "http.request":
        return f"it asks {data['to']} for {about}"
    return f"it answers {about}"


def _path(path: str) -> str:
    """Without the ids in it."""
    return "/".join(
        "…" if len(part) == 36 and part.count("-") == 4 else part for part in path.split("/")
    )


def _virt(event: Event) -> str:
    data = event.data
    if event.kind == "virt.step":
        return f"the hypervisor's step {data['step']}"
    verb = {"call": "has the hypervisor", "return": "is back from the hypervisor's"}
    return f"it {verb.get(event.kind.partition('.')[2], 'fails at')} {data['method']}"


def _log(event: Event) -> str:
    return f"it logs “{plain(event.data['message'])[:40]}”"


def _scheduler(event: Event) -> str:
    return {
        "scheduler.filter": f"it has asked {event.data.get('filter')}",
        "scheduler.weigh": "it has weighed the hosts",
        "scheduler.select": "it has chosen a host",
    }[event.kind]


_WORDS: dict[str, Callable[[Event], str]] = {
    "db": _db,
    "http": _http,
    "virt": _virt,
    "log": _log,
    "scheduler": _scheduler,
}
