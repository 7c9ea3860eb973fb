"""Unlocking: opens the vault with the first source that works (security.md 5). Prints nothing.

For a session, the cache key, one entry or one code, the agent is asked directly, which does not take the main key. This
module opens the vault itself. Only one process at a time prompts the user.
"""

from __future__ import annotations

from contextlib import contextmanager

from vault import errors, limits
from vault.errors import Declined, Locked, NotThisSlot, WrongPassphrase
from vault.records import NamedTuple
from vault.store import kdf, slot_text, vault
from vault.system import hardening, locks
from vault.system.files import Folder
from vault.system.prompts import NoAnswer
from vault.unlocking import key_handover, seen_generations
from vault.unlocking import passphrase_sources as unattended
from vault.unlocking.manual_lock import manually_locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.format import Header
    from vault.store.vault import Opened
    from vault.system.clock import Deadline

PROMPT_LOCK = "prompt.lock"
TURN_LOCK = "unlock.lock"
SILENCE = "prompt.silent"
_OPEN_ELSEWHERE = "agent (it is open, but does not give out the main key)"
TYPE_IT = "run the command at a terminal to type the passphrase, or put it into a file and set AWSVAULT_PASSPHRASE_FILE"
_TRIES = 3  # for typing errors; more attempts would be guesses
_EMPTY = 10  # lines without a passphrase, which are no attempts; a pinentry without a user must end


class Unlocked(NamedTuple):
    """An opened vault and what opened it: ``keyring``, ``tpm``, ``fido2``, ``prompt``, or the name of a variable or setting."""

    opened: Opened
    way: str


def unlock(context: Context, *, purpose: str, ends_lock: bool = False) -> Unlocked:
    """Open the vault, and let the agent keep it unlocked. ``purpose`` tells the user what it is for: "to export dev".

    For what needs the main key, which an agent does not give out: so running ``unlock`` first would not help.
    ``ends_lock``: the user ran ``unlock``, which works although the vault was locked with ``lock``.

    Errors: Locked (listing what was tried), WrongPassphrase, Declined, NoVault, Damaged, RolledBack, Diverged,
    ConfigError.
    """
    found = unlock_unless(
        context, purpose=purpose, meanwhile=lambda: False, ends_lock=ends_lock, by_agent=False
    )
    if found is None:
        raise AssertionError("nothing came meanwhile, and yet the question was not asked")
    context.keep_main_key(found.opened.k_main)
    if not ends_lock and not manually_locked(context.paths):
        key_handover.offer(context, found.opened, way=found.way)
    return found


def unlock_unless(
    context: Context,
    *,
    purpose: str,
    meanwhile: Callable[[], bool],
    ends_lock: bool = False,
    by_agent: bool = True,
) -> Unlocked | None:
    """Like ``unlock``; None if, after a wait for other processes, ``meanwhile`` says that it is no longer necessary.

    ``by_agent``: an agent that is unlocked would do as well.
    """
    hardening.before_keys()
    seen = seen_generations.last_seen(context)
    found = _by_first_source(
        context, purpose=purpose, meanwhile=meanwhile, ends_lock=ends_lock, by_agent=by_agent
    )
    if found is not None:
        seen_generations.check(seen, found.opened, path=context.paths.vault)
    return found


def _by_first_source(
    context: Context, *, purpose: str, meanwhile: Callable[[], bool], ends_lock: bool, by_agent: bool
) -> Unlocked | None:
    tried = [_agent_obstacle(context)]
    header = vault.read_header(context.paths)  # NoVault, before any prompt
    manually_locked_now = not ends_lock and manually_locked(context.paths)
    if manually_locked_now and not context.attended:
        raise Locked("the vault is locked (you ran awsvault-py lock)")
    if not manually_locked_now and any(slot.type == "keyring" for slot in header.slots):
        opened = _by_keyring(context, tried)
        if opened is not None:
            return Unlocked(opened, "keyring")
    hints: list[str] = []
    if not manually_locked_now and any(slot.ext is not None for slot in header.slots):
        by_hardware = _by_hardware(context, header, tried, hints)
        if by_hardware is not None:
            return by_hardware
    search = unattended.search(context)
    tried = [*search.tried, *tried]  # what the user set comes first
    found = search.found
    if found is not None:
        with _one_at_a_time(context) as waited:
            if (waited or not found.at_once) and meanwhile():
                return None
            return Unlocked(_open(context, found.secret, source=found.source), found.source)
    try:
        return _by_prompt(context, header, purpose=purpose, tried=tried, meanwhile=meanwhile)
    except Locked as error:
        error.failed_sources = search.tried
        opens_then = manually_locked_now and _opens_by_itself(header)
        error.hint = _hint(context, error.hint, hints, unlock_helps=by_agent or opens_then)
        raise


def _opens_by_itself(header: Header) -> bool:
    """Whether a slot may open the vault without the user, once they have ended the lock."""
    return any(slot.type == "keyring" or slot_text.is_of_machine(slot) for slot in header.slots)


def _hint(context: Context, hint: str, hints: list[str], *, unlock_helps: bool) -> str:
    """``unlock`` is no hint where it does not help: nor where nothing would keep the vault unlocked. ``hints``: of devices."""
    keeps = context.settings.agent != "off" or context.settings.kernel_keyring
    if hint == Locked.hint and not (unlock_helps and keeps):
        hint = TYPE_IT
    return f"{'; '.join(hints)}. To unlock it another way, {hint}" if hints else hint


def open_elsewhere(context: Context) -> bool:
    """Whether the agent has the vault unlocked, which does not help a command that needs the main key."""
    return _agent_obstacle(context) == _OPEN_ELSEWHERE


def _agent_obstacle(context: Context) -> str:
    """Why the agent, which is asked first, did not help: for the list of what was tried."""
    if context.settings.agent == "off":
        return "agent (switched off)"
    hello = context.agent.hello()
    if hello is None:
        return "agent (did not answer)" if context.agent.mute else "agent (not running)"
    if not hello.serves(context.paths):
        return f"agent (of another {'vault' if hello.speaks and hello.file else 'version'})"
    return _OPEN_ELSEWHERE if hello.is_open else "agent (locked)"


@contextmanager
def _one_at_a_time(context: Context) -> Iterator[bool]:
    """Lets one process at a time in: of a hundred, the first few open the vault, and the agent serves the rest.

    Yields whether another process came first.
    """
    try:
        with Folder.open(context.paths.state, create=True) as state:
            lock = locks.try_lock(state, TURN_LOCK)
            waited = lock is None
            if lock is None:
                kdf.preload()  # now, because the others wait while this process has the lock
                lock = locks.lock(state, TURN_LOCK, deadline=context.new_deadline(limits.TURN_WAIT))
    except locks.Busy:  # the other process is slow or stopped: its turn must not use up this run's time
        yield True
        return
    except errors.StorageError:  # no lock available: each process opens the vault itself
        yield False
        return
    with lock:
        yield waited


def _by_keyring(context: Context, tried: list[str]) -> Opened | None:
    if context.settings.keyring == "off":
        tried.append("keyring (switched off)")
        return None
    from vault.store.slots.keyring import KeyringSlot

    try:
        return vault.open_with(context.paths, KeyringSlot())
    except NotThisSlot as reason:
        vault.check_seen(context.paths)  # a damaged slot looks like a keyring with another key
        tried.append(f"keyring ({reason})")
        return None


def _by_hardware(context: Context, header: Header, tried: list[str], hints: list[str]) -> Unlocked | None:
    """The vault, opened by a device that needs nobody. Otherwise ``tried`` and ``hints`` get what is wrong with each."""
    from vault.unlocking import hardware

    for slot in hardware.unattended(context, header):
        try:
            return Unlocked(vault.open_with(context.paths, slot), slot.kind)
        except NotThisSlot as reason:
            vault.check_seen(context.paths)  # as with the keyring
            tried.append(f"{slot.kind} ({reason})")
            what_helps = hardware.advice(header, slot, reason)
            if what_helps:
                hints.append(what_helps)
    return None


def _open(context: Context, secret: Secret, *, source: str) -> Opened:
    try:
        return vault.open_with_passphrase(context.paths, secret, deadline=context.new_deadline())
    except WrongPassphrase as error:
        raise WrongPassphrase(f"{error.message} (it came from {source})") from None


def _by_prompt(
    context: Context, header: Header, *, purpose: str, tried: list[str], meanwhile: Callable[[], bool]
) -> Unlocked | None:
    if not context.interaction.possible():
        raise locked([*tried, f"prompt ({context.interaction.obstacle()})"])
    answer_by = limits.ATTENDED_PROMPT_TIME if context.attended else limits.PROMPT_TIME
    with Folder.open(context.paths.state, create=True) as state:
        try:
            lock = locks.lock(state, PROMPT_LOCK, deadline=context.new_deadline(answer_by))
        except locks.Busy:
            raise locked([*tried, "prompt (another process was prompting)"]) from None
        with lock:
            if meanwhile():
                return None
            if not context.attended:
                _check_silence(context, state, tried)
            try:
                return _by_user(context, header, purpose=purpose, answer_by=answer_by)
            except NoAnswer as answer:
                if answer.reason == "impossible":
                    raise locked([*tried, f"prompt ({answer.message})"]) from None
                _begin_silence(context, state)
                if answer.reason == "timeout":
                    raise locked([*tried, f"prompt (not answered within {int(answer_by)} s)"]) from None
                raise Declined(
                    "no passphrase was given", hint="run the command again when you have it"
                ) from None
            except KeyboardInterrupt:
                _begin_silence(context, state)
                raise


def _by_user(context: Context, header: Header, *, purpose: str, answer_by: float) -> Unlocked:
    """By a security key that is plugged in, otherwise by the passphrase."""
    by = context.new_deadline(answer_by)
    complaint = ""
    if any(
        slot.opens == "main" and slot.ext is not None and slot.ext.name == "fido2" for slot in header.slots
    ):
        from vault.unlocking import security_key

        try:
            slot = security_key.slot(context, purpose=purpose, answer_by=by)
            return Unlocked(vault.open_with(context.paths, slot), slot.kind)
        except NotThisSlot as reason:
            vault.check_seen(context.paths)  # as with the keyring
            complaint = f"The security key does not unlock the vault: {reason}."
    return Unlocked(
        _ask(context, purpose=purpose, answer_by=answer_by, first=by, complaint=complaint), "prompt"
    )


def _ask(context: Context, *, purpose: str, answer_by: float, first: Deadline, complaint: str) -> Opened:
    deadline, tries, empty = first, _TRIES, _EMPTY
    while True:
        typed = context.interaction.hidden(
            "Passphrase",
            deadline=deadline,
            note=f"awsvault-py needs the vault's passphrase {purpose}.",
            complaint=complaint,
        )
        if not len(typed) and empty:
            empty, complaint = empty - 1, "Type the passphrase, or press Ctrl-C."
            continue
        try:
            return vault.open_with_passphrase(context.paths, typed, deadline=context.new_deadline())
        except WrongPassphrase as error:
            tries, complaint = tries - 1, f"{error.message}; try again."
            if not tries:
                raise
            deadline = context.new_deadline(answer_by)


def locked(tried: list[str]) -> Locked:
    """The error that lists what was tried. Its hint is not to unlock if the agent is unlocked already."""
    if _OPEN_ELSEWHERE not in tried:
        return Locked(
            "the vault is locked; " + (f"tried {', '.join(tried)}" if tried else "no prompt is possible")
        )
    return Locked(
        f"the vault's main key is needed, and the agent does not give it out; tried {', '.join(tried)}",
        hint=TYPE_IT,
    )


def _begin_silence(context: Context, state: Folder) -> None:
    """After the user cancels, no process prompts for a while: terraform starts a dozen at once, and one answer is for all."""
    if not context.attended:
        state.write_atomic(SILENCE, b"", durable=False, mtime=int(context.clock.time()))


def _check_silence(context: Context, state: Folder, tried: list[str]) -> None:
    try:
        since = context.clock.time() - state.attributes(SILENCE).mtime_ns / 1e9
    except FileNotFoundError:
        return
    if (
        0 <= since < limits.SILENCE_AFTER_CANCEL
    ):  # a time in the future means that the clock was set back: prompt
        left = int(limits.SILENCE_AFTER_CANCEL - since) + 1
        raise locked([*tried, f"prompt (cancelled {int(since)} s ago; not asked again for {left} s)"])
