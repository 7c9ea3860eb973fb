"""The user of a security key, in tests that have no terminal: types these PINs, and touches."""

from __future__ import annotations

from vault.secret import Secret
from vault.store.slots.hardware import HardwareUnavailable
from vault.system.prompts import NoAnswer


class TypingUser:
    """Types ``pins`` one after another. ``asked`` and ``told`` are the complaints and texts that they saw."""

    def __init__(self, *pins):
        self.pins, self.asked, self.told = list(pins), [], []

    def pin(self, *, complaint):
        self.asked.append(complaint)
        if not self.pins:
            raise NoAnswer("cancelled", "cancelled")
        return Secret(self.pins.pop(0))

    def touch(self, call, *, text, deadline):
        self.told.append(text)
        try:
            if call.wait(deadline.remaining()):
                return call.result()
        finally:
            call.stop()
        raise HardwareUnavailable("it was not touched in time")
