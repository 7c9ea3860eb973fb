"""A rotation carried out: each step of vault/rotation/state_machine.py done at AWS and in the vault, in that order of safety.

Prints nothing; ``tell`` hears what is being done. What kills it at any point is picked up by the next run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from vault import errors, limits
from vault.keys.iam_signer import IamSigner, NeedsMfa, credentials
from vault.rotation import propagation, state_machine
from vault.rotation.state_machine import (
    Close,
    Create,
    Delete,
    Done,
    Promote,
    Prove,
    RotationRequest,
    SetActive,
    View,
    Write,
    next_step,
)
from vault.rotation.stored_entry import StoredEntry
from vault.store.vault import KeyPair, RotationJournal
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.iam import AccessKey, CreatedKey
    from vault.context import Context
    from vault.credentials.mfa_code import Codes
    from vault.keys.foreign_hosts import ForeignHosts
    from vault.store.vault import Entry, Opened, Payload

LOCK = "rotate.lock"
ASK_FOR_POLICY = "ask for the policy that this prints: awsvault-py rotate --print-policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did: ids of the keys, what became of the old one, and until when it is kept (Unix seconds)."""

    name: str
    key_id: str
    replaced: str | None = None
    until: int | None = None
    deleted: tuple[str, ...] = ()


class Run:
    """One rotation of one entry. ``view`` is AWS's list, kept up by what this run itself does."""

    def __init__(
        self,
        context: Context,
        opened: Opened,
        name: str,
        *,
        codes: Codes,
        foreign: ForeignHosts,
        tell: Callable[[str], None],
        proving: Callable[[int], None] | None = None,
    ) -> None:
        self._context = context
        self._name = name
        self._tell = tell
        self._proving = proving  # hears how many times in a row a new key has answered
        self._kept = StoredEntry(context, opened, name)
        self._iam_signer = IamSigner(context, name, self.entry, codes=codes, foreign=foreign)
        self._resign()
        others = {one.access_key_id: other for other, one in opened.payload.entries.items() if other != name}
        self._view = View(keys=(), now=0, others=others)
        self._deleted: list[str] = []
        self._replaced: str | None = None
        self._tried = 0
        # Whatever other command a person gave, a turn that was interrupted is brought to its end and no further.
        self._resumed = self.entry.journal is not None and self.entry.journal.step != "grace"

    def look(self) -> View:
        """AWS's list of the user's keys with their ages and last uses. Changes nothing. Refused, Unreachable, Untrusted."""
        identity = self._iam_signer.look()
        if self.entry.journal is not None:
            state_machine.check_place(self.entry.journal, self._iam_signer.foreign_host)
        if self.entry.account not in (None, identity.account):
            raise errors.Refused(
                f"the key is of account {identity.account}, the entry of {self.entry.account}"
            )
        keys = self._iam_signer.iam().keys()
        self._view = replace(self._view, keys=keys, now=self._iam_signer.now, turned=self._resumed)
        return self._view

    def steps(self, request: RotationRequest) -> Outcome:
        """Go on until nothing is left to do now. ``look`` came before.

        Errors: RotationStopped (11) where the old key is still the entry's; else those of AWS and of the vault.
        """
        for _ in range(limits.ROTATION_STEPS):
            self._view = replace(self._view, now=self._iam_signer.now)
            step = next_step(self.entry, self._view, request)
            if isinstance(step, Done):
                return Outcome(
                    name=self._name,
                    key_id=self.entry.access_key_id,
                    replaced=self._replaced,
                    until=step.until,
                    deleted=tuple(self._deleted),
                )
            began = self.entry.journal is not None
            try:
                self._do(step)
            except (errors.Refused, errors.Unreachable) as error:
                raise self._stopped(error, began=began) from None
            if isinstance(step, Delete) and step.why == "other":
                request = replace(request, delete_other=None)  # it named one key, and that is gone
        raise errors.RotationStopped(
            "the rotation came to no end: something else makes keys of this user at the same time",
            hint="run: awsvault-py rotate --dry-run, which shows the user's keys",
        )

    def _stopped(self, error: errors.Refused | errors.Unreachable, *, began: bool) -> errors.Error:
        """The error as it ends the run: 11 while the old key is the entry's, else AWS's own with where it stands."""
        if self._replaced is not None or self._taken_over():
            error.message = (
                f"the key {self.entry.access_key_id} is in use; what is left to do failed: {error.message}"
            )
            error.args = (error.message,)
            error.hint = f"run: {self._again}, which goes on from here"
            return error
        kept = f"{error.message}; the key {self.entry.access_key_id} is still in use"
        hint = error.hint
        if error.code == "AccessDenied" and not isinstance(error, NeedsMfa):
            hint = ASK_FOR_POLICY
        return errors.RotationStopped(
            kept, hint=hint if not began or isinstance(error, errors.Refused) else None
        )

    @property
    def _again(self) -> str:
        return f"awsvault-py rotate {safe(self._name)}"

    def _taken_over(self) -> bool:
        return self.entry.journal is not None and self.entry.journal.step in ("retire", "drop", "grace")

    def _do(self, step: state_machine.Act) -> None:
        match step:
            case Write():
                self._write(step)
            case Create():
                self._create()
            case Prove():
                self._prove(step.pair)
            case Promote():
                self._promote(step)
            case SetActive():
                self._set_active(step)
            case Delete():
                self._delete(step)
            case Close():
                self._save(lambda entry: replace(entry, journal=None))
            case _:
                assert_never(step)

    def _write(self, step: Write) -> None:
        journal = self.entry.journal
        if step.step == "create":
            before = (*journal.earlier, journal.began)[-8:] if journal is not None else ()
            known = journal.known if journal is not None else tuple(key.id for key in self._view.keys)
            fresh = RotationJournal(
                step="create",
                began=self._iam_signer.now,
                known=known,
                earlier=before,
                at=self._iam_signer.foreign_host,
            )
            self._save(lambda entry: replace(entry, journal=fresh))
            self._view = replace(self._view, journaled=True)
            return
        if journal is None:
            raise errors.Internal("a rotation without its journal")
        began = self._iam_signer.now if step.step == "grace" else journal.began
        self._save(lambda entry: replace(entry, journal=replace(journal, step=step.step, began=began)))

    def _create(self) -> None:
        self._tell("making a new key …")
        try:
            made = self._iam_signer.iam().create_key()
        except errors.Refused as error:
            if not self._tried:
                self._take_try_back()
            if error.code == "LimitExceeded":  # IAM's list was behind: look again before giving up
                self._look_again(error)
                return
            raise
        except errors.Unreachable as error:
            self._tried += 1
            if not error.sent or self._tried >= limits.AWS_TRIES:
                raise
            # It may be made, and its secret lost: the list and the journal tell, and the next step mends it.
            self._view = replace(self._view, keys=self._iam_signer.iam().keys())
            return
        pair = KeyPair(access_key_id=made.id, secret=made.secret)
        self._keep(made, pair)
        new = self._iam_key(made)
        self._view = replace(self._view, keys=(*self._view.keys, new))

    def _take_try_back(self) -> None:
        """A refusal made nothing. Written down at once: a key that shows up in this try's window is somebody else's."""

        def change(entry: Entry) -> Entry:
            journal = entry.journal
            return replace(
                entry, journal=state_machine.without_last_try(journal) if journal is not None else None
            )

        self._save(change)
        self._view = replace(self._view, journaled=False)

    def _look_again(self, error: errors.Refused) -> None:
        for _ in range(limits.KEEP_TRIES):
            keys = self._iam_signer.iam().keys()
            if len(keys) >= state_machine.KEYS_A_USER:
                self._view = replace(self._view, keys=keys)
                return
            self._context.clock.sleep(limits.KEEP_PAUSE)
        raise error

    @staticmethod
    def _iam_key(made: CreatedKey) -> AccessKey:
        from vault.aws.iam import AccessKey

        return AccessKey(made.id, active=True, created=made.created, asked=True)

    def _keep(self, made: CreatedKey, pair: KeyPair) -> None:
        """Store the new pair at once. Where the vault cannot be written any more, the key is deleted again."""
        tries = limits.KEEP_TRIES
        while True:
            try:
                self._save(lambda entry: self._with_new(entry, pair))
            except errors.Error as error:
                tries -= 1
                if tries:
                    self._context.clock.sleep(limits.KEEP_PAUSE)
                    continue
                if self._kept.holds(pair):
                    raise errors.RotationStopped(
                        f"the new key {made.id} is in the vault, but the disk did not confirm it: {error.message}",
                        hint=f"run: {self._again}, which goes on with that key",
                    ) from None
                self._iam_signer.iam().delete_key(made.id)
                raise errors.RotationStopped(
                    f"the vault could not be written, so the new key {made.id} was deleted again: {error.message}",
                    hint=error.hint,
                ) from None
            return

    @staticmethod
    def _with_new(entry: Entry, pair: KeyPair) -> Entry:
        if entry.journal is None:
            raise errors.Internal("a new key without a journal")
        return replace(entry, journal=replace(entry.journal, step="prove", new=pair))

    def _prove(self, pair: KeyPair) -> None:
        """The key answers several times in a row over some seconds; before, it may be known here and not there."""
        self._tell(f"waiting until AWS knows {pair.access_key_id} everywhere …")
        propagation.prove(self._iam_signer, pair, clock=self._context.clock, proving=self._proving)
        self._view = replace(self._view, proved=self._view.proved | {pair.access_key_id})

    def _promote(self, step: Promote) -> None:
        old = KeyPair(access_key_id=self.entry.access_key_id, secret=self.entry.secret)
        new = self._view.key(step.pair.access_key_id)
        created = new.created if new is not None else self._iam_signer.now
        identity = self._iam_signer.identity

        def change(payload: Payload) -> Payload:
            for name, entry in payload.entries.items():
                if entry.access_key_id != old.access_key_id:
                    continue
                turned = replace(
                    entry,
                    access_key_id=step.pair.access_key_id,
                    secret=step.pair.secret,
                    created=created,
                    account=identity.account if identity is not None else entry.account,
                    user=identity.user if identity is not None else entry.user,
                )
                if name == self._name:
                    journal = RotationJournal(
                        step=step.then,
                        began=self._iam_signer.now,
                        old=old,
                        taken_back=step.back,
                        at=self._iam_signer.foreign_host,
                    )
                    turned = replace(turned, journal=journal)
                payload = payload.with_entry(name, turned)
            return payload

        self._kept.write(change)
        self._replaced = old.access_key_id
        self._view = replace(self._view, turned=True)
        self._resign()

    def _set_active(self, step: SetActive) -> None:
        if not step.active:
            self._tell(f"making {step.key_id} inactive …")
        propagation.until_known(
            lambda: self._iam_signer.iam().set_active(step.key_id, active=step.active),
            clock=self._context.clock,
        )
        keys = tuple(
            key._replace(active=step.active) if key.id == step.key_id else key for key in self._view.keys
        )
        self._view = replace(self._view, keys=keys)
        self._resign()

    def _delete(self, step: Delete) -> None:
        propagation.until_known(
            lambda: self._iam_signer.iam().delete_key(step.key_id), clock=self._context.clock
        )
        self._deleted.append(step.key_id)
        self._view = replace(
            self._view,
            keys=tuple(key for key in self._view.keys if key.id != step.key_id),
            deleted=self._view.deleted | {step.key_id},
        )
        self._resign()

    def _resign(self) -> None:
        """Who may sign now: the entry's key, and the old one while AWS has it active (the new may not have spread)."""
        signers = [credentials(self.entry)]
        journal = self.entry.journal
        if journal is not None:
            signers += [credentials(pair) for pair in (journal.old, journal.new) if pair is not None]
        self._iam_signer.signers = signers

    @property
    def entry(self) -> Entry:
        """The entry as it stands."""
        return self._kept.entry

    def _save(self, change: Callable[[Entry], Entry]) -> None:
        self._kept.save(change)
        self._resign()
