"""How often Python looks for garbage while a cloud is at work."""

from __future__ import annotations

import gc

from simnova.kernel.collector import SELDOM, Seldom


def test_it_looks_more_seldom_within_and_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with Seldom():
        with Seldom():
            assert gc.get_threshold() == SELDOM
        assert gc.get_threshold() == SELDOM
    assert gc.get_threshold() == before


def test_who_has_switched_it_off_keeps_it_off() -> None:
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with Seldom():
            assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)
