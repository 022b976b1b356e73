"""What was done to a server, with the reasons of what has failed below the rows they belong to."""

from __future__ import annotations

from itertools import islice
from textwrap import fill

from simnova.observe.table import WIDTH, Table


class Actions(Table):
    """A table whose text has the column `why` in lines of its own, where there is anything in it."""

    def __str__(self) -> str:
        shown = Table([name for name in self.columns if name != "why"], [], whole=self.whole)
        rest = Table(shown.columns, self.only(*shown.columns).rows, whole=self.whole)
        lines = str(rest).splitlines()
        told = lines[:2]
        for line, why in zip(islice(lines, 2, None), self.column("why"), strict=True):
            told += [line, *([_indented(why)] if why else [])]
        return "\n".join(told)

    __repr__ = __str__


def _indented(why: str) -> str:
    return fill(why.strip(), WIDTH, initial_indent="    ", subsequent_indent="    ")
