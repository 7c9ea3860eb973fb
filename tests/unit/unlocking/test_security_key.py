"""A security key unlocks the vault for a command, by the user at a terminal; and each way in which it does not."""

from __future__ import annotations

import os

import pytest

from tests.clock import MovedClock
from tests.fakes.security_key import SoftKey
from tests.fakes.security_key_usb import PluggedKey
from tests.home import PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.terminal_user import Terminal
from tests.unit.benches import Window
from vault import limits
from vault.context import Context
from vault.secret import Secret
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.system.prompts import Interaction
from vault.unlocking import security_key

pytestmark = pytest.mark.usefixtures("unmeasured")

PIN = "PIN of the security key: "
TOUCH = "Touch the security key."


@pytest.fixture
def key(home):
    """A security key, plugged in, that unlocks the home's vault."""
    home.scenario()
    home.make_vault()
    plugged = PluggedKey(SoftKey(), os.path.join(home.root, "k"))
    home.env |= plugged.env
    user = Terminal(home, "slots", "add", "fido2", AWSVAULT_PASSPHRASE=PASSPHRASE)
    user.answers(PIN, "1234")
    user.sees("(1 of 2)")
    user.sees("(2 of 2)")
    assert user.ends() == 0, user.shown
    plugged.key.touches = 0
    yield plugged
    if not plugged.key.gone:
        plugged.unplug()


def test_the_time_to_answer_begins_with_the_question(tmp_path, monkeypatch):
    """Between the plan of a rekey and its execution the user thinks, or writes down a recovery code."""
    env = {"HOME": str(tmp_path), "AWSVAULT_PROMPT": "none"}
    context = Context(
        env=env, paths=from_env(env), clock=SystemClock(), deadline=Deadline.after(PATIENCE), attended=True
    )
    left = []

    def hidden(_prompts, _question, *, deadline, **_):
        left.append(deadline.remaining() > 0)
        return Secret("1234")

    monkeypatch.setattr(Interaction, "hidden", hidden)
    user = security_key.slot(context, purpose="to unlock the vault")._user
    clock = MovedClock(str(tmp_path / "time"))
    clock.drive_this_process(monkeypatch)
    clock.move(2 * limits.ATTENDED_PROMPT_TIME)
    user.pin(complaint="")
    assert left == [True]


def test_a_pin_and_a_touch_unlock_it(home, key):
    """Its purpose is told; and the agent keeps the vault unlocked, so that the next command asks nothing."""
    user = Terminal(home, "export", "dev", AWSVAULT_AGENT=None, AWSVAULT_PROMPT="auto")
    user.answers(PIN, "1234")
    user.sees(TOUCH)
    assert user.ends() == 0
    assert "awsvault-py needs the security key to export dev" in user.shown
    assert '"AccountId":"222222222222"' in user.shown.replace(" ", "")
    assert key.key.touches == 1
    assert os.path.exists(from_env(home.env).socket) or home.run("status").returncode == 0


def test_an_sdk_is_asked_in_a_window(home, key):
    """By pinentry: the PIN, and the touch in a window that stays until it is made."""
    window = Window(home, "1234")
    home.env["DISPLAY"] = ":9"
    key.key.touch = lambda: any("Touch the security key." in text for text in window.heard("SETDESC"))
    done = home.run("export", "dev", AWSVAULT_PASSPHRASE=None)
    assert (done.returncode, done.stderr, key.key.touches) == (0, "", 1)
    assert window.heard("SETPROMPT")[0] == "PIN of the security key"
    assert "awsvault-py needs the security key to export dev" in window.heard("SETDESC")[0]


def test_the_passphrase_instead(home, key):
    """An empty PIN, or a key that is not plugged in: the passphrase is asked for, with the reason."""
    user = Terminal(home, "export", "dev")
    user.answers(PIN, "")
    user.sees("The security key does not unlock the vault: no PIN was typed.")
    user.answers("Passphrase: ", PASSPHRASE)
    assert user.ends() == 0
    key.unplug()
    user = Terminal(home, "export", "--fresh", "dev")
    user.sees("The security key does not unlock the vault: it is not plugged in.")
    user.answers("Passphrase: ", PASSPHRASE)
    assert user.ends() == 0


def test_wrong_pins(home, key):
    """The tries left are told; after three the passphrase is asked for."""
    user = Terminal(home, "export", "dev")
    user.answers(PIN, "0000")
    user.sees("the PIN is wrong; 7 tries are left.")
    user.answers(PIN, "1111")
    user.sees("the PIN is wrong; 6 tries are left.")
    user.answers(PIN, "2222")
    user.sees("its PIN is blocked until it is plugged in again")
    user.answers("Passphrase: ", PASSPHRASE)
    assert user.ends() == 0


def blinking(home, key):
    """The user of an export that waits for a touch."""
    key.key.touch = lambda: False
    key.key.asked.clear()
    user = Terminal(home, "export", "dev")
    user.answers(PIN, "1234")
    user.sees(TOUCH)
    assert key.key.asked.wait(30)
    return user


def test_unplugged_in_mid_touch(home, key):
    """The user unplugs it while it blinks, and types the passphrase."""
    user = blinking(home, key)
    key.unplug()
    user.sees("The security key does not unlock the vault: it was unplugged.")
    user.answers("Passphrase: ", PASSPHRASE)
    assert user.ends() == 0


def test_interrupted_in_mid_touch(home, key):
    """Ctrl-C ends the command, and the key stops blinking: it is told to."""
    user = blinking(home, key)
    user.child.sendintr()
    assert user.ends() == 130
    assert key.key.cancelled.wait(30)


def test_without_a_user_nothing_waits_for_a_touch(home, key):
    """An export of a program: the error lists what was tried, and the key does not blink."""
    failed(home.run("export", "dev", AWSVAULT_PASSPHRASE=None), 3, "prompt (")
    assert key.key.touches == 0
    assert home.export("dev")["AccountId"] == "222222222222", "a passphrase of the environment comes first"
    assert key.key.touches == 0


def test_after_a_lock_it_unlocks_for_the_user_alone(home, key):
    """As a passphrase that is typed does."""
    assert home.run("lock").returncode == 0
    user = Terminal(home, "unlock")
    user.answers(PIN, "1234")
    user.sees(TOUCH)
    assert user.ends() == 0
    assert home.export("dev")["AccountId"] == "222222222222"


def test_without_the_library_the_passphrase_unlocks(home, key):
    """As on a machine where the extra is not installed: the line says which."""
    without = {"TEST_WITHOUT_FIDO2": "1"}
    user = Terminal(home, "export", "dev", **without)
    user.sees("python-fido2 is not installed")
    user.answers("Passphrase: ", PASSPHRASE)
    assert user.ends() == 0
    failed(
        home.run("slots", "add", "fido2", **without), 6, "the security key cannot be used: python-fido2 is not installed",
        "fido2",
    )  # fmt: skip


def test_no_command_loads_the_library_without_need(home, key):
    """Warm, from disk, or with a passphrase that is given: fido2 is not imported."""
    for _ in range(2):
        done = home.run("export", "dev", PYTHONPROFILEIMPORTTIME="1")
        assert done.returncode == 0
        assert "fido2" not in done.stderr
