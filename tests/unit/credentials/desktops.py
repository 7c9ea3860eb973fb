"""A home that is asked at a desktop, and the programs that ask: what the tests of confirmations share."""

from __future__ import annotations

import contextlib
import os
import subprocess

import pytest

from tests.home import SCENARIO
from tests.notifications import Notified
from tests.patience import PATIENCE
from tests.unit.agent.at_home import stop, unlock, with_agent

AGENT = "example-agent"


@pytest.fixture
def desktop(tmp_path, home):
    """A home that is asked by notifications, on a desktop that shows them."""
    made = Notified(tmp_path)
    made.notify()
    home.env |= {**made.env, "AWSVAULT_PROMPT": "notification"}
    yield made
    made.end()


def guarded(home, word, more=""):
    home.config(SCENARIO.replace("[profile prod]\n", f"[profile prod]\nawsvault_confirm = {word}\n{more}"))


def agents(home, *names):
    home.settings(f"confirm_agents = [{', '.join(map(repr, names))}]\n")


def program(home, name):
    """A script called ``name`` that runs its arguments as a child."""
    path = os.path.join(home.root, name)
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o700)) as file:
        file.write('#!/bin/sh\n"$@"\nexit $?\n')
    return path


def run(home, *words, **env):
    """A program's run; its output as an SDK gets it."""
    return subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=home.with_env(env), timeout=PATIENCE, check=False
    )  # fmt: skip


@contextlib.contextmanager
def with_open_agent(home):
    with_agent(home)
    unlock(home)
    try:
        yield
    finally:
        stop(home)
