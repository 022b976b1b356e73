"""The `simnova` command: a cloud in a terminal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence

from simnova import Cloud, Config, NovaError, Profile, UsageError, __version__
from simnova.cli_journals import add_export, add_showing, add_tell, told_of
from simnova.cloud.client import MICROVERSION


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0, or 1 where the request or a server failed."""
    parser, given = _parser(), sys.argv[1:] if arguments is None else arguments
    if not given:
        parser.print_help(sys.stderr)
        return 2
    parsed = _parsed(parser, given)
    try:
        return int(parsed.work(parsed))
    except (UsageError, NovaError) as error:
        _complain(str(error))
        return 1
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the answers has gone; Python would complain at exit
        return 1


def _parsed(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Options may stand between the actions of `record`: argparse leaves over those that come after one."""
    parsed, left = parser.parse_known_args(arguments)
    if left and ("actions" not in parsed or any(one.startswith("-") for one in left)):
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    if left:
        parsed.actions += left
    return parsed


def _one_or_more(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: give a whole number, 1 or more")
    return int(text)


def _complain(text: str) -> None:
    print(f"simnova: {text}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="simnova", description="A whole OpenStack Nova, in small."
    )
    parser.add_argument("--version", action="version", version=f"simnova {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, told, add in (
        ("boot", "boot servers and tell the story", _add_boot),
        ("schedule", "let the scheduler decide on clouds given as JSON", _add_schedule),
        ("tell", "tell the story of a journal's file", add_tell),
        ("export", "a journal's file for Jaeger, Perfetto or ShiViz, or as a page", add_export),
        ("record", "do API actions on a server, told as recordings", _add_record),
        ("hosts", "compute hosts with real guests, on this machine", _add_hosts),
        ("images", "guests that are made here, without a download", _add_images),
        ("clean", "remove what clouds that died have left on this machine", _add_clean),
        (
            "conform",
            "play a script on a simulated and a real hypervisor, and compare",
            _add_conform,
        ),
    ):
        add(commands.add_parser(name, help=told, allow_abbrev=False))
    return parser


def _add_boot(boot: argparse.ArgumentParser) -> None:
    boot.add_argument("name", nargs="?", default="web", help="the server's name (web)")
    boot.add_argument("--hosts", type=int, default=3, help="how many compute hosts (3)")
    boot.add_argument("--flavor", default="m1.small", help="the server's size (m1.small)")
    boot.add_argument("--image", default="cirros", help="what its disk begins as (cirros)")
    boot.add_argument(
        "--count", type=_one_or_more, default=1, help="how many servers in one request (1)"
    )
    boot.add_argument("--seed", type=int, default=0, help="the same seed gives the same run (0)")
    boot.add_argument("--journal", metavar="FILE", help="where to write the journal (boot.jsonl)")
    add_showing(boot)
    boot.set_defaults(work=_boot)


def _add_schedule(schedule: argparse.ArgumentParser) -> None:
    schedule.add_argument(
        "file", nargs="?", default="-", help="the scenario as JSON (standard input)"
    )
    form = schedule.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the answer as JSON, not as tables")
    form.add_argument(
        "--jsonl", action="store_true", help="a scenario a line, and an answer a line, as JSON"
    )
    schedule.set_defaults(work=_schedule)


def _add_record(record: argparse.ArgumentParser) -> None:
    record.add_argument(
        "actions",
        nargs="+",
        metavar="ACTION",
        help="create, delete, or an action by its name in the API, with =VALUE where it takes one; force_complete or "
        "abort ends the os-migrateLive before it",
    )
    record.add_argument("--json", action="store_true", help="each as a line of JSON")
    record.add_argument("--microversion", default=MICROVERSION, help=f"({MICROVERSION})")
    record.add_argument(
        "--hosts", type=_one_or_more, default=3, help="how many: host1, host2, … (3)"
    )
    record.add_argument("--down", metavar="HOST", help="is forced down after the first action")
    record.add_argument("--seed", type=int, default=0, help="the same seed gives the same run (0)")
    record.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of Nova's"
    )
    record.set_defaults(work=_record)


def _add_hosts(hosts: argparse.ArgumentParser) -> None:
    verbs = hosts.add_subparsers(title="verbs", required=True, metavar="VERB")
    up = verbs.add_parser("up", help="start libvirt daemons, one a host, that stay")
    up.add_argument("count", nargs="?", type=_one_or_more, default=2, help="how many (2)")
    up.set_defaults(work=_hosts_up)
    verbs.add_parser("list", help="those that are there").set_defaults(work=_hosts_list)
    down = verbs.add_parser("down", help="end them, with every guest and file of theirs")
    down.set_defaults(work=_hosts_down)


def _add_conform(conform: argparse.ArgumentParser) -> None:
    conform.add_argument(
        "script",
        nargs="*",
        metavar="OPERATION",
        help="boot, stop, resize=m1.small, … (a server's whole life)",
    )
    conform.add_argument(
        "--on",
        default="qemu",
        metavar="URI",
        help="qemu: machines of its own; or test:///, … (qemu)",
    )
    conform.add_argument("--seed", type=int, default=0, help="of both clouds (0)")
    conform.add_argument("--lines", action="store_true", help="all lines, side by side")
    conform.add_argument(
        "--save", metavar="FILE", help="what was measured, as a profile for simulated hosts"
    )
    conform.set_defaults(work=_conform)


def _conform(parsed: argparse.Namespace) -> bool:
    """Play and compare; returns whether anything differs."""
    from simnova.cloud.conformance import on_both

    found = on_both(parsed.script or None, parsed.on, parsed.seed)
    if parsed.lines:
        print(found.lines().table(times=True), end="\n\n")
    print(found.table(times=True), found.verdict, found.durations, sep="\n\n")
    if parsed.save:
        Profile.fit(found.runs[1].journal).write(parsed.save)
    return not found.same


def _hosts_up(parsed: argparse.Namespace) -> bool:
    from simnova.cloud import machines

    for one in machines.up(parsed.count):
        print(f'Host("{one.name}", driver="{one.uri}")')
    return False


def _hosts_list(parsed: argparse.Namespace) -> bool:
    from simnova.cloud import machines

    for one in machines.running():
        print(f"{one.name}\t{'up' if one.alive else 'down'}\t{one.uri}")
    return False


def _hosts_down(parsed: argparse.Namespace) -> bool:
    from simnova.cloud import machines

    for one in machines.down():
        print(f"{one.name} is down, and nothing of it is left")
    return False


def _add_images(images: argparse.ArgumentParser) -> None:
    verbs = images.add_subparsers(title="verbs", required=True, metavar="VERB")
    build = verbs.add_parser("build", help="write a guest's disk to a file")
    build.add_argument("guest", choices=("linux", "tiny"), help="which guest")
    build.add_argument("file", nargs="?", metavar="FILE", help="where to (linux.qcow2, tiny.raw)")
    build.set_defaults(work=_images_build)


def _images_build(parsed: argparse.Namespace) -> bool:
    from pathlib import Path

    from simnova.nova.virt import linux_guest, tiny_guest

    linux = parsed.guest == "linux"
    file = Path(parsed.file or ("linux.qcow2" if linux else "tiny.raw"))
    (linux_guest.build if linux else tiny_guest.write_disk)(file)
    print(f'{file}: cloud.images.add("{file}")')
    return False


def _add_clean(clean: argparse.ArgumentParser) -> None:
    clean.add_argument("--list", action="store_true", help="only say what there is")
    clean.set_defaults(work=_clean)


def _clean(parsed: argparse.Namespace) -> bool:
    from simnova.cloud.cleaning import leftovers_here

    found = leftovers_here()
    for one in found:
        if one.kept:
            print(f"kept: {one.told}: {one.kept}", flush=True)
            continue
        print(f"{'found' if parsed.list else 'removing'}: {one.told}", flush=True)
        if not parsed.list:
            one.remove()
    if not found:
        print("nothing is left of any cloud that has died")
    return False


def _boot(parsed: argparse.Namespace) -> bool:
    cloud = Cloud(hosts=parsed.hosts, seed=parsed.seed)
    call = cloud.submit(parsed.name, flavor=parsed.flavor, image=parsed.image, count=parsed.count)
    cloud.run()
    told = told_of(cloud.journal, parsed.show, parsed.detail)
    print("\n".join([told, "", *map(repr, call.servers)]))
    if parsed.journal:
        cloud.journal.write(parsed.journal)
    return any(server.status == "ERROR" for server in call.servers)


def _record(parsed: argparse.Namespace) -> bool:
    from simnova.cloud.recorder import Recorder, Wanted, fresh

    wanted = [Wanted.parse(text) for text in parsed.actions]
    conf = Config()
    for given in parsed.set:
        option, equals, value = given.partition("=")
        if not equals:
            raise UsageError(f"--set {given}: give it as OPTION=VALUE")
        conf.set(option, value)
    cloud = fresh(wanted, parsed.hosts, parsed.seed, conf, parsed.down)
    refused = False
    for found in Recorder(cloud, parsed.microversion, parsed.down).record(wanted):
        print(found.json() if parsed.json else found, flush=True)
        refused |= found.error is not None
    return refused


def _schedule(parsed: argparse.Namespace) -> bool:
    return _decide(sys.stdin.buffer if parsed.file == "-" else _read(parsed.file), parsed)


def _read(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb") as source:
            yield from source
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _decide(source: Iterable[bytes], parsed: argparse.Namespace) -> bool:
    """Answer what is read; returns whether anything of it was broken, or that no host was found."""
    if parsed.jsonl:
        return _stream(source)
    from simnova.scenario import from_json

    scenario = from_json(b"".join(source))
    for warning in scenario.warnings:
        _complain(warning)
    if parsed.json:
        answer = scenario.answer()
        print(json.dumps(answer, indent=2))
        return answer["selections"] is None
    told = scenario.told()
    print(told)
    return not told.selected


def _stream(source: Iterable[bytes]) -> bool:
    from simnova.scenario.jsonl import answers

    broken = False
    for line in answers(source):
        print(line, flush=True)
        broken |= line.broken
        for warning in line.warnings:
            _complain(f"line {line.number}: {warning}")
    return broken


if __name__ == "__main__":
    sys.exit(main())
