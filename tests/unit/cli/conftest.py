"""Commands run in this process: as `main` runs them, without a start of Python for each."""

from __future__ import annotations

import functools
import io
import os
import sys
from subprocess import CompletedProcess
from unittest import mock

import pytest

from vault.cli import main


@pytest.fixture
def here(capfd, monkeypatch):
    """``here(home, *words, stdin=…, **env)``: as ``home.run``, but in this process; stdin None is a closed one."""

    def run(home, *argv, stdin="", **env):
        given = None if stdin is None else _given(stdin)
        capfd.readouterr()
        with monkeypatch.context() as patch, mock.patch.dict(os.environ, home.with_env(env), clear=True):
            patch.setattr(sys, "stdin", given)
            code = main.run(list(argv))
        return CompletedProcess(list(argv), code, *capfd.readouterr())

    return run


def _given(stdin):
    return io.TextIOWrapper(
        io.BytesIO(stdin if isinstance(stdin, bytes) else stdin.encode()), encoding="utf-8"
    )


@pytest.fixture
def inside(home, here, monkeypatch):
    """``home.run`` in this process: for cases of one command by the dozen, whose start another module tries."""
    monkeypatch.setattr(home, "run", functools.partial(here, home))
