"""The strokes of the twin's drawing."""

from __future__ import annotations

from simnova.observe.markup import element, escape, number


def words(text: str, x: float, y: float, kind: str | None = None, anchor: str = "start") -> str:
    """Some text; `kind` is its class, `anchor` says which end of it stands at `x`."""
    place = {"x": number(x), "y": number(y), "text_anchor": anchor}
    return element("text", escape(text) or " ", class_=kind, **place)


def box(
    x: float,
    y: float,
    size: tuple[float, float],
    colour: str,
    *,
    radius: float = 5,
    opacity: float | None = None,
    edge: str | None = None,
    dashes: str | None = None,
) -> str:
    """A rectangle filled with a colour of the palette; `edge` is the colour of its border."""
    return element(
        "rect",
        x=number(x),
        y=number(y),
        width=number(size[0]),
        height=number(size[1]),
        rx=number(radius),
        fill=f"var(--sn-{colour})",
        fill_opacity=opacity,
        stroke=f"var(--sn-{edge})" if edge else None,
        stroke_dasharray=dashes,
    )


def stroke(path: str, paint: str, width: float = 1.5, dashes: str | None = None) -> str:
    """An open line."""
    return element(
        "path", d=path, fill="none", stroke=paint, stroke_width=width, stroke_dasharray=dashes
    )
