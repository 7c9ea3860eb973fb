"""The export without click: which command lines it takes, what a failure looks like, and what goes on in the background."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest

from vault import errors, limits
from vault.cli import disk_export
from vault.credentials import disk_hit, obtain
from vault.system import detach


class Ended(Exception):
    """In place of the end of the process."""


@pytest.fixture
def ends(monkeypatch):
    """The exit codes with which the process would have ended."""
    codes = []

    def end(code):
        codes.append(code)
        raise Ended

    monkeypatch.setattr(os, "_exit", end)
    return codes


@pytest.mark.parametrize(
    "words",
    [
        [], ["export"], ["export", ""], ["export", "-h"], ["export", "--fresh"], ["export", "dev", "--fresh"], ["exec", "dev"],
    ],
)  # fmt: skip
def test_other_command_lines_are_not_its_own(words):
    """The full program parses them."""
    assert disk_export.export(words) is None


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            errors.Locked("the vault is locked"),
            3,
            "awsvault-py: error: the vault is locked\nawsvault-py: hint: ",
        ),
        (ValueError("with a secret"), 70, "awsvault-py: error: unexpected error: ValueError\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_a_failure_is_an_exit_code_and_two_lines(monkeypatch, capfd, error, code, said):
    """Nothing on stdout, and no text of a foreign exception."""

    def fail(*_):
        raise error

    monkeypatch.setattr(disk_export, "_from_cache", fail)
    assert disk_export.export(["export", "dev"]) == code
    shown = capfd.readouterr()
    assert (shown.out, shown.err.startswith(said), "secret" in shown.err) == ("", True, False)


class Found:
    """A disk hit, and what is done with it, in order."""

    def __init__(self, monkeypatch, *, child, due=False, pid=4711):
        self.done = []
        self.hit = SimpleNamespace(line=b"line\n", profile="dev", refresh_ahead=due)
        monkeypatch.setattr(disk_hit, "find", lambda *_: self.hit)
        monkeypatch.setattr(disk_hit, "log", lambda _, wait: self.done.append(("log", wait)))
        monkeypatch.setattr(disk_hit, "tell_agent", lambda *_: self.done.append("agent"))
        monkeypatch.setattr(detach, "detached", lambda: self.done.append("fork") or child)
        monkeypatch.setattr(disk_export, "write_out", self.done.append)
        monkeypatch.setattr(disk_export, "refresh", lambda profile: self.done.append(("refresh", profile)))
        monkeypatch.setattr(os, "getpid", lambda: pid)

    def export(self):
        with pytest.raises(Ended):
            disk_export._from_cache("dev", None, None)
        return self.done


@pytest.mark.usefixtures("ends")
def test_the_log_is_written_beside_the_answer(monkeypatch):
    """By another process, which starts before the line is printed."""
    assert Found(monkeypatch, child=False).export() == ["fork", b"line\n", "agent"]


@pytest.mark.usefixtures("ends")
@pytest.mark.parametrize(("due", "more"), [(False, []), (True, [("refresh", "dev")])])
def test_the_other_process_writes_the_log_and_refreshes_what_is_due(monkeypatch, due, more):
    """It prints nothing."""
    done = Found(monkeypatch, child=True, due=due).export()
    assert done == ["fork", ("log", limits.LOG_WAIT_BESIDE), *more]


@pytest.mark.usefixtures("ends")
def test_without_another_process_the_log_comes_first(monkeypatch):
    """If none can be started, and in a container, where none would outlive process 1."""
    first = [("log", limits.LOG_WAIT), b"line\n", "agent"]
    assert Found(monkeypatch, child=None).export() == ["fork", *first]
    assert Found(monkeypatch, child=False, pid=1).export() == first


def test_a_miss_leaves_it_to_the_full_way(monkeypatch):
    """Nothing is printed."""
    found = Found(monkeypatch, child=False)
    found.hit = None
    assert disk_export._from_cache("dev", None, None) is None
    assert found.done == []


def test_a_refresh_that_fails_says_nothing(home, monkeypatch, ends):
    """The session that was issued is still valid, and nobody is there to read an error."""
    asked = []

    def fail(context, profile):
        asked.append((profile, context.settings.prompt))
        raise errors.Unreachable("no network")

    monkeypatch.setattr(obtain, "refresh_ahead", fail)
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Ended):
        disk_export.refresh("dev")
    assert (asked, ends) == ([("dev", "none")], [0])


def test_a_pipe_that_takes_a_part_gets_the_rest(monkeypatch):
    """In as many writes as it needs."""
    written = []
    monkeypatch.setattr(os, "write", lambda fd, line: written.append((fd, line)) or min(3, len(line)))
    disk_export.write_out(b"abcdefg")
    assert written == [(1, b"abcdefg"), (1, b"defg"), (1, b"g")]


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (errno.ENOSPC, errors.StorageError, "standard output: No space left"),
        (errno.EPIPE, BrokenPipeError, None),
    ],
)
def test_a_line_that_cannot_be_written(monkeypatch, number, kind, said):
    """A full disk is an error; a reader that has gone needs no message."""

    def refuse(_fd, _line):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(kind, match=said):
        disk_export.write_out(b"line\n")
