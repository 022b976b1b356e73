"""What plots are drawn on: figures in the palette's colours, which a notebook exchanges for those of its theme."""

from __future__ import annotations

import io
import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from simnova.observe import markup, palette
from simnova.observe.markup import plain, short, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

SERIES: Final = ("call", "cast", "reply", "timeout", "http", "virt", "error", "state")
"""The colours of what stands side by side in one plot, in this order."""
STYLES: Final = ("-", "--", ":", "-.")
"""And the lines, so that no two are told apart by colour alone."""
WIDE: Final = 8.0
"""Inches."""
MANY_DECADES: Final = 1e3
"""From there on a logarithmic axis has room for the powers of ten alone."""

_DRAWN: Final[Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "simnova",
    "font.family": "sans-serif",
    "font.size": 9,
}
_SILENT: Final = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_ROOT: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_PAINT: Final = re.compile(r"(fill|stroke): ?(#[0-9a-f]{6})")
_NAMES: Final = {colour: name for name, colour in reversed(palette.LIGHT.items())}


def colour(number: int) -> str:
    """The colour of the series with that number."""
    return palette.LIGHT[SERIES[number % len(SERIES)]]


def style(number: int) -> str:
    """The line of the series with that number: the same colour never comes with the same line."""
    return STYLES[(number + number // len(SERIES)) % len(STYLES)]


@cache
def _kind() -> type[Figure]:
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A figure that a notebook shows in the colours of its theme."""

        def _repr_svg_(self) -> str:
            return themed(self)

    return Picture


def label(name: object, width: int = 24) -> str:
    """A name that matplotlib takes as it is: no formula between dollar signs, and not hidden for its first sign."""
    text = shorten(short(plain(name)), width).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def figure(
    title: str, height: float, panels: int = 1, width: float = WIDE
) -> tuple[Figure, list[Axes]]:
    """A figure of its own, which pyplot knows nothing of, and its axes one below the other; inches."""
    made = _kind()(figsize=(width, height), layout="constrained", facecolor=palette.LIGHT["paper"])
    head(made, title)
    found = made.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
    for axes in found:
        _dress(axes)
    return made, list(found)


def head(made: Figure, title: str, **where: Any) -> None:
    """The title, at the left."""
    made.suptitle(title, fontsize=10, color=palette.LIGHT["ink"], x=0.01, ha="left", **where)


def _dress(axes: Axes) -> None:
    axes.set_facecolor(palette.LIGHT["paper"])
    axes.grid(color=palette.LIGHT["line"], linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(
        which="both", colors=palette.LIGHT["muted"], labelcolor=palette.LIGHT["ink"], labelsize=8
    )
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(color=palette.LIGHT["ink"], size=9)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(palette.LIGHT["line"])


def plain_logarithms(axis: Axis) -> None:
    """Write the numbers of a logarithmic axis as one says them: 0.5, 1, 2, 5, 10."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    least, most = axis.get_view_interval()
    near = most < MANY_DECADES * least
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if near else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def legend(axes: Axes, **how: Any) -> None:
    """Who is who, beside the axes, where there is anybody."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(
            fontsize=8,
            frameon=False,
            labelcolor=palette.LIGHT["ink"],
            loc="upper left",
            bbox_to_anchor=(1.0, 1.02),
            **how,
        )


def nothing(axes: Axes, why: str) -> None:
    """Say in the middle that there is nothing to draw, and why."""
    axes.set(xticks=[], yticks=[])
    axes.text(0.5, 0.5, why, ha="center", color=palette.LIGHT["muted"], transform=axes.transAxes)


def themed(drawn: Figure) -> str:
    """The figure as a drawing that stands by itself, the same text each time, in the colours of light and dark."""
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context(_DRAWN), warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing from font"
        )  # the browser has it
        drawn.savefig(out, format="svg", metadata=_SILENT)
    found = _ROOT.search(out.getvalue())
    body = found[1] if found else ""
    body = _PAINT.sub(_named, body.replace("xlink:href", "href"))
    width, height = (inches * 72 for inches in drawn.get_size_inches())
    return markup.svg(width, height, str(drawn.get_suptitle()), "", [body])


def _named(paint: re.Match[str]) -> str:
    name = _NAMES.get(paint[2])
    return f"{paint[1]}:var(--sn-{name})" if name else paint[0]
