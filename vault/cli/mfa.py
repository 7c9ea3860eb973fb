"""`awsvault-py mfa …`: manages MFA devices, their seeds and codes. `otp NAME` is short for `mfa code NAME`."""

from __future__ import annotations

import click

from vault.cli import mfa_yubikey, shared_options, trust_option
from vault.cli.add import read_stdin
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.mfa_devices import (
    check_strict_way,
    copy,
    countdown,
    enroll,
    holder_of,
    qr,
    resync,
    store_strictly,
)
from vault.cli.result import report_result
from vault.cli.terminal import emit, emit_json, is_terminal, rfc3339, say, table
from vault.errors import Usage
from vault.keys import mfa_devices
from vault.keys.key_input import NewKey
from vault.keys.seed_proof import SeedProver
from vault.keys.user_devices import UserDevices
from vault.store.entry_lookup import find_entry
from vault.system import clipboard
from vault.text import command as shell_command
from vault.text import safe
from vault.unlocking import inventory, strict_seeds
from vault.unlocking.key_access import open_keys
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.mfa.codes import Seed
    from vault.store.vault import Opened


@click.group(name="mfa")
def command() -> None:
    """Manage MFA devices: seeds, codes, enrollment."""


@command.command(name="add")
@shared_options.named("name", required=True)
@click.option(
    "--stdin", "from_stdin", is_flag=True, help="Read the device as JSON from stdin (docs/reference/json.md)."
)
@click.option("--strict", is_flag=True, help="Protect the seed with its own passphrase.")
@click.option("--fido2", is_flag=True, help="With --strict: protect the seed by a security key instead.")
@click.option(
    "--yubikey", metavar="ACCOUNT", help="Take the codes from this OATH account of a YubiKey, by ykman."
)
@click.option("--no-verify", is_flag=True, help="Do not verify the seed with AWS.")
@click.option("--yes", is_flag=True, help="For --yubikey: write the profiles without a prompt.")
@shared_options.as_json
@with_context
def add(
    context: Context,
    name: str,
    *,
    from_stdin: bool,
    strict: bool,
    fido2: bool,
    yubikey: str | None,
    no_verify: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Set the MFA device of the entry NAME, and store the device's seed.

    Prompts for the ARN and the seed, and hides the seed. mfa add verifies a typed seed by one of its codes before it stores
    it, and prompts again if AWS refuses. --stdin reads one or both. The seed is base32 or an otpauth:// URL.

    With --strict, a separate passphrase protects the seed. It unlocks the seed for five minutes or for one use. With --strict
    --fido2, a touch of a security key unlocks it for one code.

    With --yubikey, the seed is on a YubiKey: ACCOUNT is a name from `ykman oath accounts list`. mfa add takes one code to check it,
    then sets mfa_process in the profiles that use the key.
    """
    if yubikey is not None:
        if strict or from_stdin:
            raise Usage(
                "--yubikey stores no seed",
                hint=f"run: {shell_command('mfa add', name)} --yubikey ACCOUNT, with neither --strict nor --stdin",
            )
        words = mfa_yubikey.code_command(
            context, yubikey
        )  # before the passphrase, which would be typed in vain
        opened = unlock(context, purpose=f"to find the profiles of {name}").opened
        mfa_yubikey.use(context, opened, name, yubikey, words, yes=yes, as_json=as_json)
        return
    if fido2:
        _check_fido2(context, name, strict=strict)  # before the passphrase, which would be typed in vain
    given = mfa_devices.from_json(read_stdin()) if from_stdin else None
    if given is None and not context.interaction.possible():
        raise Usage(f"cannot prompt for the device: {context.interaction.obstacle()}", hint="use --stdin")
    opened = unlock(context, purpose=f"to store the MFA device of {name}").opened
    check_strict_way(opened, with_security_key=fido2)
    entry = find_entry(opened.payload, name)
    prover = SeedProver(context, name, opened)

    def prove(serial: str, seed: Seed) -> None:
        if not no_verify:
            prover.prove(NewKey(entry.access_key_id, entry.secret, serial, seed))

    device = (
        given
        if given is not None
        else mfa_devices.ask_device(context, name=name, known=entry.mfa_serial, prove=prove)
    )
    if strict:
        after = store_strictly(context, opened, name, device, with_security_key=fido2)
    else:
        after = mfa_devices.add_to_entry(context, opened, name, device)
        serial = mfa_devices.find_serial(after.payload, name)
        say(f"{safe(name)} uses {safe(serial)}.")
        if device.seed is not None:
            say("The MFA seed is stored with the key: anyone who unlocks this vault has both factors.")
        elif not mfa_devices.has_seed(after.payload, serial):
            say("Its seed is not stored, so awsvault-py will prompt for its codes.")
    report_result(_fields(prover, after, name), as_json=as_json)


def _fields(prover: SeedProver, after: Opened, name: str) -> dict[str, object]:
    """What ``mfa add`` has in its JSON, after it has told the user of the seed's proof."""
    warnings = _tell_proof(prover, after, name)
    contents = inventory.of(after.payload)
    entry = contents.entry(name)
    return {
        "name": name,
        "serial": entry.mfa_serial,
        "mfa": contents.mfa_mode(entry),
        "verified": prover.proof is not None and not warnings,
        "warnings": warnings,
    }


def _check_fido2(context: Context, name: str, *, strict: bool) -> None:
    if not strict:
        raise Usage("--fido2 is for --strict", hint=f"run: {shell_command('mfa add', name)} --strict --fido2")
    strict_seeds.check_security_key(context)


def _tell_proof(prover: SeedProver, opened: Opened, name: str) -> list[str]:
    """Keep the session of the seed's proof for the next export, or say why there is none. Returns the warnings."""
    if prover.proof is None:
        return []
    warnings = []
    if prover.proof.unproved:
        warnings = [f"the MFA seed could not be verified with AWS: {prover.proof.unproved}"]
        say(f"Warning: {warnings[0]}")
    prover.keep(opened, mfa_devices.find_serial(opened.payload, name), [name])
    return warnings


@command.command(name="code")
@shared_options.named("name", required=True)
@click.option("--clip", is_flag=True, help="Copy the code to the clipboard, and clear it when the code ends.")
@shared_options.as_json
@with_context
def code(context: Context, name: str, *, clip: bool, as_json: bool) -> None:
    """Print an MFA code for NAME, an entry or the ARN of a device.

    Each code is issued only once. If the current code was used or is about to expire, the command waits for the next one.
    """
    if clip and as_json:
        raise Usage("--json prints the code: do not combine it with --clip")
    board = clipboard.find(context.env) if clip else None  # if there is none, fail before a code is used up
    keys = open_keys(context, purpose=f"for an MFA code of {name}")
    serial = mfa_devices.resolve_serial(context, keys, name)
    taken = mfa_devices.next_code(context, keys, serial, waiting=countdown(context))
    left = taken.ends - context.clock.time()
    if board is not None:
        copy(context, board, taken.text, ttl=left)
        return
    if as_json:
        emit_json({"serial": serial, "code": taken.text, "expires": rfc3339(taken.ends)})
        return
    emit(taken.text)
    if is_terminal():
        say(f"Valid for {left:.0f} s and one use.")


@command.command(name="list", short_help="List the MFA devices in the vault.")
@shared_options.as_json
@with_context
def list_(context: Context, *, as_json: bool) -> None:
    """List the MFA devices in the vault, whether their seeds are stored, and which entries use them."""
    found = open_keys(context, purpose="to list the MFA devices").contents().devices()
    if as_json:
        rows = [
            {"serial": d.serial, "seed_stored": d.stored, "strict": d.strict, "entries": list(d.entries)}
            for d in found
        ]
        emit_json({"devices": rows})
        return
    if not found:
        say("The vault has no MFA device. To add one: awsvault-py mfa add NAME")
        return
    table(
        context.env,
        ("DEVICE", "CODES", "ENTRIES"),
        [(d.serial, d.codes, ", ".join(d.entries)) for d in found],
    )


@command.command(name="remove")
@shared_options.named("name", required=True)
@click.option("--deactivate", is_flag=True, help="Deactivate and delete the device at AWS too.")
@trust_option.option
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@shared_options.as_json
@with_context
def remove(
    context: Context, name: str, *, deactivate: bool, trust_endpoint: bool, yes: bool, as_json: bool
) -> None:
    """Remove an MFA device and its seed from the vault. NAME is an entry or the ARN of the device.

    The device stays at AWS unless you use --deactivate.
    """
    opened = unlock(context, purpose=f"to remove the MFA device of {name}").opened
    serial = mfa_devices.find_serial(opened.payload, name)
    devices = None
    if deactivate:
        holder = holder_of(opened.payload, name, serial)
        trust = trust_option.endpoint_trust(context, trust_endpoint=trust_endpoint)
        devices = UserDevices(context, opened, holder, trust=trust, waiting=countdown(context))
    has_seed = mfa_devices.has_seed(opened.payload, serial)
    lost = " and its seed, which AWS cannot show again," if has_seed else ""
    places = "from AWS and from the vault" if deactivate else "from the vault"
    confirm(context, f"Remove {safe(serial)}{lost} {places}?", yes=yes)
    forget = mfa_devices.prepare_removal(context, opened, serial)
    if devices is not None:
        devices.identify()
        devices.deactivate(serial)
    forget()
    say(f"Removed {safe(serial)}." + ("" if deactivate else " It is still at AWS."))
    used_by = [one.name for one in inventory.of(opened.payload).entries if one.mfa_serial == serial]
    report_result(
        {"serial": serial, "entries": used_by, "seed_removed": has_seed, "deactivated": deactivate},
        as_json=as_json,
    )


for further in (enroll, resync, qr):
    command.add_command(further)
