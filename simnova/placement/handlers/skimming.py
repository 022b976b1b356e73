"""An answer of a thousand candidates, of which a client makes objects only where it looks.

Ten thousand small objects for each server that is scheduled would cost more than all that Placement does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableSequence, Sequence
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


class Claims(MutableSequence[dict[str, Any]]):
    """What takes something of a provider: one allocation request, made when somebody looks, and whatever they add."""

    __slots__ = ("_made", "_resources", "_uuid")

    def __init__(self, uuid: str, resources: Mapping[str, int]) -> None:
        self._uuid = uuid
        self._resources = resources
        self._made: list[dict[str, Any]] | None = None

    def _all(self) -> list[dict[str, Any]]:
        if self._made is None:
            allocations = {self._uuid: {"resources": {**self._resources}}}
            self._made = [{"allocations": allocations, "mappings": {"": [self._uuid]}}]
        return self._made

    def __len__(self) -> int:
        return 1 if self._made is None else len(self._made)

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._all()[index] = value

    def __delitem__(self, index: int | slice) -> None:
        del self._all()[index]

    def insert(self, index: int, value: dict[str, Any]) -> None:
        """Put another one in front of the one with that index."""
        self._all().insert(index, value)

    def __eq__(self, other: object) -> bool:
        return self._all() == list(other) if isinstance(other, Sequence) else NotImplemented

    def __repr__(self) -> str:
        return repr(self._all())


class ByProvider(Mapping[str, Claims]):
    """The allocation requests that take something of a provider, by its UUID; anew each time."""

    def __init__(self, uuids: Sequence[str], resources: Mapping[str, int]) -> None:
        self._uuids = dict.fromkeys(uuids)
        self._resources = resources

    def __getitem__(self, uuid: str) -> Claims:
        if uuid not in self._uuids:
            raise KeyError(uuid)
        return Claims(uuid, self._resources)

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
        request: dict[str, Any] = self.by_provider[self._uuids[index]][0]
        return request

    def __len__(self) -> int:
        return len(self._uuids)
