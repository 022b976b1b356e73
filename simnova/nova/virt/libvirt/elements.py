"""Elements of XML, put together."""

from __future__ import annotations

from xml.etree import ElementTree as ET

__door__ = True


def node(tag: str, *content: ET.Element | str | int, **attributes: object) -> ET.Element:
    """An element with children or a text, and attributes."""
    element = ET.Element(tag, {name: str(value) for name, value in attributes.items()})
    for part in content:
        if isinstance(part, ET.Element):
            element.append(part)
        else:
            element.text = str(part)
    return element
