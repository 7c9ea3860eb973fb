"""A user at a terminal: the command on a pseudo-terminal, prompts answered as they come, and what is left after."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import subprocess
import termios
import time

import pexpect
from pexpect.fdpexpect import fdspawn

from tests.forked import AtTerminal, can
from tests.home import COMMAND, PASSPHRASE, Home, as_late_as_a_start
from tests.patience import PATIENCE

ROWS, COLUMNS = 40, 200
DELAY = 0.05  # seconds before something is typed, as pexpect.spawn has it


class Spawned(fdspawn):
    """As pexpect.spawn, for a command that another process forks (tests/forked.py): what Terminal needs of it."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        try:
            self._process = AtTerminal(command, stdin=slave, stdout=slave, stderr=slave, env=env)
        finally:
            os.close(slave)
        super().__init__(master, timeout=PATIENCE, encoding="utf-8")

    def send(self, s: str) -> int:
        time.sleep(DELAY)
        return super().send(s)

    def sendintr(self) -> None:
        self.send("\x03")

    def sendeof(self) -> None:
        self.send("\x04")

    def kill(self, number: int) -> None:
        """Send a signal to it."""
        self._process.send_signal(number)

    def setwinsize(self, rows: int, columns: int) -> None:
        """Change the window; the terminal tells the command."""
        fcntl.ioctl(self.child_fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait(self) -> None:
        """Until it has ended."""
        code = self._process.wait()
        self.exitstatus, self.signalstatus = (code, None) if code >= 0 else (None, -code)

    def close(self, force: bool = True) -> None:
        """Close the window; ``force``: a command that goes on is killed."""
        super().close()
        if force:
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self.wait()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


class Terminal:
    """One run of the command in front of a user. ``env`` changes the home's environment; None unsets."""

    def __init__(self, home: Home, *arguments: str, **env: str | None) -> None:
        changes: dict[str, str | None] = {
            "AWSVAULT_PASSPHRASE": None,
            "AWSVAULT_PROMPT": "tty",
            "CI": None,
            **env,
        }
        whole = home.with_env(changes)
        if home.forks and home.command == COMMAND and can(whole):
            as_late_as_a_start(whole)
            self.child = Spawned([home.command, *arguments], whole)
        else:
            self.child = pexpect.spawn(
                home.command, list(arguments), env=whole, encoding="utf-8", timeout=PATIENCE,
                dimensions=(ROWS, COLUMNS),
            )  # fmt: skip
        self._before = termios.tcgetattr(self.child.child_fd)
        self.shown = ""

    def sees(self, text: str) -> str:
        """Wait until ``text`` is on the screen; what came before it."""
        self.child.expect_exact(text)
        self.shown += self.child.before + text
        return self.child.before

    def answers(self, question: str, line: str) -> None:
        """Wait for the question and type the line."""
        self.sees(question)
        self.child.sendline(line)

    def new_passphrase(self, passphrase: str = PASSPHRASE) -> None:
        self.answers("New passphrase: ", passphrase)
        self.answers("Repeat the new passphrase: ", passphrase)

    def profiles(self, *roles: tuple[str, str], write: str = "n") -> None:
        """The end of add and import: an ARN and a profile's name for each role, the usual region, and whether to write."""
        for arn, name in roles:
            self.answers("ARN of a", arn)
            self.answers("Name of its profile", name)
        self.answers("ARN of a", "")
        self.answers("Region (Enter for ", "")
        self.answers("[Y/n] ", write)

    def interrupts(self, question: str) -> int:
        """Ctrl-C at the question; the exit code."""
        self.sees(question)
        self.child.sendintr()
        return self.ends()

    def ends(self) -> int:
        """Wait for the end; the exit code, 128 + N for a signal. The terminal must be as it was before."""
        self.child.expect(pexpect.EOF)
        self.shown += self.child.before
        after = termios.tcgetattr(self.child.child_fd)
        self.child.close()
        assert after[3] & termios.ECHO, "the terminal does not echo any more"
        assert after == self._before, "the terminal is not as it was"
        return self.child.exitstatus if self.child.exitstatus is not None else 128 + self.child.signalstatus
