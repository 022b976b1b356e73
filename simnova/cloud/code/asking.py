"""A recorded input as the call that a learner would write."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simnova.cloud.code.making import host, python
from simnova.cloud.hosts import Host
from simnova.kernel.timeline import Input

if TYPE_CHECKING:
    from simnova.cloud.cloud import Cloud

BOOT = "/v2.1/servers"


class Asked(BaseException):
    """What a call has asked of a cloud, which has not done it; nothing inside the cloud may catch that."""

    def __init__(self, verb: str, args: dict[str, Any]) -> None:
        super().__init__(verb)
        self.said = verb, args


@contextmanager
def listening(cloud: Cloud) -> Iterator[None]:
    """Whatever is asked of the cloud meanwhile is not done, but raised."""

    def listen(verb: str, /, **args: Any) -> None:
        raise Asked(verb, args)

    vars(cloud)["_input"] = listen
    try:
        yield
    finally:
        del vars(cloud)["_input"]


def asks(cloud: Cloud, text: str) -> tuple[str, dict[str, Any]] | None:
    """What a call asks for; None where it asks for nothing."""
    try:
        with listening(cloud):
            exec(text, {"cloud": cloud, "Host": Host})
    except Asked as asked:
        return asked.said
    except Exception:
        return None
    return None


def call(cloud: Cloud, given: Input) -> str:
    """The shortest call that asks for just that, and goes on until it is answered; empty where there is none."""
    wanted = given.verb, given.args
    return next((text for text in spellings(cloud, given) if asks(cloud, text) == wanted), "")


def sending(given: Input) -> str:
    """The call that asks for a request and does not wait for its answer."""
    return requested("send", given.args)


def spellings(cloud: Cloud, given: Input) -> Iterator[str]:
    """Calls that may ask for that, the one that is best to read first."""
    args = dict(given.args)
    match given.verb:
        case "request":
            yield from of_a_server(cloud, args)
            yield requested("request", args)
        case "advance":
            yield from until(cloud.now + args["seconds"])
        case "at":
            yield f"cloud.at({python(args['seconds'])}).{verb(cloud, args['verb'], args['args'])}"
        case "add_host":
            yield f"cloud.add_host({host(Host(**args))})"
        case "update_rows":
            table = f"{args['database']}.{args['table']}"
            yield f"cloud.update_rows({python(table)}, {python(args['where'])}{keywords(args['values'])})"
        case "heal_allocations":
            force = ", force=True" if args["force"] else ""
            yield f"cloud.heal_allocations({server(cloud, args['server'])}{force})"
            yield "cloud.heal_allocations()"
        case "manage_cells" | "reload_cells":
            yield from of_the_cells(cloud)
        case "write_memory" | "guest" | "metadata":
            yield from of_a_guest(server(cloud, args["server"]), given.verb, args)
        case name:
            yield f"cloud.{verb(cloud, name, args)}"


def until(seconds: float) -> Iterator[str]:
    """`run` to a time, which was asked for as so many seconds from then on."""
    for digits in range(13):
        yield f"cloud.run({round(seconds, digits):.{digits}f})"
    yield f"cloud.run({seconds!r})"


def verb(cloud: Cloud, name: str, args: Mapping[str, Any]) -> str:
    """A verb of the cloud, with what has to be said by place and what is not usual by name."""
    method = getattr(cloud, name, None)
    if method is None:
        return f"{name}()"
    usual = {one.name: one.default for one in inspect.signature(method).parameters.values()}
    must = [python(args[one]) for one in args if usual.get(one, 0) is inspect.Parameter.empty]
    more = [f"{one}={python(args[one])}" for one in args if not by_place(usual, args, one)]
    return f"{name}({', '.join([*must, *more])})"


def by_place(usual: Mapping[str, Any], args: Mapping[str, Any], name: str) -> bool:
    """Whether an argument is said by its place, or need not be said."""
    return usual.get(name, 0) is inspect.Parameter.empty or usual.get(name) == args[name]


def keywords(given: Mapping[str, Any]) -> str:
    """Arguments by name, after others."""
    return "".join(f", {name}={python(value)}" for name, value in given.items())


def requested(method: str, args: Mapping[str, Any]) -> str:
    """Any request."""
    told = dict(args)
    service, http, path, body = (told.pop(one) for one in ("service", "method", "path", "body"))
    where = "" if service == "nova-api" else f", service={python(service)}"
    sent = "" if body is None else f", {python(body)}"
    return f"cloud.{method}({python(http)}, {python(path)}{sent}{where}{keywords(told)})"


def server(cloud: Cloud, uuid: str | None) -> str:
    """A server by its name, or by its id where another one has that name."""
    names = (one["name"] for one in cloud.servers.rows() if one["id"] == uuid)
    name = next((one for one in names if cloud.servers[one].id == uuid), uuid)
    return f"cloud.servers[{python(name)}]"


def of_a_server(cloud: Cloud, args: Mapping[str, Any]) -> Iterator[str]:
    """`cloud.boot(…)`, `server.resize(…)`, `server.delete()`: whatever such a request may be."""
    from simnova.cloud.code.requests import action, boot

    told, path = set(args) - {"service", "method", "path", "body", "user"}, str(args["path"])
    if told or args["service"] != "nova-api" or not path.startswith(BOOT):
        return
    uuid, _, what = path.removeprefix(BOOT).removeprefix("/").partition("/")
    if not uuid and args["method"] == "POST":
        yield from boot(cloud, args)
    elif uuid and not what and args["method"] == "DELETE":
        yield f"{server(cloud, uuid)}.delete()"
    elif what == "action":
        yield from action(cloud, server(cloud, uuid), args["body"])


def of_the_cells(cloud: Cloud) -> Iterator[str]:
    """What can be done to cells."""
    yield from ("cloud.cells.discover_hosts()", "cloud.cells.reload()")
    for row in cloud.cells.rows():
        for what in ("disable", "enable"):
            yield f"cloud.cells.{what}({python(row['name'])})"


def of_a_guest(one: str, what: str, args: Mapping[str, Any]) -> Iterator[str]:
    """What is done to a guest past Nova, and what it asks."""
    if what == "write_memory":
        yield f"{one}.write_memory({python(args['rate'])})"
    elif what == "guest":
        yield from (f"{one}.power_off_inside()", f"{one}.crash_inside()")
        yield f"{one}.virsh({python(args['deed'])})"
        yield f"{one}.virsh({python(args['deed'])}, {python(args['host'])})"
    else:
        more = {name: args[name] for name in ("method", "body") if args[name] not in ("GET", None)}
        yield f"{one}.metadata({python(args['path'])}{keywords(more)})"
        yield f"{one}.metadata({python(args['path'])}{keywords({**more, 'address': args['address']})})"
