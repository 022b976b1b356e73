"""The cell of a `%%scenario`: YAML of a cloud and its requests, YAML of one scheduling decision, or Python."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Any, Final

from simnova import Cloud, Host
from simnova.exceptions import UsageError
from simnova.magics.played import Run, play
from simnova.magics.script import script
from simnova.magics.written import Block, read
from simnova.scenario import from_json
from simnova.scenario.telling import Told

FIRST: Final = 2
"""The number of the first line below `%%scenario`, as the notebook counts."""
ASKED: Final = "request"
"""The key by which a scenario asks the scheduler alone (`docs/reference/scenario.md`)."""


def played(text: str, names: dict[str, Any], name: str) -> Run | Told:
    """Play a cell; its cloud is in the variable `name` afterwards, one that Python has made where Python put it.

    Raises `UsageError` with the line of what is wrong.
    """
    if is_python(text):
        return _python(text, names)
    data = read(text, FIRST)
    if not isinstance(data, Block):
        raise UsageError(
            "this is no scenario: YAML has keys and values, as in 'hosts: 3', and Python makes a cloud, "
            f"as in cloud = Cloud(hosts=3){_not_python(text)}"
        )
    if ASKED in data:
        return _decided(data)
    run = play(script(data))
    names[name] = run.cloud
    return run


def is_python(text: str) -> bool:
    """Whether a text is Python and no YAML: `hosts: 3` is both, and means YAML."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return False
    return not all(map(_also_yaml, body))


def _also_yaml(one: ast.stmt) -> bool:
    """Whether a line is `hosts: 3` or a mere word."""
    if isinstance(one, ast.AnnAssign):
        return one.value is None
    return isinstance(one, ast.Expr) and isinstance(one.value, ast.Name | ast.Constant)


def _not_python(text: str) -> str:
    """Why a text is no Python, where it is none."""
    try:
        ast.parse("\n" * (FIRST - 1) + text)
    except (SyntaxError, ValueError, RecursionError) as error:
        return f"; as Python, {error}"
    return ""


def _python(text: str, names: dict[str, Any]) -> Run:
    """Run the text as a cell would be, and then the last cloud that it has put into a variable."""
    names.setdefault("Cloud", Cloud)
    names.setdefault("Host", Host)
    exec(compile("\n" * (FIRST - 1) + text, "<scenario>", "exec"), names)
    made = [names[name] for name in assigned(text) if isinstance(names.get(name), Cloud)]
    if not made:
        raise UsageError("this has made no cloud: put one into a variable, cloud = Cloud(hosts=3)")
    return Run("", made[-1].run())


def assigned(text: str) -> Iterator[str]:
    """The variables that a text gives a value to, in their order."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _decided(data: dict[str, Any]) -> Told:
    asked = from_json(data)
    for warning in asked.warnings:
        warnings.warn(warning, stacklevel=2)
    return asked.told()
