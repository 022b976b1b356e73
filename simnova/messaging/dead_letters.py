"""Dead letters: what a queue gives up goes on to another exchange, with its history in the header
`x-death`.

As RabbitMQ 3.10.8 writes it: the expiration is taken off and noted, and the message keeps its
other headers.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from simnova.messaging.message import BasicProperties, Message, Origin
from simnova.messaging.queues import Queue

DEAD_LETTERS = frozenset({"expired", "rejected", "maxlen"})
"""The reasons for which a message is dead-lettered; one that goes with its queue, or is purged,
is not.
"""


def dead_letter(id: str, queue: Queue, message: Message, reason: str, origin: Origin) -> Message:
    """The message a queue sends on when it gives one up."""
    return Message(
        id,
        queue.arguments["x-dead-letter-exchange"],
        queue.arguments.get("x-dead-letter-routing-key", message.routing_key),
        message.body,
        _properties(queue, message, reason),
        False,
        message.sender,
        origin,
    )


def _properties(queue: Queue, message: Message, reason: str) -> BasicProperties:
    headers = copy.deepcopy(message.properties.headers)
    deaths: list[dict[str, Any]] = headers.get("x-death", [])
    same = [d for d in deaths if (d["queue"], d["reason"]) == (queue.name, reason)]
    death = same[0] if same else _death(queue, message, reason)
    death["count"] += 1
    headers["x-death"] = [death, *(d for d in deaths if d is not death)]
    headers.setdefault("x-first-death-exchange", message.exchange)
    headers.setdefault("x-first-death-queue", queue.name)
    headers.setdefault("x-first-death-reason", reason)
    return replace(message.properties, headers=headers, expiration=None)


def _death(queue: Queue, message: Message, reason: str) -> dict[str, Any]:
    death = {
        "count": 0,
        "reason": reason,
        "queue": queue.name,
        "time": int(queue.clock.now),
        "exchange": message.exchange,
        "routing-keys": [message.routing_key],
    }
    expiration = message.properties.expiration
    return death if expiration is None else {**death, "original-expiration": expiration}


def goes_round(letter: Message, queue: Queue) -> bool:
    """Whether a dead letter would come back to a queue it died in without anyone having rejected
    it: it is dropped.
    """
    deaths = letter.properties.headers["x-death"]
    return queue.name in [d["queue"] for d in deaths] and all(
        d["reason"] != "rejected" for d in deaths
    )
