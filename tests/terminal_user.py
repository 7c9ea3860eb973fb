"""A user at a terminal: the command on a pseudo-terminal, prompts answered as they come, and what is left after."""

from __future__ import annotations

import termios

import pexpect

from tests.home import PASSPHRASE, Home
from tests.patience import PATIENCE


class Terminal:
    """One run of the command in front of a user. ``env`` changes the home's environment; None unsets."""

    def __init__(self, home: Home, *arguments: str, **env: str | None) -> None:
        changes: dict[str, str | None] = {
            "AWSVAULT_PASSPHRASE": None,
            "AWSVAULT_PROMPT": "tty",
            "CI": None,
            **env,
        }
        self.child = pexpect.spawn(
            home.command,
            list(arguments),
            env=home.with_env(changes),  # type: ignore[arg-type]
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(40, 200),
        )
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
