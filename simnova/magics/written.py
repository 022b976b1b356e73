"""YAML as somebody wrote it: texts, numbers, lists, and blocks that know on which line each of their keys stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import yaml

from simnova.exceptions import UsageError, shown, unknown

__all__ = ["Block", "at_line", "block", "on_line", "read"]


class Block(dict[str, Any]):
    """A mapping; `line` is where it begins, `lines` where each key stands."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def check(self, what: str, known: Iterable[str]) -> None:
        """Raise `UsageError` for a key that is not one of `known`, with its line and the nearest one."""
        names = list(known)
        for key in self:
            if key not in names:
                at_line(self.lines[key], unknown(f"key of {what}", key, names))


def at_line(line: int, error: object) -> NoReturn:
    """Raise `UsageError` for what is wrong on a line."""
    raise UsageError(f"line {line}: {error}") from None


@contextmanager
def on_line(line: int) -> Iterator[None]:
    """What is wrong with what is done here is told with that line."""
    try:
        yield
    except UsageError as error:
        at_line(line, error)


def block(value: Any, line: int, what: str) -> Block:
    """The value, where it is a block; raises `UsageError` otherwise."""
    if not isinstance(value, Block):
        at_line(line, f"{what} is a block of keys and values, not {shown(value, repr, 40)}")
    return value


def read(text: str, first: int = 1) -> Any:
    """What a text says; its first line has the number `first`. Raises `UsageError` for what is no YAML."""
    try:
        loader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:
        raise UsageError(f"this is no YAML: {shown(error)}") from None
    try:
        node = loader.get_single_node()
        return None if node is None else _Reader(loader, first).value(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at_line((mark.line if mark else 0) + first, f"this is no YAML: {error.problem}")
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(f"this is no YAML: {shown(error)}") from None
    except RecursionError:
        raise UsageError("this YAML is nested too deeply, or in itself: make it flatter") from None
    finally:
        loader.dispose()


class _Reader:
    """Makes values of nodes; what an alias stands for is made once."""

    def __init__(self, loader: yaml.SafeLoader, first: int) -> None:
        self._loader = loader
        self._first = first
        self._made: dict[yaml.Node, Any] = {}

    def value(self, node: yaml.Node) -> Any:
        """The value of a node."""
        if node not in self._made:
            self._made[node] = self._make(node)
        return self._made[node]

    def _make(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            self._loader.flatten_mapping(node)
            return self._block(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one) for one in node.value]
        return self._loader.construct_object(node)

    def _block(self, node: yaml.MappingNode) -> Block:
        made = Block(self._line(node))
        for key_node, value_node in node.value:
            key, line = self.value(key_node), self._line(key_node)
            if not isinstance(key, str):
                at_line(line, f"a key is a text, not {shown(key, repr)}: put it in quotes")
            if key in made:
                at_line(line, f"'{key}' stands here for the second time")
            made[key], made.lines[key] = self.value(value_node), line
        return made

    def _line(self, node: yaml.Node) -> int:
        return int(node.start_mark.line) + self._first
