"""Strict seeds at a terminal: their own passphrase, held by the agent for a while, and asked for again after."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import SEED, SERIAL
from tests.home import PASSPHRASE, failed
from tests.terminal_user import Terminal
from tests.vectors import reader

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")

NEXT = "five other words for the same"
OWN = "five words for the seeds alone"


def typed(home, arguments, answers):
    """Run at a terminal, answer each question; what was shown after the last, which must have ended well."""
    user = Terminal(home, *arguments)
    for question, answer in answers:
        user.answers(question, answer)
    before = len(user.shown)
    assert user.ends() == 0, user.shown
    return user.shown[before:]


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
                ("Repeat the new passphrase: ", OWN),
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


def test_the_strict_passphrase_is_changed_and_the_strict_key_replaced(home):
    """passwd --strict asks for the old one; rekey for the present one, and Enter there leaves it; the last seed takes the slot."""
    home.scenario()
    home.make_vault(seed=None)
    main, strict = ("Passphrase: ", PASSPHRASE), "Passphrase of the strict seeds: "
    typed(
        home,
        ["mfa", "add", "shared-services", "--strict"],
        [
            main,
            ("ARN of", ""),
            (" seed", SEED),
            ("New passphrase: ", OWN),
            ("Repeat the new passphrase: ", OWN),
        ],
    )
    box = strict_box(home)
    said = typed(
        home,
        ["passwd", "--strict"],
        [main, (strict, OWN), ("New passphrase: ", NEXT), ("Repeat the new passphrase: ", NEXT)],
    )
    assert "strict seeds was changed" in said
    assert "backup" in said
    changed = strict_box(home)
    assert changed != box
    person = Terminal(home, "passwd", "--strict")
    for prompt, answer in [
        main,
        (strict, NEXT),
        ("New passphrase: ", NEXT),
        ("Repeat the new passphrase: ", NEXT),
    ]:
        person.answers(prompt, answer)
    assert person.ends() == 2
    assert "already the passphrase of the strict seeds" in person.shown
    said = typed(home, ["rekey", "--yes"], [main, (strict, "")])
    assert "strict seeds keep" in said
    assert strict_box(home) == changed
    said = typed(home, ["rekey", "--yes"], [main, (strict, OWN), (strict, NEXT)])
    assert "keep" not in said
    assert strict_box(home) != changed
    slots = json.loads(home.run("slots", "list", "--json").stdout)["slots"]
    (own,) = (slot["slot"] for slot in slots if slot["opens"] == "strict")
    refused = home.run("slots", "remove", own, "--yes")
    assert (refused.returncode, SERIAL in refused.stderr) == (2, True)
    hint = refused.stderr.splitlines()[-1].rpartition("awsvault-py ")[2].split()
    assert home.run(*hint, "--yes").returncode == 0
    slots = json.loads(home.run("slots", "list", "--json").stdout)["slots"]
    assert [slot["opens"] for slot in slots] == ["main"]
    failed(home.run("passwd", "--strict", "--stdin", stdin=OWN), 5, "mfa add NAME --strict")


def strict_box(home):
    with open(home.file("vault.avlt"), "rb") as file:
        return reader.take_apart(file.read())[3]
