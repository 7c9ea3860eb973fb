"""Creates the vault: the user chooses a passphrase, then the file is written."""

from __future__ import annotations

from vault import limits
from vault.errors import Locked, Usage, WrongPassphrase
from vault.keys.key_prompts import ask_until_valid
from vault.records import NamedTuple
from vault.store import vault
from vault.store.kdf import DEFAULT, KdfParams
from vault.system import hardening
from vault.unlocking import key_handover, passphrase_sources
from vault.upkeep import passphrase_strength

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.slots import Slot
    from vault.store.vault import Opened

PROMPT = "prompt"  # ``source`` of a passphrase that the user typed


class ChosenPassphrase(NamedTuple):
    """A passphrase for a vault. ``warning`` says why it is weak, or is None; ``source`` is PROMPT or where it came from."""

    secret: Secret
    warning: str | None
    source: str


def warnings_of(chosen: ChosenPassphrase | None) -> list[str]:
    """The warning that the passphrase is weak, if one was chosen and it is."""
    return (
        [f"the passphrase is weak: {chosen.warning}"]
        if chosen is not None and chosen.warning is not None
        else []
    )


def choose_passphrase(context: Context, *, what: str = "the new vault") -> ChosenPassphrase:
    """Take a passphrase from the environment, or have the user type it twice.

    Raises Usage if it is too short or too long, Locked if no prompt is possible.
    """
    hardening.before_keys()
    search = passphrase_sources.search(context)
    if search.found is not None:
        passphrase_strength.check(search.found.secret)
        return _chosen(search.found.secret, search.found.source)
    if not context.interaction.possible():
        tried = ", ".join([*search.tried, f"prompt ({context.interaction.obstacle()})"])
        raise Locked(
            f"there is no passphrase for {what}; tried {tried}",
            hint="run the command at a terminal, or set AWSVAULT_PASSPHRASE_FILE to a file with the passphrase",
        )
    return ask_new_passphrase(context, what=what)


def ask_new_passphrase(context: Context, *, what: str, otherwise: str = "") -> ChosenPassphrase:
    """Have the user type a new passphrase twice, even if the environment has one. Raises Usage, Locked, NoAnswer.

    ``otherwise`` is a command that needs no prompt; the hint of Locked suggests it.
    """
    hardening.before_keys()
    if not context.interaction.possible():
        raise Locked(
            f"cannot ask for a new passphrase for {what}: {context.interaction.obstacle()}",
            hint="run the command at a terminal" + (f", or run: {otherwise}" if otherwise else ""),
        )
    note = f"Choose a passphrase for {what}: five or more random words, at least {limits.PASSPHRASE_LEAST} characters."
    secret = ask_until_valid(lambda complaint: _ask_twice(context, note=note, complaint=complaint))
    return _chosen(secret, PROMPT)


def check_unused(context: Context, new: ChosenPassphrase) -> None:
    """Usage if the new passphrase already unlocks the vault."""
    try:
        vault.open_with_passphrase(context.paths, new.secret, deadline=context.new_deadline())
    except WrongPassphrase:
        return
    raise Usage(
        "this passphrase already unlocks the vault",
        hint="choose another one; to replace the master keys and keep the passphrase, run: awsvault-py rekey",
    )


def passphrase_from_stdin(raw: bytes) -> ChosenPassphrase:
    """The passphrase in what stdin had, without one line end. Raises Usage if it is too short or too long."""
    secret = passphrase_sources.without_line_end(raw)
    passphrase_strength.check(secret)
    return _chosen(secret, "stdin")


def _chosen(secret: Secret, source: str) -> ChosenPassphrase:
    return ChosenPassphrase(secret, passphrase_strength.weakness(secret), source)


def _ask_twice(context: Context, *, note: str, complaint: str) -> Secret:
    wait = limits.ATTENDED_PROMPT_TIME
    first = context.interaction.hidden(
        "New passphrase", deadline=context.new_deadline(wait), note=note, complaint=complaint
    )
    passphrase_strength.check(first)
    if context.interaction.hidden("Repeat the new passphrase", deadline=context.new_deadline(wait)) != first:
        raise Usage("the two passphrases differ", hint="type both again")
    return first


def create_vault(
    context: Context, chosen: ChosenPassphrase, *, kdf: KdfParams = DEFAULT, others: Sequence[Slot] = ()
) -> Opened:
    """Create an empty vault that the passphrase and the slots ``others`` open. Raises AlreadyExists, StorageError, UnsafeFile."""
    opened = vault.create(
        context.paths,
        passphrase=chosen.secret,
        others=others,
        kdf=kdf,
        clock=context.clock,
        deadline=context.new_deadline(),
    )
    if chosen.source == PROMPT:  # the user has just typed it twice: do not ask again to unlock
        key_handover.offer(context, opened, way=chosen.source)
    return opened
