"""`awsvault-py slots …`: manages the ways to unlock the vault."""

from __future__ import annotations

import click

from vault import limits
from vault.cli import remove_machine, shared_options, sync_view
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.rekey import UNDO_ENDS, replaced_fields, tell_replaced
from vault.cli.result import report_result
from vault.cli.terminal import ago, emit, emit_json, is_terminal, local, rfc3339, say, table, without_absent
from vault.errors import Usage
from vault.inspect import status
from vault.migrate import undo
from vault.store import slot_text, vault
from vault.store.kdf import DEFAULT, STRONG
from vault.text import safe, suggestion
from vault.unlocking import hardware
from vault.unlocking.unlock import unlock
from vault.upkeep import create, rekey, rekey_plan, slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.format import Header
    from vault.store.vault import Opened

    _Choice = click.Choice[str]
else:
    _Choice = click.Choice  # no class with parameters before click 8.2

_WAYS = ("keyring", "recovery", "passphrase", "tpm", "fido2")
_NAME = 11  # characters of a slot name: 8 bytes in base64url. No option has this length


_TPM = (
    "With a TPM slot, this machine unlocks the vault by itself, also while nobody is there:\n"
    "- A thief of the disk or of a backup gets nothing. A thief of the whole machine who can start it can unlock the vault.\n"
    "- The agent's time limits (agent_idle, agent_max) no longer keep the vault locked: each command unlocks it again. "
    "After awsvault-py lock it stays locked until awsvault-py unlock."
)
_PCRS = "If the PCRs change, for example by a firmware update, only the other slots unlock the vault until awsvault-py rekey."


_ALSO_CALLED = {
    ("fido2", "a security key"): ("fido", "u2f", "security-key", "securitykey", "yubikey", "key"),
    ("recovery", "a recovery code"): ("recovery-code", "code", "paper"),
    ("passphrase", "a second passphrase"): ("password", "pass"),
}


class _Way(_Choice):
    """A way to unlock the vault, by its name. What else users call it leads to a hint."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = next((way for way, names in _ALSO_CALLED.items() if value.lower() in names), None)
        if found is not None:
            way, what = found
            raise Usage(
                f'there is no slot kind "{safe(value)}"', hint=f"for {what}, run: awsvault-py slots add {way}"
            )
        if value.lower() not in self.choices:
            hint = suggestion(value, self.choices) or f"the kinds are {', '.join(_WAYS)}"
            raise Usage(f'there is no slot kind "{safe(value)}"', hint=hint)
        return super().convert(value, param, ctx)


def _pcrs(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[int, ...]:
    words = text.replace("+", ",").split(",") if text else []
    if any(not (word.isascii() and word.isdigit() and len(word) < 3) for word in words):
        words = ["24"]
    found = sorted({int(word) for word in words})
    if text is not None and (not found or found[-1] >= limits.TPM_PCRS or len(found) > limits.MAX_TPM_PCRS):
        raise Usage(
            f"--pcrs is {safe(text)!r}, not a list of PCRs",
            hint=f"give up to {limits.MAX_TPM_PCRS} numbers from 0 to {limits.TPM_PCRS - 1}, such as 7 or 0+7",
        )
    return tuple(found)


@click.group(name="slots")
def command() -> None:
    """List, add, or remove ways to unlock the vault."""


@command.command(name="list", short_help="List the slots of the vault.")
@shared_options.as_json
@with_context
def list_(context: Context, *, as_json: bool) -> None:
    """List the slots and when each last unlocked the vault on this machine. Needs no passphrase.

    The time of the last use is exact to the hour. A command that the agent answers uses no slot, and neither does creating
    the vault.

    If the vault has a remote, the machines that share it follow at a terminal and in JSON, as of the last sync.
    """
    found = slots.list_slots(context)
    remote = status.quiet_remote(context)
    machines = remote.summary.machines if remote is not None and remote.summary is not None else None
    if as_json:
        listed = None if machines is None else sync_view.machines_json(machines)
        emit_json(without_absent({"slots": [_fields(slot) for slot in found], "machines": listed}))
        return
    rows = [
        (
            s.name,
            s.kind,
            s.about,
            "all" if s.opens == "main" else "strict seeds",
            local(s.used) if s.used else "never",
        )
        for s in found
    ]
    table(context.env, ("SLOT", "KIND", "ABOUT", "OPENS", "LAST USED HERE"), rows)
    if remote is not None and is_terminal():
        emit("")
        if machines is not None:
            sync_view.show_machines(context.env, machines)
        say(
            f"Last synced {ago(context.clock.time() - remote.at)}."
            + ("" if machines is not None else " To show the machines: awsvault-py remote show")
        )


def _fields(slot: slots.SlotInfo) -> dict[str, object]:
    return without_absent(
        {
            "slot": slot.name,
            "kind": slot.kind,
            "opens": slot.opens,
            "about": slot.about or None,
            "host": slot.host,
            "device": slot.device,
            "last_used": None if slot.used is None else rfc3339(slot.used),
        }
    )


@command.command(name="add", short_help="Add a way to unlock the vault.")
@click.argument("way", type=_Way(_WAYS, case_sensitive=False))
@click.option(
    "--kdf",
    type=click.Choice(["default", "strong"]),
    default="default",
    help="For a passphrase: memory for each guess, 64 or 256 MiB.",
)
@click.option(
    "--pcrs",
    callback=_pcrs,
    metavar="LIST",
    help="For tpm: unlock only while these PCRs have their present values, such as 7 or 0+7. Firmware updates change them.",
)
@click.option(
    "--no-pin", is_flag=True, help="For fido2: unlock by a touch alone, so that everyone who has the key can."
)
@click.option("--yes", is_flag=True, help="For tpm: do not prompt for confirmation.")
@shared_options.as_json
@with_context
def add(
    context: Context, way: str, kdf: str, pcrs: tuple[int, ...], *, no_pin: bool, yes: bool, as_json: bool
) -> None:
    """Add a way to unlock the vault.

    `keyring` is this machine's keyring, `recovery` a code on paper, `passphrase` a second passphrase, `tpm` this machine's TPM,
    and `fido2` a security key.
    """
    if way != "tpm" and pcrs:
        raise Usage("--pcrs is for tpm", hint="run: awsvault-py slots add tpm --pcrs 7")
    if way != "fido2" and no_pin:
        raise Usage("--no-pin is for fido2", hint="run: awsvault-py slots add fido2 --no-pin")
    if (
        way in hardware.KINDS
    ):  # before the passphrase, which would be typed in vain; and again with the vault's own word
        _check_device(context, way, vault.read_header(context.paths), pcrs=pcrs, with_pin=not no_pin)
    opened = unlock(context, purpose="to add a way to unlock it").opened
    chosen = None
    match way:
        case "keyring":
            after = slots.add_keyring(context, opened)
            say("This machine's keyring now unlocks the vault without a prompt. It is as safe as your login.")
        case "recovery":
            after = slots.add_recovery(context, opened)
            say("The recovery code now unlocks the vault. To try it, type it at the passphrase prompt.")
        case "tpm":
            after = _add_tpm(context, opened, pcrs, yes=yes)
        case "fido2":
            _check_device(context, way, opened.header, pcrs=pcrs, with_pin=not no_pin)
            after = slots.add_security_key(context, opened, with_pin=not no_pin)
            say(
                "The security key now unlocks the vault. Keep the passphrase: a security key can be lost, and its PIN blocked."
            )
        case _:
            slots.check_passphrase_room(opened)
            chosen = create.ask_new_passphrase(context, what="a second passphrase")
            after = slots.add_passphrase(context, opened, chosen, kdf=STRONG if kdf == "strong" else DEFAULT)
            say("The second passphrase now unlocks the vault.")
            if chosen.warning is not None:
                say(f"Warning: this passphrase is weak: {chosen.warning}.")
    added = slots.info(after.header.slots[-1])
    report_result({**_fields(added), "warnings": create.warnings_of(chosen)}, as_json=as_json)


def _check_device(
    context: Context, way: str, header: Header, *, pcrs: tuple[int, ...], with_pin: bool
) -> None:
    if way == "tpm":
        slots.check_tpm(context, header, pcrs=pcrs)
    else:
        slots.check_security_key(context, header, with_pin=with_pin)


def _add_tpm(context: Context, opened: Opened, pcrs: tuple[int, ...], *, yes: bool) -> Opened:
    slots.check_tpm(context, opened.header, pcrs=pcrs)
    say(_TPM)
    named = context.env.get(hardware.TPM_VARIABLE)
    if named:
        say(
            f"{hardware.TPM_VARIABLE} names the TPM: {safe(named)}. Who answers there can read the key of the slot: continue only if you set "
            "this variable yourself."
        )
    if pcrs:
        say(_PCRS)
    confirm(context, "Let this machine's TPM unlock the vault?", yes=yes)
    after = slots.add_tpm(context, opened, pcrs=pcrs)
    say(
        "This machine's TPM now unlocks the vault, without a prompt. Keep the passphrase: a TPM is lost with its machine."
    )
    return after


class _WithSlot(click.Command):
    """A command that takes the name of a slot, which begins with ``-`` if an older version created it so."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        names = [word for word in args if word.startswith("-") and len(word) == _NAME]
        if names and "--" not in args:
            args = [*(word for word in args if word not in names), "--", *names]
        return super().parse_args(ctx, args)


@command.command(name="remove", cls=_WithSlot)
@click.argument("slot", metavar="SLOT|MACHINE")
@click.option(
    "--stdin", "from_stdin", is_flag=True, help="For a machine: read the new passphrase from stdin."
)
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@shared_options.as_json
@with_context
def remove(context: Context, slot: str, *, from_stdin: bool, yes: bool, as_json: bool) -> None:
    """Remove a way to unlock the vault. This replaces the master keys, so that an old copy of the slot becomes useless.

    SLOT is a name from `slots list`, or a unique prefix of it.

    MACHINE is the name or ID of a machine in `remote show`. It can no longer sync, and the vault gets a new passphrase on all machines,
    because the machine knows the old one. It keeps what it synced last.
    """
    opened, passphrase = rekey_plan.open_by_secret(context, purpose="to remove a way to unlock it")
    if remove_machine.is_meant(opened, slot):
        remove_machine.run(
            context, opened, slot, passphrase=passphrase, from_stdin=from_stdin, yes=yes, as_json=as_json
        )
        return
    if from_stdin:
        raise Usage("--stdin is for a machine", hint="run: awsvault-py slots remove SLOT")
    gone = slots.find_slot(opened, slot)
    plan = rekey_plan.make_plan(context, opened, passphrase=passphrase, without=gone)
    note = f"{UNDO_ENDS} " if undo.opens_import(context, opened) else ""
    confirm(context, f"{note}Remove the {slot_text.describe(gone)}, and replace the master keys?", yes=yes)
    question = plan.question()
    if question is not None:
        confirm(context, question, yes=yes)
    done = rekey.carry_out(context, plan)
    tell_replaced(done, f"Removed the {slot_text.describe(gone)}.")
    report_result({"slot": gone.name, "kind": slot_text.kind(gone), **replaced_fields(done)}, as_json=as_json)
