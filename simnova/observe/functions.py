"""Which function a line of service code stands in: what oslo.log puts behind a DEBUG line."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
"""Where the files lie that events name (`nova/scheduler/manager.py:92`)."""


def function_at(where: str) -> str:
    """The innermost function around `file:line`; empty where the file is none of ours, or is read
    no more.
    """
    name, _, number = where.rpartition(":")
    inside = [
        (first, function)
        for first, last, function in functions(name)
        if number.isdigit() and first <= int(number) <= last
    ]
    return max(inside, default=(0, ""))[1]


@cache
def functions(name: str) -> list[tuple[int, int, str]]:
    """The functions of a file: first line, last line, name."""
    try:
        tree = ast.parse((PACKAGE / name).read_text())
    except (OSError, SyntaxError, ValueError):
        return []
    return [
        (node.lineno, node.end_lineno or node.lineno, node.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
