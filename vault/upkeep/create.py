"""Making the vault: a passphrase chosen and asked for twice, then the file. Nothing is made before all is known."""

from __future__ import annotations

from typing import NamedTuple

from vault import limits
from vault.errors import Locked, Usage
from vault.keys.key_input import until_right
from vault.store import vault
from vault.store.kdf import DEFAULT, KdfParams
from vault.system import hardening
from vault.unlocking import key_handover
from vault.unlocking import passphrase_sources as unattended
from vault.upkeep import passphrase_strength

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.slots import Slot
    from vault.store.vault import Opened


class ChosenPassphrase(NamedTuple):
    """A passphrase for a new vault. ``warning`` says why it is weak; ``source`` is ``person`` or where it came from."""

    secret: Secret
    warning: str | None
    source: str


def choose_passphrase(context: Context, *, what: str = "the new vault") -> ChosenPassphrase:
    """A passphrase from the environment, or asked for twice. Usage where it is too short, Locked where nobody can be asked."""
    hardening.before_keys()
    search = unattended.search(context)
    if search.found is not None:
        passphrase_strength.check(search.found.secret)
        return ChosenPassphrase(
            search.found.secret, passphrase_strength.weakness(search.found.secret), search.found.source
        )
    if not context.interaction.possible():
        tried = ", ".join([*search.tried, f"prompt ({context.interaction.obstacle()})"])
        raise Locked(
            f"there is no passphrase for {what}; tried {tried}",
            hint="run it at a terminal, or name a file that holds one: AWSVAULT_PASSPHRASE_FILE",
        )
    return choose_by_asking(context, what=what)


def choose_by_asking(context: Context, *, what: str, otherwise: str = "") -> ChosenPassphrase:
    """A passphrase asked for twice, whatever the environment holds. Usage, Locked, NoAnswer.

    ``otherwise`` names the command that needs no person.
    """
    hardening.before_keys()
    if not context.interaction.possible():
        raise Locked(
            f"a passphrase for {what} has to be typed, and nobody can be asked: {context.interaction.obstacle()}",
            hint="run it at a terminal" + (f", or: {otherwise}" if otherwise else ""),
        )
    note = f"Choose a passphrase for {what}: five or more random words, at least {limits.PASSPHRASE_LEAST} characters."
    secret = until_right(lambda complaint: _asked_twice(context, note=note, complaint=complaint))
    return ChosenPassphrase(secret, passphrase_strength.weakness(secret), "person")


def choose_from(raw: bytes) -> ChosenPassphrase:
    """A passphrase that came by stdin, its one line end dropped. Usage where it cannot be one."""
    secret = unattended.without_line_end(raw)
    passphrase_strength.check(secret)
    return ChosenPassphrase(secret, passphrase_strength.weakness(secret), "stdin")


def _asked_twice(context: Context, *, note: str, complaint: str) -> Secret:
    wait = limits.ATTENDED_PROMPT_TIME
    first = context.interaction.hidden(
        "New passphrase", deadline=context.new_deadline(wait), note=note, complaint=complaint
    )
    passphrase_strength.check(first)
    if context.interaction.hidden("The same again", deadline=context.new_deadline(wait)) != first:
        raise Usage("the two passphrases differ", hint="type it once more")
    return first


def make_vault(
    context: Context, chosen: ChosenPassphrase, *, kdf: KdfParams = DEFAULT, others: Sequence[Slot] = ()
) -> Opened:
    """The new, empty vault, opened by the passphrase and by ``others``. AlreadyExists, StorageError, UnsafeFile."""
    opened = vault.create(
        context.paths,
        passphrase=chosen.secret,
        others=others,
        kdf=kdf,
        clock=context.clock,
        deadline=context.new_deadline(),
    )
    if chosen.source == "person":  # who has just typed it twice is not asked a third time
        key_handover.offer(context, opened, way=chosen.source)
    return opened
