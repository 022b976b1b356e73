"""What a decision is made of: verdicts on hosts, weights of hosts, claims on hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Verdict:
    """What one row says of one host: passed, or not and why."""

    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """Placement's candidates, the hosts that the request names, or one filter: its verdict on each
    host it was asked about.
    """

    name: str
    verdicts: Mapping[str, Verdict]
    failure: str = ""
    """What a filter or weigher has raised, which ended the decision."""
    odd: str = ""
    """What was odd about a filter's answers, though Nova takes them."""

    @property
    def short(self) -> str:
        """The name without the word Filter."""
        return self.name.removesuffix("Filter") or self.name

    @cached_property
    def passed(self) -> int:
        """How many hosts passed."""
        return sum(one.passed for one in self.verdicts.values())


@dataclass(frozen=True)
class Weigher:
    """One weigher: its raw weight of each host, scaled to 0…1, and how much it counts."""

    name: str
    multipliers: Mapping[str, float]
    raw: Mapping[str, float]
    normalized: Mapping[str, float]

    @property
    def short(self) -> str:
        """The name without the word Weigher."""
        return self.name.removesuffix("Weigher") or self.name

    def score(self, host: str) -> float:
        """The multiplier times the normalised weight."""
        return self.multipliers.get(host, 1.0) * self.normalized.get(host, 0.0) + 0.0

    @cached_property
    def decides(self) -> bool:
        """Whether it tells any two hosts apart."""
        return len({self.score(host) for host in self.normalized}) > 1

    @property
    def idle(self) -> str:
        """Why it makes no difference; empty where it makes one."""
        if self.decides:
            return ""
        off = self.normalized and not any(self.multipliers.get(host) for host in self.normalized)
        return "multiplier 0" if off else "the same for every host"

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        scores = {host: self.score(host) for host in self.normalized}
        plain = {"raw": dict(self.raw), "normalized": dict(self.normalized), "scores": scores}
        return {"name": self.name, "multipliers": dict(self.multipliers), **plain}


@dataclass(frozen=True)
class Claim:
    """An attempt to hold a host in Placement; `status` is None while it has not answered, and where
    nobody does: `error` then tells.
    """

    seq: int
    host: str
    status: int | None
    error: str = ""

    @property
    def refused(self) -> bool:
        """Whether Placement said no, or could not be asked."""
        return bool(self.error) if self.status is None else self.status >= 400

    def __str__(self) -> str:
        if self.status is None and self.error:
            return f"Placement did not answer the claim on {self.host}: {self.error.rstrip('.')}"
        if self.status is None:
            return f"{self.host} is being claimed"
        if not self.refused:
            return f"{self.host} was claimed"
        return f"Placement refused the claim on {self.host} ({self.status})" + (
            f": {self.error.rstrip('.')}" if self.error else ""
        )
