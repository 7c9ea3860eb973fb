"""Fixtures for runs with real tools: each tool in turn, and homes whose vault our own commands made."""

from __future__ import annotations

import json

import pytest

from tests.clients.tools import TOOLS
from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL


@pytest.fixture(params=sorted(TOOLS))
def tool(request):
    """One of the real tools."""
    return TOOLS[request.param]


@pytest.fixture
def make_stocked():
    """``make_stocked(HOME, ENTRY)`` makes the vault, with the example's key and seed as ENTRY."""
    return stock


@pytest.fixture
def stocked(home, aws):
    """``stocked(ENTRY)``: the home at the stand-in, its vault made, the log of calls empty."""

    def fill(entry):
        stock(home, entry)
        aws.calls.clear()
        return home

    return fill


def stock(home, entry):
    made = home.run("init")
    assert made.returncode == 0, made.stderr
    key = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, "MfaSerial": SERIAL, "MfaSeed": SEED}
    added = home.run("add", entry, "--stdin", stdin=json.dumps(key))
    assert added.returncode == 0, added.stderr
