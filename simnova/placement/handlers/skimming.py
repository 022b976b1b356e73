"""An answer of a thousand candidates, of which a client makes objects only where it looks.

Ten thousand small objects for each server that is scheduled would cost more than all that Placement does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload


class Summaries(Mapping[str, Any]):
    """Provider summaries by UUID."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __getitem__(self, uuid: str) -> Any:
        return json.loads(f"{{{self._texts[uuid]}}}")[uuid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


class ByProvider(Mapping[str, list[dict[str, Any]]]):
    """The allocation requests that take something of a provider, by its UUID; anew each time."""

    def __init__(self, uuids: Sequence[str], resources: Mapping[str, int]) -> None:
        self._uuids = dict.fromkeys(uuids)
        self._resources = resources

    def __getitem__(self, uuid: str) -> list[dict[str, Any]]:
        if uuid not in self._uuids:
            raise KeyError(uuid)
        allocations = {uuid: {"resources": {**self._resources}}}
        return [{"allocations": allocations, "mappings": {"": [uuid]}}]

    def __iter__(self) -> Iterator[str]:
        return iter(self._uuids)

    def __len__(self) -> int:
        return len(self._uuids)


class Requests(Sequence[dict[str, Any]]):
    """Allocation requests that take the same, each of one provider; what is returned is made anew each time."""

    def __init__(self, uuids: Sequence[str], resources: Mapping[str, int]) -> None:
        self._uuids = uuids
        self.by_provider = ByProvider(uuids, resources)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        return self.by_provider[self._uuids[index]][0]

    def __len__(self) -> int:
        return len(self._uuids)
