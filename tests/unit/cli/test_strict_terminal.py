"""Strict seeds at a terminal: their own passphrase, held by the agent for a while, and asked for again after."""

from __future__ import annotations

import json

import pexpect
import pytest

from tests.fakes.example import SEED, SERIAL
from tests.home import COMMAND, PASSPHRASE
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("unmeasured")

OWN = "five words for the seeds alone"


def typed(home, arguments, answers):
    """Run at a terminal, answer each question; what was shown, which must have ended well."""
    env = home.with_env({"AWSVAULT_PASSPHRASE": None, "AWSVAULT_PROMPT": "tty"})
    child = pexpect.spawn(
        COMMAND, arguments, env=env, encoding="utf-8", timeout=PATIENCE, dimensions=(40, 400)
    )
    for question, answer in answers:
        child.expect_exact(question)
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before
    return child.before


def test_a_strict_seed_from_its_storing_to_its_use(home, aws):
    """Stored under its own passphrase; with the agent it is open for a while, and closed after ``lock``."""
    home.scenario()
    home.make_vault(seed=None)
    home.env["AWSVAULT_AGENT"] = "auto"
    nobody = {"AWSVAULT_PASSPHRASE": None}
    try:
        typed(
            home,
            ["mfa", "add", "shared-services", "--strict"],
            [
                ("Passphrase: ", PASSPHRASE),
                ("ARN of", ""),
                (" seed", SEED),
                ("New passphrase: ", OWN),
                ("again: ", OWN),
            ],
        )
        stored = json.dumps({"MfaSerial": SERIAL})
        named = home.run("mfa", "add", "shared-services", "--stdin", stdin=stored)
        assert (named.returncode, named.stderr) == (0, f"shared-services uses {SERIAL}.\n")
        typed(home, ["unlock", "--strict"], [("Passphrase: ", PASSPHRASE), ("strict seeds: ", OWN)])
        assert home.export("dev", **nobody)["AccountId"] == "222222222222"
        assert len(aws.calls.codes()) == 1
        home.run("lock")
        typed(home, ["unlock"], [("Passphrase: ", PASSPHRASE)])
        closed = home.run("export", "dev", "--fresh-all", **nobody)
        assert (closed.returncode, "unlock --strict" in closed.stderr) == (3, True)
        shown = typed(home, ["export", "dev", "--fresh-all"], [("strict seeds: ", OWN)])
        assert json.loads(shown[shown.index("{") :])["Version"] == 1
    finally:
        home.run("lock")
