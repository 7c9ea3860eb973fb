"""A terminal that a test holds, and questions on it."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import termios

from tests.patience import PATIENCE
from vault.system import picker, prompts
from vault.system.clock import Deadline
from vault.system.picker import Choosing, Item

ITEMS = (Item("dev", "222222222222"), Item("prod", "333333333333"))


class Pty:
    """A terminal of 40 by 10: ``fd`` is its own side, ``person`` the one in front of it."""

    def __init__(self):
        self.person, self.fd = os.openpty()
        self.resize(40, 10)

    def resize(self, columns, lines):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def types(self, text):
        os.write(self.person, text.encode())

    def hangs_up(self):
        os.close(self.person)
        self.person = -1

    def shown(self, last):
        """All that is on the screen once it ends with ``last``."""
        text = ""
        while not text.endswith(last):
            assert select.select([self.person], [], [], 20)[0], text
            text += os.read(self.person, 65_536).decode()
        return text

    def end(self):
        os.close(self.fd)
        if self.person >= 0:
            os.close(self.person)


class Steps:
    """A clock on which something happens each time when it is looked at; then it stands still."""

    def __init__(self, *steps):
        self.steps = [lambda: None, *steps]  # the first look is that of the deadline's making

    def time(self):
        return 0.0

    def monotonic(self):
        if self.steps:
            self.steps.pop(0)()
        return 0.0

    def sleep(self, seconds):
        raise AssertionError(seconds)


def when_looked_at(*steps, seconds=20.0):
    return Deadline.after(seconds, clock=Steps(*steps))


def pick(pty, *, typed="", deadline=None):
    keyboard = picker._Keyboard(pty.fd, deadline or Deadline.after(PATIENCE))
    return picker._pick_once(keyboard, "Profile", Choosing(ITEMS, typed), colour=False)


def ask(pty, *, deadline=None, echo=False):
    return prompts._read_once(
        pty.fd, "Passphrase: ", deadline=deadline or Deadline.after(PATIENCE), echo=echo
    )
