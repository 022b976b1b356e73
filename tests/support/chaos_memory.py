"""What a chaos run keeps in memory: the journal's share of an event, and all else that is left."""

import gc
import random
import resource
import tracemalloc
from typing import NamedTuple

from chaos import Walk
from chaos_steps import chosen

TOLD = 10_000


class Kept(NamedTuple):
    """Bytes of an event in the journal and beside it; how many events; MB by which the process has grown."""

    each: float
    rest: float
    events: int
    grown: float


def kept(level, events, seed=0, tell=None):
    """Walk on, on one cloud, until there are so many events more; `tell` is told how many, every ten thousand."""
    walk, rng = Walk(level=level), random.Random(seed)
    walk.begin()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    start, seen = _allocated(), len(walk.cloud.journal)
    while len(walk.cloud.journal) < seen + events:
        number = len(walk.cloud.journal)
        walk.go(*chosen(rng))
        if tell and number // TOLD != len(walk.cloud.journal) // TOLD:
            tell(len(walk.cloud.journal) - seen, len(walk.steps))
    all_of_it, number = _allocated() - start, len(walk.cloud.journal) - seen
    del walk.cloud.journal.events[seen:]
    rest = _allocated() - start
    tracemalloc.stop()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    walk.close()
    return Kept((all_of_it - rest) / number, rest / number, number, grown)


def _allocated():
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
