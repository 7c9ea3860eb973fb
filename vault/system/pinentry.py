"""pinentry: a prompt in a window, by the Assuan protocol over pipes. Knows nothing of the vault.

Reads the program's answer up to a deadline. Whatever ends the prompt ends the program too.
"""

from __future__ import annotations

import os
import subprocess
from functools import partial

from vault import limits
from vault.secret import Secret
from vault.system import hardening
from vault.system.poll import readable
from vault.system.tty import NoAnswer
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn, Self

    from vault.system.clock import Deadline

# GPG_ERR_CANCELED, GPG_ERR_NOT_CONFIRMED, GPG_ERR_TIMEOUT (libgpg-error, low 16 bits).
_CANCELLED = (99, 114)
_TIMEOUT = 62
# What a window needs, and nothing else: no AWS variable, no passphrase.
_PASSED_ON = (
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP",
    "DBUS_SESSION_BUS_ADDRESS", "HOME", "USER", "LOGNAME", "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TERM",
)  # fmt: skip


def percent(text: str) -> str:
    """``text`` as an Assuan argument: percent, line ends and controls escaped."""
    return "".join(f"%{ord(c):02X}" if c == "%" or ord(c) < 0x20 or ord(c) == 0x7F else c for c in text)


def fitted(text: str, most: int) -> str:
    """``text`` in at most ``most`` bytes of an Assuan argument: its longest lines lose their middle."""
    lines = text.split("\n")
    longest = max(map(len, lines))
    while longest > 1 and len(percent("\n".join(lines)).encode("utf-8", "replace")) > most:
        longest = longest * 3 // 4
        lines = [_shortened(line, longest) for line in lines]
    return "\n".join(lines)


def _shortened(line: str, most: int) -> str:
    if len(line) <= most:
        return line
    tail = most // 2
    return f"{line[: most - tail - 1]}…{line[len(line) - tail :]}"


def unpercent(line: bytes) -> bytes:
    """The bytes of an Assuan ``D`` line; NoAnswer if an escape is broken."""
    head, *rest = line.split(b"%")
    out = [head]
    for piece in rest:
        try:
            out.append(bytes((int(piece[:2].decode("ascii"), 16),)) + piece[2:])
        except (ValueError, UnicodeDecodeError):
            raise NoAnswer("impossible", "pinentry sent an answer that is not in its protocol") from None
    return b"".join(out)


class Pinentry:
    """One running pinentry. Use as a context manager; leaving ends the program."""

    def __init__(
        self,
        program: str,
        *,
        env: Mapping[str, str],
        deadline: Deadline,
        watch: Callable[[], None] | None = None,
        every: float = limits.DESKTOP_LOOK,
    ) -> None:
        self._deadline = deadline
        self._every = every  # seconds
        self._watch = watch  # called again and again while the window waits; raises NoAnswer to end the wait
        self._rest = b""
        try:
            self._process = subprocess.Popen(
                [program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: env[name] for name in _PASSED_ON if name in env},
                bufsize=0,
                preexec_fn=partial(hardening.end_with_parent, os.getpid()),  # noqa: PLW1509  # no threads yet
            )
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise NoAnswer("impossible", f"cannot start pinentry ({safe(program)}): {reason}") from None

    def __enter__(self) -> Self:
        try:
            self._response()  # the greeting
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def describe(self, *, title: str, text: str, prompt: str) -> None:
        """Set the texts of the window and its time limit."""
        for command, words in (("SETTITLE", title), ("SETDESC", text), ("SETPROMPT", prompt)):
            self._command(f"{command} {percent(fitted(words, limits.MAX_ASSUAN_LINE - len(command) - 1))}")
        self._command(f"SETTIMEOUT {max(1, int(self._deadline.remaining()))}", optional=True)

    def label(self, *, yes: str, no: str) -> None:
        """Set the texts of the two buttons."""
        for command, words in (("SETOK", yes), ("SETCANCEL", no)):
            self._command(f"{command} {percent(words)}", optional=True)

    def complain(self, text: str) -> None:
        """Show why the prompt is repeated."""
        self._command(f"SETERROR {percent(text)}")

    def get(self) -> Secret:
        """What the user typed, possibly nothing. NoAnswer if it was cancelled."""
        return Secret(self._command("GETPIN"))

    def confirm(self) -> bool:
        """Whether the user confirms."""
        if self._rest or readable([self._fd], 0.0):  # a yes from before the question
            raise NoAnswer("impossible", "pinentry sent an answer that is not in its protocol")
        try:
            self._command("CONFIRM")
        except NoAnswer as answer:
            if answer.reason == "cancelled":
                return False
            raise
        return True

    def _command(self, line: str, *, optional: bool = False) -> bytes:
        assert self._process.stdin is not None  # noqa: S101  # Popen was given PIPE
        raw = line.encode("utf-8", "replace")[: limits.MAX_ASSUAN_LINE] + b"\n"
        try:
            self._process.stdin.write(raw)
        except OSError:
            self._ended_early()
        return self._response(optional=optional)

    def _response(self, *, optional: bool = False) -> bytes:
        data = b""
        while True:
            line = self._line()
            word, _, rest = line.partition(b" ")
            if word == b"OK":
                return data
            if word == b"D":
                data += unpercent(rest)
                if len(data) > limits.MAX_PASSPHRASE_INPUT:
                    raise NoAnswer("impossible", "pinentry's answer is longer than any passphrase")
            elif word == b"ERR":
                if optional:
                    return b""
                code = rest.split(b" ")[0]
                number = int(code) & 0xFFFF if code.isdigit() else 0
                if number == _TIMEOUT:
                    raise NoAnswer("timeout", "no answer in time")
                if number in _CANCELLED:
                    raise NoAnswer("cancelled", "cancelled")
                raise NoAnswer(
                    "impossible", f"pinentry failed: {safe(rest.decode('utf-8', 'replace'), limit=80)}"
                )
            elif word not in (b"S", b"#") and not word.startswith(b"#"):
                raise NoAnswer("impossible", "pinentry sent an answer that is not in its protocol")

    @property
    def _fd(self) -> int:
        assert self._process.stdout is not None  # noqa: S101  # Popen was given PIPE
        return self._process.stdout.fileno()

    def _line(self) -> bytes:
        fd = self._fd
        while b"\n" not in self._rest and len(self._rest) <= limits.MAX_ASSUAN_LINE:
            if not self._arrives(fd):
                raise NoAnswer("timeout", "no answer in time")
            piece = os.read(fd, 4096)
            if not piece:
                self._ended_early()
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        if len(line) > limits.MAX_ASSUAN_LINE:
            raise NoAnswer("impossible", "pinentry sent a line that is too long")
        return line

    def _arrives(self, fd: int) -> bool:
        """Wait for the next bytes; False at the deadline."""
        while self._watch is not None and self._deadline.remaining() > self._every:
            if readable([fd], self._every):
                return True
            self._watch()
        return bool(readable([fd], self._deadline.remaining()))

    def _ended_early(self) -> NoReturn:
        raise NoAnswer("impossible", "pinentry ended without an answer")
