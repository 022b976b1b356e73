"""EC2's metadata are a tree, each branch of which is a page (`nova/api/metadata/base.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def ec2_md_print(data: Any) -> str | bytes:
    """A branch as the list of what is on it, a slash at the end of what leads on; a leaf as it is."""
    if isinstance(data, Mapping):
        return "\n".join(_entry(key, data[key]) for key in sorted(data) if key != "_name")
    if isinstance(data, (list, tuple)):
        return "\n".join(data)
    return data if isinstance(data, (str, bytes)) else str(data)


def _entry(key: str, value: Any) -> str:
    if not isinstance(value, Mapping):
        return key
    return str(value["_name"]) if "_name" in value else f"{key}/"


def find_path_in_tree(data: Any, path_tokens: Sequence[str]) -> Any:
    """What is at the end of a path; raises KeyError."""
    for token in path_tokens:
        if not isinstance(data, Mapping) or token not in data:
            raise KeyError("/".join(path_tokens))
        data = data[token]
    return data
