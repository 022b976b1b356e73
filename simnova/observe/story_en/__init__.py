"""The story in English: the one table of sentences, by kind of event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simnova.observe.story_en import faults, http, machine, rows, rpc, scheduling
from simnova.observe.telling import Telling

TEMPLATES: Final[dict[str, Callable[[Telling], str]]] = {
    "input": machine.command,
    "fault": faults.fault,
    "service.start": machine.up,
    "service.stop": machine.down,
    "service.crash": machine.crashed,
    "http.request": http.request,
    "http.response": http.response,
    "http.error": http.error,
    "rpc.call": rpc.call,
    "rpc.cast": rpc.cast,
    "rpc.reply": rpc.reply,
    "rpc.error": rpc.error,
    "rpc.timeout": rpc.timeout,
    "rpc.duplicate": rpc.duplicate,
    "amqp.publish": rpc.publish,
    "amqp.deliver": rpc.deliver,
    "amqp.ack": rpc.ack,
    "amqp.requeue": rpc.requeue,
    "amqp.drop": rpc.drop,
    "amqp.return": rpc.returned,
    "db.insert": rows.insert,
    "db.update": rows.update,
    "db.delete": rows.delete,
    "db.refused": rows.refused,
    "db.unreachable": rows.unreachable,
    "scheduler.filter": scheduling.verdict,
    "scheduler.weigh": scheduling.weigh,
    "scheduler.select": scheduling.select,
    "virt.call": machine.virt_call,
    "virt.return": machine.virt_return,
    "virt.error": machine.virt_error,
    "virt.step": machine.virt_step,
    "state.unexpected": machine.unexpected,
    "log": machine.log,
    "cost": machine.cost,
}
"""Every kind has its sentence; another language is another table with these keys."""
