"""The order in which the agent's process starts and ends, with the socket, the server and its starter played."""

from __future__ import annotations

import os
from types import SimpleNamespace
from unittest import mock

import pytest

from vault import errors
from vault.agent import agent_socket, sleep_watch, start
from vault.agent_process import main
from vault.system import children, hardening


@pytest.fixture
def run(monkeypatch, home):
    """``run(*words, taken=…)``: the exit code of the process, and what it did, in order; an error as ``taken`` is raised."""
    done = []

    def note(what, result=None):
        return lambda *_args, **_more: done.append(what) or result

    def run(*words, taken=None):
        def take(_places, *, passed):
            done.append("take")
            if isinstance(taken, Exception):
                raise taken
            return taken and SimpleNamespace(leave=note("leave"))

        for module, name in (
            (hardening, "before_keys"), (hardening, "no_new_privileges"), (sleep_watch, "start"), (children, "end_when_asked"),
            (main, "_load_what_forks_need"),
        ):  # fmt: skip
            monkeypatch.setattr(module, name, note(name))
        monkeypatch.setattr(agent_socket, "take", take)
        monkeypatch.setattr(start, "report", lambda to, listening: done.append((to, listening)))
        monkeypatch.setattr(main, "_server", note("server", SimpleNamespace(run=note("run"))))
        with mock.patch.dict(os.environ, home.env, clear=True):
            code = main.process(words)
            assert not os.environ, "a fork would inherit what the starter had in its environment"
        return code, done

    return run


HARDENED = ["before_keys", "no_new_privileges", "take"]


def test_all_is_loaded_before_it_says_that_it_listens(run):
    """Clients wait for no import, and after an upgrade no fork mixes two versions. Its socket goes at the end."""
    code, done = run("7", taken=True)
    assert code == 0
    assert done == [
        *HARDENED, "_load_what_forks_need", (7, True), "start", "end_when_asked", "server", "run", "leave",
    ]  # fmt: skip


def test_beside_another_agent_it_ends(run):
    """Its starter is told that an agent listens, which is true."""
    assert run("7") == (0, [*HARDENED, (7, True)])


def test_without_a_socket_its_starter_is_told_at_once(run):
    """And the exit code is that of the reason."""
    assert run("7", taken=errors.StorageError("no room")) == (6, [*HARDENED, (7, False)])


@pytest.mark.parametrize("words", [(), ("x",)])
@pytest.mark.parametrize("taken", [True, None, errors.StorageError("no room")])
def test_under_systemd_nobody_is_told(run, words, taken):
    """There is no descriptor to tell it on."""
    _, done = run(*words, taken=taken)
    assert not [step for step in done if isinstance(step, tuple)]
