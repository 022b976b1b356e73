"""Boots per CPU second, from the API's request to ACTIVE, with the journal on."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import Line, boot, cpu, roomy, show

CASES = ((10, 100), (100, 40))
"""Hosts, and the boots that are measured on them."""


def lines() -> Iterator[Line]:
    """On few and on many hosts, at both levels of the journal."""
    for hosts, count in CASES:
        for level in ("full", "summary"):
            yield _boots(hosts, count, level)


def _boots(hosts: int, count: int, level: str) -> Line:
    cloud = roomy(hosts, level=level)
    boot(cloud, 3)
    seen = len(cloud.journal)
    each = cpu(lambda: boot(cloud, count)) / count
    events = (len(cloud.journal) - seen) / count
    note = f"{each * 1e3:.1f} ms and {events:.0f} events each"
    return Line(f"boots on {hosts} hosts, journal {level}", 1 / each, "a second", note)


if __name__ == "__main__":
    show(lines())
