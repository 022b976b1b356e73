"""Which services are alive, by their last report in the database (`nova/servicegroup/api.py`, its driver `db`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from simnova.kernel.clock import EPOCH, Clock

if TYPE_CHECKING:
    from simnova.config import Config


class API:
    """Asks whether a service, given as a mapping of its row, is up."""

    def __init__(self, conf: Config, clock: Clock) -> None:
        self.conf = conf
        self.clock = clock

    @property
    def service_down_time(self) -> float:
        """Seconds without a report after which a service counts as down; always more than `report_interval`."""
        interval = self.conf.report_interval
        down = self.conf.service_down_time
        return float(down if down > interval else int(interval * 2.5))

    def service_is_up(self, member: Mapping[str, Any]) -> bool:
        """Whether the service has reported in time and nobody has forced it down."""
        return self.why_down(member) is None

    def why_down(self, member: Mapping[str, Any]) -> str | None:
        """The reason why a service counts as down; None where it is up."""
        if member.get("forced_down"):
            return "the service is forced down"
        elapsed = self.elapsed(member)
        if elapsed is None:
            return "the service has never reported"
        if abs(elapsed) > self.service_down_time:
            return f"no report for {elapsed:.0f} s, service_down_time is {self.service_down_time:.0f} s"
        return None

    def elapsed(self, member: Mapping[str, Any]) -> float | None:
        """Seconds since the last report, or since the service was made; None where there is no such time."""
        last = last_report(member, None)
        return None if last is None else self.clock.now - last


T = TypeVar("T")


def last_report(member: Mapping[str, Any], never: T) -> float | T:
    """When a service, given as a mapping of its row, reported or was made, in seconds of the clock."""
    last = member.get("last_seen_up") or member.get("created_at")
    return _seconds(last) if last else never


def _seconds(instant: str) -> float:
    return (datetime.fromisoformat(instant) - EPOCH).total_seconds()
