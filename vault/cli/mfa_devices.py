"""`awsvault-py mfa enroll`, `resync` and `qr`: manage devices at AWS, and show a stored seed as a QR code."""

from __future__ import annotations

import click

from vault import limits
from vault.cli import shared_options, trust_option
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.result import report_result
from vault.cli.terminal import is_live, is_terminal, say
from vault.credentials.mfa_code import wait_text
from vault.errors import NotFound, Usage
from vault.keys import entries, mfa_devices, mfa_enrollment
from vault.keys.user_devices import UserDevices
from vault.profiles.values import account_of
from vault.secret import Secret
from vault.store import strict_box
from vault.store.entry_lookup import find_entry
from vault.text import command as shell_command
from vault.text import safe
from vault.unlocking import strict_seeds
from vault.unlocking.keys import raw_seed
from vault.unlocking.unlock import unlock
from vault.upkeep import create

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.store.vault import Opened, Payload
    from vault.system.clipboard import Clipboard


def countdown(context: Context) -> Callable[[float], None]:
    """A callback that shows the seconds until the next code: a line that counts down on a terminal, otherwise a single line."""
    last: list[float] = []
    live = is_live(context.env)

    def waiting(left: float) -> None:
        fresh = not last or left > last[-1]
        last.append(left)
        if live:
            click.echo(f"\r{wait_text(left, 'the next code')} ", nl=left <= 1, err=True)
        elif fresh:
            say(wait_text(left, "the next code"))

    return waiting


@click.command(name="enroll", short_help="Create another MFA device for an IAM user.")
@shared_options.named("name", required=True)
@click.option("--device-name", metavar="DEVICE", help="The device's name at AWS. Default: USER-HOST.")
@click.option(
    *shared_options.CODE, "mfa_code", metavar="CODE", help="A code of the current device, if IAM demands MFA."
)
@trust_option.option
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@shared_options.as_json
@with_context
def enroll(
    context: Context,
    name: str,
    *,
    device_name: str | None,
    mfa_code: str | None,
    trust_endpoint: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Create another MFA device for the IAM user of NAME, and store its seed in the vault.

    The user's other devices are not changed. This takes up to a minute, because AWS needs two consecutive codes. If it is
    interrupted, the next run continues or cleans up.
    """
    opened = unlock(context, purpose=f"to enroll an MFA device for {name}").opened
    trust = trust_option.endpoint_trust(context, trust_endpoint=trust_endpoint)
    devices = UserDevices(context, opened, name, trust=trust, waiting=countdown(context), mfa_code=mfa_code)
    devices.identify()
    user, enroller = devices.user, mfa_enrollment.Enroller(devices)
    under_way = enroller.entry.enrollment
    wanted = device_name or mfa_enrollment.device_name(user, context)
    what = "Enroll"
    if under_way is not None and (under_way.step == "enable" or device_name in (None, under_way.name)):
        wanted, what = under_way.name, "Continue enrolling"
    confirm(
        context,
        f"{what} the MFA device {safe(wanted)} for {safe(user)}? Its seed will be stored with the key: anyone who unlocks this "
        "vault will have both factors.",
        yes=yes,
    )
    say(
        "AWS needs two consecutive codes, which takes up to a minute. You can press Ctrl-C and continue later."
    )
    try:
        done = enroller.run(device_name)
    except KeyboardInterrupt:
        say(f"\nInterrupted. To continue or clean up: awsvault-py mfa enroll {safe(name)}")
        raise
    say(f"{safe(name)} now uses {safe(done.serial)}. Its seed is in the vault.")
    if done.left is not None:
        say(
            f"Note: {safe(done.left)}, created by an interrupted run, may still exist at AWS, not enabled. Your IAM policy does "
            "not let you delete it."
        )
    for place in done.elsewhere:
        say(f"Note: {place} still has the previous device. Change its mfa_serial to {safe(done.serial)}.")
    report_result(enrolled_fields(name, done), as_json=as_json)


def enrolled_fields(name: str, done: mfa_enrollment.EnrolledDevice) -> dict[str, object]:
    """What ``mfa enroll`` has in its JSON."""
    return {
        "name": name,
        "serial": done.serial,
        "resumed": done.resumed,
        "left_at_aws": done.left,
        "previous_device_in": list(done.elsewhere),
    }


@click.command(name="resync", short_help="Resynchronize an MFA device with AWS.")
@shared_options.named("name", required=True)
@trust_option.option
@shared_options.as_json
@with_context
def resync(context: Context, name: str, *, trust_endpoint: bool, as_json: bool) -> None:
    """Resynchronize the MFA device of NAME with AWS, using two consecutive codes. Run this if AWS refuses the codes."""
    opened = unlock(context, purpose=f"to resynchronize the MFA device of {name}").opened
    serial = mfa_devices.find_serial(opened.payload, name)
    holder = holder_of(opened.payload, name, serial)
    trust = trust_option.endpoint_trust(context, trust_endpoint=trust_endpoint)
    devices = UserDevices(context, opened, holder, trust=trust, waiting=countdown(context))
    devices.identify()
    devices.resync(serial)
    say(f"AWS accepts codes of {safe(serial)} again.")
    report_result({"serial": serial, "entry": holder}, as_json=as_json)


def holder_of(payload: Payload, name: str, serial: str) -> str:
    """The entry whose key can manage the device: ``name``, one that uses the device, or the only one of its account.

    Raises NotFound.
    """
    if name in payload.entries:
        return name
    for holder, entry in sorted(payload.entries.items()):
        if entry.mfa_serial == serial:
            return holder
    account = account_of(serial)
    near = [held for held, entry in payload.entries.items() if account and entry.account == account]
    if len(near) == 1:
        return near[0]
    raise NotFound(f"no entry uses {safe(serial)}, so there is no key to call AWS with")


def check_strict_way(opened: Opened, *, with_security_key: bool) -> bool:
    """Whether a security key opens the strict seeds, or will. Usage if they have a passphrase and a security key is wanted."""
    if not strict_box.has_passphrase(opened):
        return with_security_key
    by_key = strict_box.has_security_key(opened.file)
    if with_security_key and not by_key:
        remove = ", ".join(shell_command("mfa remove", serial) for serial in opened.payload.strict_serials)
        raise Usage(
            "the strict seeds already have a passphrase",
            hint=f"use it, without --fido2; for a security key, first remove the strict seeds: {remove}",
        )
    return by_key


def store_strictly(
    context: Context, opened: Opened, name: str, device: mfa_devices.NewDevice, *, with_security_key: bool
) -> Opened:
    """Store the seed of the device in the strict box, and return the vault as stored.

    Raises Usage if the seed or the serial is missing, and what ``check_strict_way`` raises.
    """
    serial = device.serial or find_entry(opened.payload, name).mfa_serial
    if device.seed is None or serial is None:
        raise Usage("--strict needs the seed and the ARN of the device")
    known = strict_box.has_passphrase(opened)
    by_key = check_strict_way(opened, with_security_key=with_security_key)

    def passphrase() -> Secret:
        if not known:
            return create.ask_new_passphrase(context, what="the strict seeds").secret
        return context.interaction.hidden(
            "Passphrase of the strict seeds", deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME)
        )

    made = entries.stored_seed(device.seed, created=int(context.clock.time()))
    after = strict_seeds.store(
        context, opened, name, serial, made, passphrase=passphrase, with_security_key=by_key
    )
    cost = (
        "A touch of the security key unlocks its seed for one code. If you lose the key, enroll another device"
        if by_key
        else "Its seed has a separate passphrase, which unlocks it for five minutes"
    )
    say(f"{safe(name)} uses {safe(serial)}. {cost}.")
    return after


@click.command(name="qr", short_help="Show a stored seed as a QR code.")
@shared_options.named("name", required=True)
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@with_context
def qr(context: Context, name: str, *, yes: bool) -> None:
    """Show the stored MFA seed of NAME as a QR code for an authenticator app. Only on a terminal."""
    if not is_terminal():
        raise Usage("a seed can be shown only on a terminal", hint="run the command without a pipe or a file")
    opened = unlock(context, purpose=f"to show the MFA seed of {name}").opened
    serial = mfa_devices.find_serial(opened.payload, name)
    missing = NotFound(
        f"no seed is stored for {safe(serial)}", hint=f"store it: awsvault-py mfa add {safe(name)}"
    )
    if not mfa_devices.has_seed(opened.payload, serial):
        raise missing
    confirm(context, "Show the seed? Anyone who sees the QR code can generate MFA codes.", yes=yes)
    stored = strict_seeds.stored_seed(context, opened, serial, purpose="to show a seed")
    if stored is None:
        raise missing
    from vault.mfa import codes

    seed = raw_seed(stored.secret, algorithm=stored.algorithm, digits=stored.digits, period=stored.period)
    address = codes.uri(
        seed, label=serial.rpartition("/")[2] + "@" + serial.split(":")[4] if ":" in serial else serial
    )
    import segno

    segno.make(address.reveal_text(), error="m", micro=False).terminal(compact=True)
    say(
        "Scan the QR code, then clear the screen. The phone and the vault generate the same codes, and each code works once."
    )


def copy(context: Context, board: Clipboard, code: str, *, ttl: float) -> None:
    """Copy a code to the clipboard, and remove it after ``ttl`` seconds or when the command is interrupted."""
    ttl = min(ttl, limits.CLIPBOARD_TTL)
    with board.holding(Secret(code)):
        say(f"The code is on the clipboard for {ttl:.0f} s.")
        context.clock.sleep(ttl)
