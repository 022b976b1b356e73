"""The page that lists all filters and weighers, made from the classes themselves."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Mapping

from simnova.config.registry import SECTIONS
from simnova.nova.loadables import PlugIn
from simnova.nova.scheduler.filters import BaseHostFilter, all_filters
from simnova.nova.scheduler.removed import ABSENT, GONE
from simnova.nova.scheduler.weights import BaseHostWeigher, all_weighers

_HEAD = """\
# Filters and weighers

What `enabled_filters` and `weight_classes` in `[filter_scheduler]` may name. A filter says of each host whether it
passes, and why not; a weigher gives each host that passed a number. Their docstrings say more; the options are in
`docs/reference/config.md`.

The last column says how the question is answered for all hosts at once: by arithmetic on columns of numbers, once for
all hosts that are alike in something, or host by host. A host that does not pass for certain is always asked by itself,
for the reason and the log. Filters and weighers of one's own, and classes derived from these, are asked host by host.

This page is made by `python -m simnova.nova.scheduler`.
"""
_WEIGHING = """\
A host's weight is the sum, over all weighers, of the normalised weight times the multiplier:

1. A weigher gives each host that passed a raw number (free MB, servers, …), within its `minval` and `maxval`.
2. Those numbers are normalised: (raw - low) / (high - low). `low` is the weigher's `minval`, else the least raw number
   among these hosts; `high` is its `maxval`, else the greatest. So they lie between 0 and 1, and a host's share depends
   on which other hosts passed.
3. Where low and high are equal, as when all hosts are alike, each gets 0: that weigher tells nobody apart.
4. The result is multiplied, by the option `…_weight_multiplier` or what the host's aggregates say in its place. A
   negative multiplier turns the order round, 0 switches the weigher off.

Three hosts with 1024, 3072 and 4096 MB free: with no `minval` they have 0, 0.67 and 1, with a `minval` of 0 they have
0.25, 0.75 and 1. A host that passed alone is not weighed.

Ends of their own have {ends}.
"""
_BASES = (BaseHostFilter, BaseHostWeigher)
_RELEVANT = ("filter_scheduler", "metrics", "DEFAULT")


def reference() -> str:
    """The whole page, as Markdown."""
    filters, weighers = all_filters(), all_weighers()
    today = {name: cls for name, cls in sorted(filters.items()) if name not in GONE}
    return "\n".join(
        [
            _HEAD,
            *_section("Filters", today),
            *_older(filters),
            *_section("Weighers", dict(sorted(weighers.items()))),
            "## How hosts are weighed",
            "",
            _WEIGHING.format(ends=_ends(weighers)),
        ]
    )


def _ends(weighers: Mapping[str, type[BaseHostWeigher]]) -> str:
    """The ends of the scales that weighers fix."""
    told = {
        name: [f"`{end}` {value:g}" for end, value in held.items() if value is not None]
        for name, cls in sorted(weighers.items())
        for held in ({"minval": cls.minval, "maxval": cls.maxval},)
    }
    return "; ".join(f"{name} ({', '.join(ends)})" for name, ends in told.items() if ends)


def options(cls: type[PlugIn]) -> list[str]:
    """The options that a filter or weigher reads, as its source and its docstring name them."""
    named: set[str] = set()
    for one in cls.__mro__:
        if issubclass(one, _BASES) and one not in _BASES:
            named |= _names(one)
    return [
        f"[{section}] {name}" if section != "DEFAULT" else name
        for section in _RELEVANT
        for name in SECTIONS[section]
        if name in named and (section != "DEFAULT" or "_" in name)
    ]


def _names(cls: type) -> set[str]:
    """Attributes, texts, and words in backquotes."""
    nodes = list(ast.walk(ast.parse(textwrap.dedent(inspect.getsource(cls)))))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    texts = {str(node.value) for node in nodes if isinstance(node, ast.Constant)}
    return attributes | texts | set(re.findall(r"`(\w+)`", cls.__doc__ or ""))


def _section(title: str, classes: Mapping[str, type[PlugIn]]) -> list[str]:
    rows = [(f"`{name}`", _what(cls), _options(cls), _form(cls)) for name, cls in classes.items()]
    head = ("name", "what it does", "options", "for all hosts at once")
    return [f"## {title}", "", *_table(head, rows), ""]


def _older(filters: Mapping[str, type[BaseHostFilter]]) -> list[str]:
    rows = [
        (f"`{name}`", _what(cls), _options(cls), gone.release, gone.why, _form(cls))
        for name, gone in GONE.items()
        for cls in (filters[name],)
    ]
    head = (
        *("name", "what it does", "options", "removed in", "because"),
        "for all hosts at once",
    )
    absent = [f"* {name}, removed in {gone.release}: {gone.why}." for name, gone in ABSENT.items()]
    return [
        "## Filters of older releases",
        "",
        *_table(head, rows),
        "",
        "Not here:",
        "",
        *absent,
        "",
    ]


def _what(cls: type) -> str:
    """The first line of the docstring."""
    return (inspect.getdoc(cls) or "").partition("\n")[0].replace("|", "\\|")


def _form(cls: type) -> str:
    """How it answers for all hosts at once, as its method says."""
    method = vars(cls).get("hosts_pass") or vars(cls).get("weigh_hosts")
    return (inspect.getdoc(method) or "").rstrip(".") if method else "each host is asked"


def _options(cls: type[PlugIn]) -> str:
    return ", ".join(f"`{name}`" for name in options(cls))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
