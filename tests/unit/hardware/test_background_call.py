"""A call that may never return does not hold up the program."""

from __future__ import annotations

import threading

import pytest

from tests.patience import PATIENCE
from vault.hardware.background_call import BackgroundCall


def test_it_returns_what_the_function_returns():
    """After its end."""
    call = BackgroundCall(lambda _stop: 7)
    assert call.wait(PATIENCE)
    assert call.result() == 7


def test_it_raises_what_the_function_raises():
    """In the thread that asks."""

    def fails(_stop):
        raise KeyError("x")

    call = BackgroundCall(fails)
    assert call.wait(PATIENCE)
    with pytest.raises(KeyError):
        call.result()


def test_it_can_be_left_and_stopped():
    """A function that looks at the event ends; one that does not is left behind."""
    obeys = BackgroundCall(lambda stop: stop.wait())
    never = threading.Event()
    deaf = BackgroundCall(lambda _stop: never.wait())
    assert not obeys.wait(0)
    obeys.stop()
    assert obeys.wait(PATIENCE)
    deaf.stop()
    assert not deaf.wait(0)
    never.set()
    assert deaf.wait(PATIENCE)
