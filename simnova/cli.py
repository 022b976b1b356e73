"""The `simnova` command: a cloud in a terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from simnova import Cloud, NovaError, UsageError, __version__
from simnova.observe.steps import Detail


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0, or 1 where the request or a server failed."""
    parsed = _parser().parse_args(arguments)
    try:
        told, failed = parsed.work(parsed)
    except (UsageError, NovaError) as error:
        print(f"simnova: {error}", file=sys.stderr)
        return 1
    print(told)
    return int(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="simnova", description="A whole OpenStack Nova, in small."
    )
    parser.add_argument("--version", action="version", version=f"simnova {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    boot = commands.add_parser("boot", help="boot servers and tell the story")
    boot.add_argument("name", nargs="?", default="web", help="the server's name (web)")
    boot.add_argument("--hosts", type=int, default=3, help="how many compute hosts (3)")
    boot.add_argument("--flavor", default="m1.small", help="the server's size (m1.small)")
    boot.add_argument("--image", default="cirros", help="what its disk begins as (cirros)")
    boot.add_argument("--count", type=int, default=1, help="how many servers in one request (1)")
    boot.add_argument("--seed", type=int, default=0, help="the same seed gives the same run (0)")
    boot.add_argument(
        "--detail",
        default="story",
        choices=("story", "messages", "everything"),
        help="how much is told",
    )
    boot.add_argument(
        "--show",
        default="story",
        choices=("story", "sequence", "log"),
        help="what is shown (the story)",
    )
    boot.set_defaults(work=_boot)
    return parser


def _boot(parsed: argparse.Namespace) -> tuple[str, bool]:
    cloud = Cloud(hosts=parsed.hosts, seed=parsed.seed)
    call = cloud.submit(parsed.name, flavor=parsed.flavor, image=parsed.image, count=parsed.count)
    cloud.run()
    told = _told(cloud, parsed.show, parsed.detail)
    failed = any(server.status == "ERROR" for server in call.servers)
    return "\n".join([told, "", *map(repr, call.servers)]), failed


def _told(cloud: Cloud, show: str, detail: Detail) -> str:
    if show == "log":
        return str(cloud.log())
    return str(cloud.story(detail) if show == "story" else cloud.sequence(detail))


if __name__ == "__main__":
    sys.exit(main())
