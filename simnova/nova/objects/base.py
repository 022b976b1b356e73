"""What every object of Nova has: a version, what has changed, its form on the wire (`nova/objects/base.py`).

Objects are plain dataclasses. A method marked `@remotable` runs where the database is: in place, or, in
nova-compute, at the conductor through `object_action`. That one decorator is why compute hosts need no database.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, fields
from functools import wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, Self, TypeVar, cast

from simnova.nova.context import RequestContext

P = ParamSpec("P")
R = TypeVar("R")
Obj = TypeVar("Obj", bound="NovaObject")

NAMESPACE = "nova"
REGISTRY: dict[str, type[NovaObject]] = {}


@dataclass
class NovaObject:
    """A versioned record that can cross a message and knows which of its fields were changed since it was loaded."""

    VERSION: ClassVar[str] = "1.0"

    context: RequestContext | None = field(default=None, repr=False, compare=False, kw_only=True)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        REGISTRY[cls.__name__] = cls

    def __post_init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    @property
    def ctxt(self) -> RequestContext:
        """The context this object came with; raises where it is an orphan (`OrphanedObjectError` in Nova)."""
        if self.context is None:
            raise RuntimeError(f"Cannot use a {type(self).__name__} without a context")
        return self.context

    @classmethod
    def field_names(cls) -> list[str]:
        """The names of the fields that cross a message."""
        return list(_names(cls))

    def values(self) -> dict[str, Any]:
        """All fields and their values."""
        held = self.__dict__
        return {name: held[name] for name in _names(type(self))}

    def obj_what_changed(self) -> dict[str, Any]:
        """The fields that differ from what was last loaded or saved, with their present values."""
        held, before = self.__dict__, self._loaded.get
        return {
            name: now
            for name in _names(type(self))
            if (then := before(name, _NEVER)) is not (now := held[name]) and then != now
        }

    def obj_reset_changes(self) -> Self:
        """What is here now is what the database has. Returns itself."""
        changed = self.obj_what_changed()
        if changed:
            new = {n: v if type(v) in _PLAIN else _frozen(v) for n, v in changed.items()}
            self._loaded = {**self._loaded, **new}
        return self

    def obj_to_primitive(self) -> dict[str, Any]:
        """The object as JSON, in the form that oslo.versionedobjects gives it on the wire."""
        primitive: dict[str, Any] = to_primitive(self.to_encode())
        return primitive

    def to_encode(self) -> dict[str, Any]:
        """The same for an encoder that asks this of the objects in it, too: nothing is copied for it."""
        values, loaded = self.values(), self._loaded
        changed = self.obj_what_changed() if loaded and values != loaded else ()
        return {
            "nova_object.name": type(self).__name__,
            "nova_object.namespace": NAMESPACE,
            "nova_object.version": self.VERSION,
            "nova_object.data": values,
            "nova_object.changes": sorted(changed),
        }

    @classmethod
    def obj_from_primitive(cls, value: dict[str, Any], context: RequestContext | None) -> Self:
        """The object whose form on the wire `value` is, bound to `context`; it keeps parts of `value` for itself."""
        raw = value["nova_object.data"]
        data = {k: v if type(v) in _PLAIN else from_primitive(v, context) for k, v in raw.items()}
        if raw.keys() != _names(cls).keys():
            obj = cls(**data, context=context).obj_reset_changes()
        else:
            obj = cls.__new__(cls)
            obj.__dict__.update(data, context=context)
            obj._loaded = {n: r if r == (v := data[n]) else _frozen(v) for n, r in raw.items()}
        for name in value.get("nova_object.changes", ()):
            obj._loaded.pop(name, None)
        return obj


_FIELDS: dict[type[NovaObject], dict[str, None]] = {}


def _names(cls: type[NovaObject]) -> dict[str, None]:
    found = _FIELDS.get(cls)
    if found is None:
        found = _FIELDS[cls] = {f.name: None for f in fields(cls) if f.name != "context"}
    return found


def _frozen(value: Any) -> Any:
    """A value that later changes in place do not reach, so that they show as changes."""
    if isinstance(value, dict):
        return {k: v if type(v) in _PLAIN else _frozen(v) for k, v in value.items()}
    if isinstance(value, list):
        return [v if type(v) in _PLAIN else _frozen(v) for v in value]
    return value


_NEVER = object()
"""What a field was that has never been loaded."""
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types whose values are JSON as they are: nearly all, so they are passed by quickly."""


def to_primitive(value: Any) -> Any:
    """Any mix of objects, lists and dicts as JSON."""
    if isinstance(value, dict):
        return {k: v if type(v) in _PLAIN else to_primitive(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [v if type(v) in _PLAIN else to_primitive(v) for v in value]
    return value.obj_to_primitive() if isinstance(value, NovaObject) else value


def from_primitive(value: Any, context: RequestContext | None = None) -> Any:
    """The inverse of `to_primitive`; objects are bound to `context`."""
    if isinstance(value, list):
        return [v if type(v) in _PLAIN else from_primitive(v, context) for v in value]
    if not isinstance(value, dict):
        return value
    if "nova_object.name" in value:
        return REGISTRY[value["nova_object.name"]].obj_from_primitive(value, context)
    return {k: v if type(v) in _PLAIN else from_primitive(v, context) for k, v in value.items()}


def remotable(
    method: Callable[Concatenate[Obj, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Obj, P], Coroutine[Any, Any, R]]:
    """Run a method of an object where the database is, and take over what it changed there."""

    async def run(self: Obj, /, *args: P.args, **kwargs: P.kwargs) -> R:
        conductor = self.ctxt.indirection_api
        if conductor is None:
            return await method(self, *args, **kwargs)
        updates, result = await conductor.object_action(
            self.ctxt, self, method.__name__, list(args), kwargs
        )
        for name, value in updates.items():
            setattr(self, name, value)
        self.obj_reset_changes()
        return cast(R, result)

    return wraps(method)(run)


def remotable_class(
    method: Callable[Concatenate[type[Obj], RequestContext, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[type[Obj], RequestContext, P], Coroutine[Any, Any, R]]:
    """Under `@classmethod`: load objects where the database is."""

    async def run(
        cls: type[Obj], context: RequestContext, /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        conductor = context.indirection_api
        if conductor is None:
            return await method(cls, context, *args, **kwargs)
        versions = {cls.__name__: cls.VERSION}
        result = await conductor.object_class_action_versions(
            context, cls.__name__, method.__name__, versions, list(args), kwargs
        )
        return cast(R, result)

    return wraps(method)(run)


class NovaObjectSerializer:
    """Turns objects and contexts into JSON and back for RPC, bound to the place where they arrive (`nova/rpc.py`)."""

    def __init__(self, place: Any) -> None:
        self.place = place

    def serialize_context(self, context: RequestContext) -> dict[str, Any]:
        """What of a context crosses."""
        return context.to_dict()

    def deserialize_context(self, values: dict[str, Any]) -> RequestContext:
        """The context as it arrived here."""
        return RequestContext.from_dict(values, self.place)

    def serialize_entity(self, context: RequestContext, entity: Any) -> Any:
        """An argument or a result as it is: the envelope asks objects for what crosses."""
        return entity

    def deserialize_entity(self, context: RequestContext, entity: Any) -> Any:
        """An argument or a result as it arrived here."""
        return from_primitive(entity, context)


__door__ = True
