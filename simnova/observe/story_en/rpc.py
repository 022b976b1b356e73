"""Calls, casts and their answers, and what the broker does with the messages."""

from __future__ import annotations

from typing import Any

from simnova.observe.markup import short
from simnova.observe.story_en.words import (
    after,
    count,
    seconds,
    server,
    several,
    start,
    subject,
    who,
)
from simnova.observe.telling import Telling, fields, opened

_TOPICS = {"conductor": "the conductor", "scheduler": "the scheduler"}
_WHY = {
    "schedule_and_build_instances": "find a host for {server} and have it built",
    "select_destinations": "which host should {server} go to?",
    "build_and_run_instance": "build {server}",
    "build_instances": "{server} failed there, try the next host",
    "update_instance_info": "these servers run here now",
    "delete_instance_info": "this server is gone from here",
    "sync_instance_info": "compare your list of my servers with mine",
    "update_aggregates": "aggregates have changed",
    "delete_aggregate": "an aggregate is gone",
    "set_host_enabled": "may new servers come to this host?",
    "migrate_server": "find a host for {server} to move to",
    "prep_resize": "keep room for {server}",
    "resize_instance": "switch {server} off and send its disk",
    "finish_resize": "make {server} of the disk that has come",
    "confirm_resize": "{server} stays away, clean up after it",
    "revert_resize": "{server} goes back, remove it",
    "finish_revert_resize": "{server} comes back, start it as it was",
    "live_migrate_instance": "find a host that can take {server} while it runs",
    "check_can_live_migrate_destination": "can you take {server} while it runs?",
    "check_can_live_migrate_source": "can you send {server} while it runs?",
    "live_migration": "send {server} while it runs",
    "pre_live_migration": "get ready for {server}",
    "post_live_migration_at_destination": "{server} runs with you now, it is yours",
    "rollback_live_migration_at_destination": "{server} does not come, clean up",
    "live_migration_force_complete": "end the migration of {server} by force",
    "live_migration_abort": "call the migration of {server} off",
    "terminate_instance": "delete {server}",
    "stop_instance": "stop {server}",
    "start_instance": "start {server}",
    "reboot_instance": "reboot {server}",
    "pause_instance": "freeze {server}",
    "unpause_instance": "let {server} go on",
    "suspend_instance": "save the memory of {server} and stop it",
    "resume_instance": "start {server} from its saved memory",
    "set_admin_password": "change the password inside {server}",
    "attach_interface": "plug a card into {server}",
    "detach_interface": "pull a card out of {server}",
    "get_console_output": "what has {server} written?",
    "get_vnc_console": "where is the console of {server}?",
    "get_spice_console": "where is the console of {server}?",
    "get_serial_console": "where is the console of {server}?",
    "validate_console_port": "is the console of {server} still there?",
    "rescue_instance": "start {server} from a rescue image",
    "unrescue_instance": "start {server} from its own disk again",
    "snapshot_instance": "upload the disk of {server} as an image",
    "backup_instance": "upload the disk of {server} as a backup",
    "rebuild_instance": "make {server} anew",
    "shelve_instance": "put {server} on the shelf",
    "shelve_offload_instance": "give up the host of {server}",
    "unshelve_instance": "bring {server} back from the shelf",
    "soft_delete_instance": "stop {server} and keep it for a while",
    "restore_instance": "bring {server} back",
}


def method(data: dict[str, Any]) -> str:
    """The method of an RPC event."""
    return str(data.get("method") or "a method")


def target(data: dict[str, Any]) -> str:
    """Whom a message is for: the conductor, compute1, every scheduler."""
    topic, host = data.get("topic"), data.get("server")
    if data.get("fanout"):
        return f"every {topic}"
    return str(f"{topic}.{host}" if host else _TOPICS.get(str(topic), topic))


def purpose(telling: Telling) -> str:
    """What the method is for, as an aside."""
    why = _WHY.get(method(telling.data), "")
    about = server(telling, telling.instance) if why else ""
    return f" ({why.format(server=about)})" if why else ""


def indirect(telling: Telling) -> str:
    """What nova-compute wants of the conductor in place of a database: save Instance, say."""
    given = telling.arguments
    inst = given.get("objinst")
    name = inst.get("nova_object.name") if isinstance(inst, dict) else given.get("objname")
    return f"{name or 'object'}.{given.get('objmethod') or 'method'}"


def call(telling: Telling) -> str:
    """rpc.call"""
    data = telling.data
    if method(data).startswith("object_"):
        return (
            f"{subject(telling)} calls {method(data)} on the conductor: {indirect(telling)}; "
            "it has no access to the database."
        )
    return f"{subject(telling)} calls {method(data)} on {target(data)} and waits{purpose(telling)}."


def cast(telling: Telling) -> str:
    """rpc.cast"""
    data = telling.data
    if data.get("fanout"):
        what = f"{method(data)} to {target(data)} by fanout"
    else:
        what = f"{method(data)} to {target(data)} and does not wait"
    return f"{subject(telling)} casts {what}{purpose(telling)}."


def asker(telling: Telling) -> str:
    """Who waits for this answer."""
    return who(telling.question.actor) if telling.question else "the caller"


def reply(telling: Telling) -> str:
    """rpc.reply"""
    chosen = selection(telling.body) if method(telling.data) == "select_destinations" else ""
    done = method(telling.data)
    if done.startswith("object_") and telling.question:
        done = indirect(telling.about(telling.question))
    return (
        f"{subject(telling)} replies to {asker(telling)}{after(telling)}: {done} is done{chosen}."
    )


def selection(body: Any) -> str:
    """The hosts in the answer to select_destinations: one list a server, the chosen host first."""
    result = body.get("result") if isinstance(body, dict) else body
    if not isinstance(result, list) or not result or not isinstance(result[0], list):
        return ""
    hosts = [str(fields(one).get("service_host")) for one in result[0]]
    spare = (
        f", with {several(hosts[1:])} to fall back on"
        if hosts[1:]
        else ", with no other to fall back on"
    )
    return f"; the server goes to {hosts[0]}{spare}" if hosts else ""


def error(telling: Telling) -> str:
    """rpc.error"""
    reason = failure(telling.data, telling.body)
    if telling.data.get("msg_id") is None:
        return f"{subject(telling)} fails at {method(telling.data)}: {reason}; nobody waits for a cast."
    return (
        f"{subject(telling)} answers {asker(telling)} with an error{after(telling)}: "
        f"{method(telling.data)} raised {reason}."
    )


def failure(data: dict[str, Any], body: Any) -> str:
    """The exception in an answer, by name and text."""
    found = opened(body.get("failure")) if isinstance(body, dict) else None
    if not isinstance(found, dict):
        return str(data.get("error") or "an error").rstrip(". ")
    name, text = found.get("class") or data.get("error"), str(found.get("message") or "")
    return f"{name}: {text}".rstrip(".: ")


def timeout(telling: Telling) -> str:
    """rpc.timeout"""
    data = telling.data
    spent = seconds(telling.took or data.get("seconds")) or "its timeout"
    answer = f"the answer to {method(data)} from {target(data)}"
    return f"{subject(telling)} has waited {spent} for {answer}: MessagingTimeout."


def duplicate(telling: Telling) -> str:
    """rpc.duplicate"""
    return f"{subject(telling)} has had this message before (same unique id) and drops it."


def message(telling: Telling) -> str:
    """Which message a broker's event is about: `the cast of build_and_run_instance`."""
    rpc = telling.message
    if rpc is None:
        return f"message {telling.data.get('message', '')}".rstrip()
    word = {"rpc.call": "call of", "rpc.cast": "cast of", "rpc.reply": "reply to"}.get(
        rpc.kind, "error from"
    )
    question = telling.about(rpc).question
    name = rpc.data.get("method") or (question.data.get("method") if question else None)
    return f"the {word} {name}" if name else "a message"


def publish(telling: Telling) -> str:
    """amqp.publish"""
    data = telling.data
    exchange = f"exchange {data['exchange']}" if data.get("exchange") else "the default exchange"
    queues, key = list(data.get("queues") or ()), data.get("routing_key")
    keyed = f", routing key {short(key)}," if key else ""
    if not queues:
        return f"{subject(telling)} finds no queue for {message(telling)} at {exchange}{keyed.rstrip(',')}."
    if queues == [key]:
        where = "the queue of that name"
    elif len(queues) == 1:
        where = f"queue {short(queues[0])}"
    else:
        where = f"{count(len(queues), 'queue')}: {several(map(short, queues))}"
    return f"{subject(telling)} takes {message(telling)} at {exchange}{keyed} and puts it into {where}."


def deliver(telling: Telling) -> str:
    """amqp.deliver"""
    again = " once more (redelivered)" if telling.data.get("redelivered") else ""
    queue = f"queue {short(telling.data.get('queue'))}{again}"
    return f"{subject(telling)} gets {message(telling)} from {queue}{waited(telling)}."


def waited(telling: Telling) -> str:
    """How long a message was under way."""
    sent = telling.pairs.sent.get(telling.data.get("message"))
    passed = 0.0 if sent is None else telling.event.time - telling.journal[sent].time
    return f", {seconds(passed)} after it was sent" if passed else ""


def ack(telling: Telling) -> str:
    """amqp.ack"""
    return f"{subject(telling)} acknowledges {message(telling)}: the broker forgets it."


def requeue(telling: Telling) -> str:
    """amqp.requeue"""
    return start(f"{message(telling)} goes back into queue {short(telling.data.get('queue'))}.")


def drop(telling: Telling) -> str:
    """amqp.drop"""
    reason = telling.data.get("reason") or "nobody can have it"
    queue = f" from queue {short(telling.data['queue'])}" if telling.data.get("queue") else ""
    return f"{subject(telling)} drops {message(telling)}{queue}: {reason}."


def returned(telling: Telling) -> str:
    """amqp.return"""
    return f"{subject(telling)} returns {message(telling)} to its sender: no queue is bound for it."
