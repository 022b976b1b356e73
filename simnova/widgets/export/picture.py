"""A picture of one step for where no SVG can be put."""

from __future__ import annotations

from collections.abc import Callable

from simnova.exceptions import UsageError

SCALE = 2.0
"""Pixels for each of the drawing's: sharp on a slide."""


def png(svg: str, scale: float = SCALE) -> bytes:
    """The drawing as a PNG on white. Raises `UsageError` where CairoSVG, which paints it, is not installed."""
    try:
        import cairosvg
    except (ImportError, OSError):
        raise UsageError(
            "a PNG needs CairoSVG, `pip install 'simnova[png]'`, and the Cairo library; "
            'the player\'s own "PNG" button and export("step.svg") need neither'
        ) from None
    paint: Callable[..., bytes] = cairosvg.svg2png
    return paint(svg.encode(), scale=scale, background_color="white")
