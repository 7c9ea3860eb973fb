"""`awsvault-py slots remove MACHINE`: ends the access of one machine to the vault that machines share."""

from __future__ import annotations

import shlex

from vault.cli.add import read_stdin
from vault.cli.confirm import confirm
from vault.cli.rekey import UNDO_ENDS, replaced_fields, tell_others, tell_replaced
from vault.cli.result import report_result
from vault.cli.terminal import local, rfc3339, say
from vault.errors import NotFound, Usage
from vault.machines import machine_log, shared_keys
from vault.migrate import undo
from vault.text import command, safe
from vault.upkeep import create, rekey_plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.remote.summary import MachineInfo
    from vault.secret import Secret
    from vault.store.opened import Opened

_SHOW = "run: awsvault-py remote show"
_MOST_NAMES = 8  # entries on one command line to copy


def is_meant(opened: Opened, name: str) -> bool:
    """Whether ``name`` is a machine's, and no slot's. Usage if it may be both."""
    if not shared_keys.machines_called(opened, name) or any(
        slot.name == name for slot in opened.header.slots
    ):
        return False
    if any(slot.name.startswith(name) for slot in opened.header.slots):
        raise Usage(
            f"{safe(name)} is a machine, and the name of a slot begins with it too",
            hint=f"give the whole name of the slot, or the ID of the machine; {_SHOW}",
        )
    return True


def run(
    context: Context,
    opened: Opened,
    name: str,
    *,
    passphrase: Secret | None,
    from_stdin: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove the machine ``name``, with a new passphrase and new keys for the others. Errors: those of vault/machines/shared_keys."""
    given = create.passphrase_from_stdin(read_stdin()) if from_stdin else None
    _found(opened, name)  # before anything is asked, and again with what the sync brings
    opened, passphrase, url = shared_keys.prepare(context, opened, passphrase)
    machine = _found(opened, name)
    note = f"{UNDO_ENDS} " if undo.opens_import(context, opened) else ""
    confirm(
        context,
        f"{note}Remove the machine {_called(machine)} from {safe(url or '')}, choose a new passphrase, and replace the master keys?",
        yes=yes,
    )
    new = given or create.ask_new_passphrase(
        context, what="the vault on all other machines", otherwise=command("slots remove --stdin", name)
    )
    shared_keys.check_unused(context, opened, new)
    plan = rekey_plan.make_plan(context, opened, passphrase=passphrase, new_passphrase=new.secret)
    question = plan.question()
    if question is not None:
        confirm(context, question, yes=yes)
    done = shared_keys.carry_out(context, plan, removes=(machine.id,))
    machine_log.log_removed_machine(context, done.opened, name=machine.name, machine=machine.id)
    if new.warning is not None:
        say(f"Warning: the new passphrase is weak: {new.warning}.")
    tell_replaced(done, f"Removed the machine {_called(machine)}. The passphrase was changed.")
    tell_others(url or "")
    names = sorted(done.opened.payload.entries)
    _tell_rest(machine, names, url or "")
    report_result(
        {
            "machine": machine.id,
            "name": machine.name,
            "last_wrote": rfc3339(machine.at) if machine.at else None,
            "url": url,
            "rotate": names,
            **replaced_fields(done),
            "warnings": create.warnings_of(new),
        },
        as_json=as_json,
    )


def _found(opened: Opened, name: str) -> MachineInfo:
    """The one machine that is meant. NotFound if it was removed, Usage if it is this one or there are several."""
    found = shared_keys.machines_called(opened, name)
    live = [one for one in found if not one.gone]
    if not live:
        raise NotFound(f"the machine {safe(name)} was removed already", hint=_SHOW)
    if len(live) > 1:
        raise Usage(
            f"several machines are called {safe(name)}: {'; '.join(map(_told_apart, live))}",
            hint="give the ID of one of them",
        )
    (machine,) = live
    if machine.here:
        raise Usage(
            f"{_called(machine)} is this machine",
            hint="to stop syncing here, run: awsvault-py remote remove",
        )
    return machine


def _called(machine: MachineInfo) -> str:
    return f"{safe(machine.name)} ({machine.id})" if machine.name else machine.id


def _told_apart(machine: MachineInfo) -> str:
    here = ", this machine" if machine.here else ""
    return f"{machine.id}, last wrote {local(machine.at) if machine.at else 'never'}{here}"


def _tell_rest(machine: MachineInfo, names: list[str], url: str) -> None:
    """What removing a machine cannot do."""
    since = f" on {local(machine.at)}" if machine.at else ""
    say(
        f"{_called(machine)} keeps what it synced last{since}. Deactivate the credentials with which it reads {safe(url)}: until then it "
        "can read earlier versions, and replace the object."
    )
    if names:
        few = len(names) <= _MOST_NAMES and not any(name.startswith("-") for name in names)
        keys = " ".join(shlex.quote(safe(name)) for name in names) if few else "--all"
        say(
            f"If someone else may use it, its keys and MFA seeds are known. To replace the keys: awsvault-py rotate {keys}"
        )
