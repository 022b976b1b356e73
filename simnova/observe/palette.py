"""The colours, one meaning each, in every picture: told apart by the colour-blind (after Okabe and
Ito), light and dark.

No picture tells by colour alone: casts are dashed, replies have open heads, verdicts carry a sign.
"""

from __future__ import annotations

import re

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1f2733",
    "muted": "#66707d",
    "line": "#d5dae1",
    "shade": "#f3f5f8",
    "call": "#0072b2",
    "cast": "#b35900",
    "reply": "#00795a",
    "error": "#c4320a",
    "timeout": "#9c3d78",
    "http": "#5b5fc7",
    "virt": "#7a5c00",
    "state": "#44546a",
    "passed": "#00795a",
    "rejected": "#c4320a",
    "chosen": "#0072b2",
    "alternate": "#5b9bd5",
    "used": "#5b9bd5",
    "free": "#e6ebf2",
    "current": "#fff1b8",
}
"""What each colour means, on white."""

DARK = {
    "paper": "#161b22",
    "ink": "#e6ebf2",
    "muted": "#98a3b3",
    "line": "#39424f",
    "shade": "#1f2630",
    "call": "#56b4e9",
    "cast": "#f0a030",
    "reply": "#2fc79a",
    "error": "#ff7f50",
    "timeout": "#e08fc0",
    "http": "#a3a6ff",
    "virt": "#e0c341",
    "state": "#b8c4d6",
    "passed": "#2fc79a",
    "rejected": "#ff7f50",
    "chosen": "#56b4e9",
    "alternate": "#3f78a8",
    "used": "#3f78a8",
    "free": "#2a323d",
    "current": "#4a4016",
}
"""The same meanings on a dark ground."""

SIGNS = {"passed": "✓", "rejected": "✗", "chosen": "★", "alternate": "☆", "unasked": "·"}
"""What says the same without a colour."""

_VARIABLE = re.compile(rf"var\(--sn-({'|'.join(LIGHT)})\)")
_RULE = re.compile(r"[^{}]+\{[^{}]*var\(--sn-[^{}]*\}")
_INLINE = re.compile(rf"(fill|stroke)(?:=(\")|:){_VARIABLE.pattern}")


def variables(colours: dict[str, str]) -> str:
    """CSS declarations `--sn-NAME: colour` of one theme."""
    return ";".join(f"--sn-{name}:{colour}" for name, colour in colours.items())


def css(selector: str = ".simnova") -> str:
    """The palette as CSS variables: light, dark where the system or JupyterLab's theme is dark."""
    light, dark = variables(LIGHT), variables(DARK)
    return (
        f"{selector}{{{light}}}"
        f"@media (prefers-color-scheme:dark){{{selector}{{{dark}}}}}"
        f"[data-jp-theme-light='true'] {selector}{{{light}}}"
        f"[data-jp-theme-light='false'] {selector}{{{dark}}}"
    )


def standalone(rules: str) -> str:
    """CSS in which each `var(--sn-NAME)` is the colour on white, and the variable only where
    variables are understood: what makes a PNG or a PDF of a drawing knows none and would paint
    black.
    """
    return _RULE.sub(lambda found: f"{on_white(found[0])}{_where_known(found[0])}", rules)


def inline(body: str) -> str:
    """The rules for a body of elements that was painted `on_white`: its attributes and inline
    styles become the variables again where those are understood.
    """
    used = dict.fromkeys(_INLINE.findall(body))
    rules = "".join(
        f".simnova [{_selector(quote, paint, LIGHT[name])}]{{{paint}:var(--sn-{name})!important}}"
        for paint, quote, name in used
    )
    return _where_known(rules) if rules else ""


def on_white(text: str) -> str:
    """A text with the colours on white in the place of the variables."""
    return _VARIABLE.sub(lambda found: LIGHT[found[1]], text)


def _where_known(rules: str) -> str:
    return f"@supports (color:var(--sn-ink)){{{rules}}}"


def _selector(quote: str, paint: str, colour: str) -> str:
    return f'{paint}="{colour}"' if quote else f'style*="{paint}:{colour}"'
