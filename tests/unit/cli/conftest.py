"""Commands run in this process: as `main` runs them, without a start of Python for each."""

from __future__ import annotations

import io
import os
import sys
from subprocess import CompletedProcess
from unittest import mock

import pytest

from vault.cli import main


@pytest.fixture
def here(capsys, monkeypatch):
    """``here(home, *words, stdin=…, **env)``: as ``home.run``, but in this process; stdin None is a closed one."""

    def run(home, *argv, stdin="", **env):
        given = None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        capsys.readouterr()
        with monkeypatch.context() as patch, mock.patch.dict(os.environ, home.with_env(env), clear=True):
            patch.setattr(sys, "stdin", given)
            code = main.run(list(argv))
        return CompletedProcess(list(argv), code, *capsys.readouterr())

    return run
