"""The page of all fields of a scenario, made from the table by which they are read."""

from __future__ import annotations

from simnova.scenario.fields import OPEN, PARTS, Field

_HEAD = """\
# Scenarios

A scenario is a cloud and a request as one JSON object; the answer is what the scheduler makes of it, with the verdict
of every filter on every host. `simnova.scenario.from_json(text)` reads one and `.answer()` answers it; in a terminal,
`simnova schedule FILE` tells the answer as tables, and `simnova schedule --jsonl` reads a scenario a line and writes an
answer a line, `{"error": …}` for a line that is no scenario.

The scheduler itself decides: a Placement and databases are filled from the scenario, and `select_destinations` is
asked. Time stands still meanwhile. Equal weights keep the order in which the hosts are listed.

What is absent or `null` has its default; what has none must be there. Unknown fields and options are ignored with a
warning. This page is made by `python -m simnova.scenario`.
"""
_TITLES = {
    "scenario": "The scenario",
    "host": "A host: `hosts[]`",
    "service": "Its service: `hosts[].service`",
    "instance": "A server on it: `hosts[].instances[]`",
    "numa_topology": "Its NUMA nodes: `hosts[].numa_topology`",
    "numa_cell": "One of them: `hosts[].numa_topology.cells[]`",
    "mempages": "Its pages of one size: `hosts[].numa_topology.cells[].mempages[]`",
    "pci_pool": "A pool of PCI devices: `hosts[].pci_pools[]`",
    "inventory": "An inventory: `hosts[].extra_inventory.CLASS`",
    "aggregate": "An aggregate: `aggregates[]`",
    "request": "The request: `request`",
    "flavor": "Its flavor: `request.flavor`",
    "image": "Its image: `request.image`",
    "group": "Its server group: `request.group`",
    "destination": "Its destination: `request.requested_destination`",
}
_ANSWER = """\
## The answer

| field | what it holds |
|---|---|
| `name` | the scenario's |
| `enabled_filters` | the filters that decided |
| `hosts` | by name, of every host: see below |
| `placement_query` | what was asked of Placement; `null` where it was not |
| `order` | the hosts that passed, heaviest first, when the first server was placed |
| `tie_for_best` | the hosts that share the greatest weight; empty where one alone has it |
| `selections` | for each server a list: its host, then the alternates; `null` where there is an error |
| `error` | why there is no selection, in Nova's words; absent otherwise |

| field of a host | what it holds |
|---|---|
| `filters` | by filter, enabled or not, whether it passes the host; `EXC Type: text` where the filter raises |
| `placement` | whether it was among Placement's candidates |
| `passed` | whether it was left by Placement, by what the request names, and by the enabled filters |
| `weight` | the sum of its scores, where it passed; 0 where it was the only one, which is not weighed |
| `weights` | by weigher: `raw`, `norm`(alised), `multiplier`, and their product `score`; of two hosts or more |

A filter that there is not keeps Nova's scheduler from starting: `hosts` is empty then, and `error` says which.

## What differs from Nova

More than two thousand clouds with requests drawn at random have been given to real Nova 34 as well. These kinds of
answers differ:

* A value that Nova's image object refuses, such as an unknown `hw_disk_bus`, is met later or not at all; Nova's API
  would have refused the image. `hw_numa_cpus.N` and `hw_numa_mem.N` of an image are not read.
* What compares an object with a number (`$service` and `$metrics` in a JSON query, `capabilities:metrics` or
  `capabilities:aggregates` as a number) raises in both; the text differs. Where several aggregates have different
  values under one key, the value that a filter raises about is arbitrary in Nova.
* Multipliers and weights that are infinite or no number order hosts in another way.
* Where servers of a group are made together and ImagePropertiesWeigher has a multiplier, Nova itself breaks off with
  "Cannot call obj_load_attr on orphaned Instance object"; here it does not.
* PCI devices are not in Placement (`pci_in_placement` is not known), and no network or port asks for anything.
"""


def reference() -> str:
    """`docs/reference/scenario.md`."""
    return "\n".join([_HEAD, *(_part(name) for name in PARTS), _ANSWER])


def _part(name: str) -> str:
    rows = [_row(field, said) for field, said in PARTS[name].items()]
    more = ["", "Other fields are kept: device specifications add tags."] if name in OPEN else []
    head = [f"## {_TITLES[name]}", "", "| field | what it is | it holds | where absent |"]
    return "\n".join([*head, "|---|---|---|---|", *rows, *more, ""])


def _row(name: str, field: Field) -> str:
    default = "required" if field.default is None else field.default
    return f"| `{name}` | {field.about} | {field.kind.told} | {default} |"
