"""mfa enroll, resync, qr, code --clip and rotate in front of a user: what counts down, and what Ctrl-C leaves."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess

import pytest
import segno

from tests.display import running
from tests.fakes.example import KEY_ID, SEED, SERIAL
from tests.home import PASSPHRASE, endpoint_trust, failed
from tests.patience import PATIENCE
from tests.terminal_user import Terminal
from tests.unit.benches import Bench
from vault.keys import mfa_enrollment
from vault.keys.user_devices import UserDevices

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")

NAME = "shared-services"
NEW_DEVICE = "arn:aws:iam::111111111111:mfa/yourself-desk"


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def at_terminal(home, *arguments, **env):
    return Terminal(home, *arguments, AWSVAULT_PASSPHRASE=PASSPHRASE, TERM="xterm", **env)


def test_a_device_is_enrolled_used_and_removed(ready, aws):
    """One command, one question, a countdown; then codes come from the new device, and --deactivate takes it off."""
    person = at_terminal(ready, "mfa", "enroll", NAME, "--device-name", "yourself-desk")
    person.answers("both factors", "y")
    assert "takes up to a minute. You can press Ctrl-C" in person.sees("s for the next code")
    assert person.ends() == 0
    assert f"now uses {NEW_DEVICE}" in person.shown
    assert f"Change its mfa_serial to {NEW_DEVICE}" in person.shown
    assert aws.world.devices[NEW_DEVICE].user == aws.world.user("yourself").arn
    assert aws.world.devices[SERIAL].user is not None
    listed = ready.run("mfa", "list")
    assert f"{NEW_DEVICE}\tstored\t{NAME}" in listed.stdout
    gone = ready.run("mfa", "remove", NEW_DEVICE, "--deactivate", "--yes")
    assert gone.returncode == 0, gone.stderr
    assert set(aws.world.devices) == {SERIAL}
    assert NEW_DEVICE not in ready.run("mfa", "list").stdout


def test_ctrl_c_at_the_countdown_leaves_nothing_half_done(ready, aws, clock):
    """130 and how to go on; the device is not enabled and its seed is kept; the next run enables that same device."""
    clock.let_them_wait()
    clock.early_in_a_step()  # else the wait may end while nobody looks
    person = at_terminal(ready, "mfa", "enroll", NAME, "--yes", "--device-name", "yourself-desk")
    assert person.interrupts("s for the next code") == 130
    assert f"awsvault-py mfa enroll {NAME}" in person.shown
    assert "Traceback" not in person.shown
    assert aws.world.devices[NEW_DEVICE].user is None
    bench = Bench(ready, aws)
    before = bench.opened().payload
    assert NEW_DEVICE in before.seeds
    assert before.entries[NAME].mfa_serial == SERIAL
    devices = UserDevices(
        bench.context(), bench.opened(), NAME, trust=endpoint_trust(bench.context()), waiting=lambda _: None
    )
    devices.identify()
    done = mfa_enrollment.Enroller(devices).run(None)
    assert (done.serial, done.resumed) == (NEW_DEVICE, True)
    assert aws.world.devices[NEW_DEVICE].user is not None
    assert set(aws.world.devices) == set(bench.opened().payload.seeds) == {SERIAL, NEW_DEVICE}
    assert aws.calls.count("CreateVirtualMFADevice") == 1


def test_resync_tells_aws_where_the_clock_stands(ready, aws):
    """Two codes in a row, the second waited for and said to be."""
    done = ready.run("mfa", "resync", NAME)
    assert done.returncode == 0, done.stderr
    assert "for the next code" in done.stderr
    (call,) = aws.calls.of("ResyncMFADevice")
    assert call.result == "ok"
    failed(ready.run("mfa", "resync", "nothing"), 5, "nothing")


def test_ctrl_c_while_a_new_key_spreads_leaves_the_old_one_in_use(ready, aws, clock):
    """The proof counts on the terminal; after Ctrl-C exports go on, and the next rotate goes on with the same key."""
    aws.world.new_key_delay = 600
    clock.let_them_wait()  # else the minute of the proof may be over before the key is typed
    person = at_terminal(ready, "rotate")
    person.answers("for seven days?", "y")
    assert person.interrupts("0 of 5 times in a row") == 130
    assert f"To continue: awsvault-py rotate {NAME}" in person.shown
    assert "Traceback" not in person.shown
    keys = {key.id: key for key in aws.world.keys_of(aws.world.user("yourself"))}
    assert {key.status for key in keys.values()} == {"Active"}
    assert ready.export("dev")["AccountId"] == "222222222222"
    assert "a rotation was interrupted" in ready.run("status").stderr
    for key in keys.values():
        key.valid_from = key.steady_from = 0
    done = ready.run("rotate", "--yes")
    assert done.returncode == 0, done.stderr
    assert aws.calls.count("CreateAccessKey") == 1
    assert keys[KEY_ID].status == "Inactive"


def test_a_seed_is_shown_as_a_qr_code(ready):
    """The picture is that of the otpauth address an authenticator reads; a pipe gets nothing."""
    failed(ready.run("mfa", "qr", NAME, "--yes"), 2, "only on a terminal")
    person = at_terminal(ready, "mfa", "qr", NAME)
    person.answers("Anyone who sees the QR code", "y")
    assert person.ends() == 0
    address = f"otpauth://totp/AWS:yourself@111111111111?secret={SEED}&issuer=AWS"
    picture = io.StringIO()
    segno.make(address, error="m", micro=False).terminal(picture, compact=True)
    shown = [line for line in person.shown.splitlines() if len(line) > 20 and set(line) <= set(" █▀▄")]
    assert shown == picture.getvalue().splitlines()
    assert SEED not in person.shown


def test_a_code_on_a_terminal_says_how_long_it_is_good(ready, aws):
    """The seconds left stand beside the code, at least three; the code is one that AWS takes now."""
    person = at_terminal(ready, "otp", NAME)
    assert person.ends() == 0
    left = re.search(r"(\d+)\r\nValid for (\d+) s", person.shown)
    assert left is not None, person.shown
    assert 3 <= int(left[2]) <= 30
    assert left[1] in {aws.code(steps=n) for n in (-1, 0)}


@pytest.fixture
def display():
    with running() as name:
        yield name


def clipboard(display):
    """What lies on the clipboard of ``display``."""
    done = subprocess.run(
        ["xclip", "-selection", "clipboard", "-o"],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    return done.stdout.decode()


@pytest.mark.parametrize("end", ["interrupt", "hang up", "another text"])
def test_a_code_goes_to_the_clipboard_and_off_again(ready, aws, clock, display, end):
    """It is there while the command waits, on no screen, and gone after; a text that somebody put there since stays."""
    clock.let_them_wait()
    clock.early_in_a_step()
    person = at_terminal(ready, "mfa", "code", NAME, "--clip", DISPLAY=display)
    person.sees("on the clipboard")
    code = clipboard(display)
    assert code in {aws.code(steps=n) for n in (-1, 0, 1)}
    assert code not in person.shown
    if end == "another text":
        subprocess.run(
            ["xclip", "-selection", "clipboard"],
            input=b"mine",
            env={**os.environ, "DISPLAY": display},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    if end == "hang up":
        person.child.close(force=False)  # the window is closed: SIGHUP
        with contextlib.suppress(Exception):
            person.child.wait()
    else:
        person.child.sendintr()
        person.ends()
    left = clipboard(display)
    assert left == ("mine" if end == "another text" else "")


def test_without_a_clipboard_no_code_is_spent(ready, clock):
    """Said before a code is taken from the ledger: the next code comes at once."""
    clock.early_in_a_step()  # at its end the next code is waited for in any case
    failed(ready.run("mfa", "code", NAME, "--clip", DISPLAY=None, WAYLAND_DISPLAY=None), 5, "no clipboard")
    assert "for the next code" not in ready.run("otp", NAME).stderr


def test_a_picture_of_a_seed_that_is_not_stored_is_not_asked_about(home):
    """What is missing is said at once, with the command that stores it."""
    home.make_vault(seed=None)
    person = Terminal(home, "mfa", "qr", "shared-services", AWSVAULT_PASSPHRASE=PASSPHRASE)
    assert person.ends() == 5
    assert f"no seed is stored for {SERIAL}" in person.shown
    assert "store it: awsvault-py mfa add shared-services" in person.shown
    assert "Show the seed?" not in person.shown
