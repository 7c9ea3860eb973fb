"""The commands of a user with a security key: adding, listing, status, doctor, rekey, passwd, backup, restore, removing."""

from __future__ import annotations

import json
import os

import pytest

from tests.fakes.security_key import SoftKey
from tests.fakes.security_key_usb import PluggedKey
from tests.home import PASSPHRASE, failed
from tests.terminal_user import Terminal
from vault.store import vault
from vault.system.paths import from_env

pytestmark = pytest.mark.usefixtures("unmeasured")

PIN = "PIN of the security key: "
NEXT = "five other words for the same"
MODEL = "61777376-6175-6c74-2d74-6573746b6579"


@pytest.fixture
def plug(home):
    """A function that plugs a new security key into the home's machine, which has a vault."""
    home.scenario()
    home.make_vault()
    made = []

    def another(**more):
        made.append(PluggedKey(SoftKey(**more), os.path.join(home.root, f"k{len(made)}")))
        home.env |= {**made[-1].env, "TEST_SECURITY_KEYS": ":".join(one.path for one in made)}
        return made[-1]

    yield another
    for one in made:
        if not one.key.gone:
            one.unplug()


def run(home, *arguments, **env):
    done = home.run(*arguments, **env)
    assert done.returncode == 0, done.stderr
    return done


def add(home, *more, pin="1234"):
    user = Terminal(home, "slots", "add", "fido2", *more, AWSVAULT_PASSPHRASE=PASSPHRASE)
    if pin is not None:
        user.answers(PIN, pin)
    assert user.ends() == 0, user.shown
    return user.shown


def rows(home):
    return json.loads(run(home, "slots", "list", "--json").stdout)["slots"]


def kinds(home):
    return [row["kind"] for row in rows(home)]


def unlocks(home, key):
    """Whether a PIN and a touch open the vault."""
    before = key.key.touches
    user = Terminal(home, "export", "--no-session", "shared-services")
    user.answers(PIN, "1234")
    return user.ends() == 0 and key.key.touches == before + 1


def test_it_is_added_listed_and_removed(home, plug):
    """With model, PIN and last use; and nothing of it is left."""
    key = plug()
    said = add(home)
    assert "The security key now unlocks the vault. Keep the passphrase" in said
    (_, slot) = rows(home)
    assert (slot["kind"], slot["opens"], slot["device"]) == ("security key", "main", MODEL)
    assert slot["about"] == f"PIN and touch, model {MODEL}"
    assert "last_used" not in slot
    assert unlocks(home, key)
    assert rows(home)[1]["last_used"].startswith("20")
    assert "security key" in run(home, "slots", "list").stdout
    again = f"slots remove {slot['slot']}, then awsvault-py slots add fido2"
    failed(home.run("slots", "add", "fido2"), 6, "already has a slot", f"{again}\n")
    failed(home.run("slots", "add", "fido2", "--no-pin"), 6, "already has a slot", f"{again} --no-pin\n")
    removed = run(home, "slots", "remove", slot["slot"], "--yes").stderr
    assert f"Removed the security key slot {slot['slot']}" in removed
    assert kinds(home) == ["passphrase"]


def test_by_a_touch_alone(home, plug):
    """By choice; the option is for this kind alone."""
    failed(home.run("slots", "add", "fido2", AWSVAULT_PASSPHRASE=None), 6, "none is plugged in")
    plug(pin=None)
    failed(home.run("slots", "add", "fido2"), 6, "it has no PIN", "--no-pin")
    failed(home.run("slots", "add", "recovery", "--no-pin"), 2, "--no-pin is for fido2")
    add(home, "--no-pin", pin=None)
    assert rows(home)[1]["about"] == f"touch, model {MODEL}"
    user = Terminal(home, "export", "--no-session", "shared-services")
    user.sees("Touch the security key.")
    assert user.ends() == 0


def test_a_spare_key(home, plug):
    """Both are slots; each opens alone; two that could get the slot are one too many."""
    first = plug()
    add(home)
    plug()
    failed(home.run("slots", "add", "fido2"), 6, "2 are plugged in")
    first.unplug()
    add(home)
    assert kinds(home) == ["passphrase", "security key", "security key"]
    first.replug()
    assert unlocks(home, first)


def test_without_a_terminal_it_says_so(home, plug):
    """Nobody can be asked for the PIN: nothing was written."""
    plug()
    failed(home.run("slots", "add", "fido2"), 3, "at a terminal")
    assert vault.read_header(from_env(home.env)).gen == 2


def test_cancelling_writes_nothing(home, plug):
    """Ctrl-C at the touch, and an empty PIN."""
    key = plug()
    key.key.touch = lambda: False
    user = Terminal(home, "slots", "add", "fido2", AWSVAULT_PASSPHRASE=PASSPHRASE)
    user.answers(PIN, "1234")
    user.sees("(1 of 2)")
    assert key.key.asked.wait(30)
    user.child.sendintr()
    assert user.ends() == 130
    user = Terminal(home, "slots", "add", "fido2", AWSVAULT_PASSPHRASE=PASSPHRASE)
    user.answers(PIN, "")
    assert user.ends() == 6
    assert "no PIN was typed" in user.shown
    assert "type the PIN" in user.shown
    assert "To do without it" not in user.shown
    assert kinds(home) == ["passphrase"]


def test_rekey_and_passwd_keep_it(home, plug):
    """By a PIN and a touch each, with another salt; the old slot opens nothing of the new vault."""
    key = plug()
    add(home)
    before = rows(home)[1]["slot"]
    user = Terminal(home, "rekey", AWSVAULT_PASSPHRASE=PASSPHRASE)
    user.answers(PIN, "1234")
    user.sees("Touch the security key to keep its slot.")
    assert "To do without it" not in user.shown
    assert user.ends() == 0, user.shown
    assert rows(home)[1]["slot"] != before
    assert unlocks(home, key)
    user = Terminal(home, "passwd", AWSVAULT_PASSPHRASE=PASSPHRASE)
    user.new_passphrase(NEXT)
    user.answers(PIN, "1234")
    assert user.ends() == 0, user.shown
    home.env["AWSVAULT_PASSPHRASE"] = NEXT
    assert unlocks(home, key)


def test_a_rekey_without_the_key_names_and_drops_it(home, plug):
    """It asks first; the passphrase still opens the vault; nothing is lost with the key."""
    key = plug()
    add(home)
    key.unplug()
    failed(home.run("rekey"), 10, "--yes")
    user = Terminal(home, "rekey", AWSVAULT_PASSPHRASE=PASSPHRASE)
    said = user.sees("Continue without them?")
    user.child.sendline("n")
    assert user.ends() == 10
    assert "security key slot" in said
    assert "plug it in, and run the command again" in " ".join(said.split())
    assert kinds(home) == ["passphrase", "security key"]
    run(home, "rekey", "--yes")
    assert kinds(home) == ["passphrase"]
    assert home.export("dev")["AccountId"] == "222222222222"


def test_a_rekey_where_nobody_can_be_asked_says_for_what(home, plug):
    """The key is plugged in, so its slot is to be kept, and there is no terminal for its PIN. Nothing is written."""
    plug()
    add(home)
    failed(home.run("rekey", "--yes"), 3, "PIN of the security key", "at a terminal", "unplug")
    assert kinds(home) == ["passphrase", "security key"]


def test_the_passphrase_stays_when_all_else_goes(home, plug):
    """The last passphrase is not removed from beside a security key."""
    plug()
    add(home)
    only = rows(home)[0]["slot"]
    failed(home.run("slots", "remove", only, "--yes"), 2, "a security key", "can be lost")
    assert kinds(home) == ["passphrase", "security key"]


def test_a_backup_and_its_restore(home, plug):
    """The copy has the slot, which opens it on any machine; restore itself asks for the passphrase."""
    key = plug()
    add(home)
    copy = os.path.join(home.root, "copy")
    assert "On another machine" not in run(home, "backup", copy).stderr, "it opens there too"
    os.unlink(home.file("vault.avlt"))
    assert "opened by passphrase, security key" in run(home, "restore", copy, "--yes").stderr
    assert unlocks(home, key)


def test_status_and_doctor(home, plug):
    """A key that is plugged in is told; one in a drawer is no news; one that cannot be reached is a warning."""
    key = plug()
    add(home)
    assert (
        "The security key that is plugged in unlocks it by its PIN and a touch." in run(home, "status").stderr
    )
    (found,) = json.loads(run(home, "status", "--json").stdout)["hardware"]
    assert (found["kind"], found["usable"]) == ("security key", True)
    touches = key.key.touches
    assert "hardware-slot" not in home.run("doctor", "--json").stdout
    assert key.key.touches == touches
    key.unplug()
    assert "hardware" not in json.loads(run(home, "status", "--json").stdout)
    said = home.run("doctor", "--json", TEST_WITHOUT_FIDO2="1").stdout
    (finding,) = [one for one in json.loads(said)["findings"] if one["check"] == "hardware-slot"]
    assert "python-fido2 is not installed" in finding["message"]
    assert "fido2" in finding["fix"]
