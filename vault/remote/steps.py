"""A sync of this machine's vault with the bucket, in steps that may end at any point (format.md 8).

Nothing is lost if it is killed, or if an answer is: an edit is on this machine's disk before it leaves, and who wrote what the bucket
has shows by its marks. Never prompts or prints; there is no lock in the bucket.
"""

from __future__ import annotations

import os
from dataclasses import replace

from vault import errors, limits
from vault.crypto.seal import b64u
from vault.remote import judge, local_state, note, other_machines, outcome, summary
from vault.remote.bucket_file import fingerprint
from vault.remote.draft import FromBucket, NewRemoteKey, make_step
from vault.remote.merging import Maker, SyncRequest
from vault.remote.note import SyncNote
from vault.remote.outcome import SyncOutcome
from vault.store import change, file, vault
from vault.store.boxes import Draft, new_key
from vault.store.slots import new_sid
from vault.sync import takeover, versions
from vault.sync.bucket import Absent, ConditionFailed, Fetched, NotChanged
from vault.system import locks
from vault.system.files import Folder
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.remote.draft import OwnSlot, SyncStep
    from vault.remote.judge import Ask
    from vault.remote.outcome import ItemChange
    from vault.store.format import VaultFile
    from vault.store.opened import Opened
    from vault.store.payload import Payload
    from vault.store.slots import Slot
    from vault.sync.bucket import Bucket
    from vault.sync.local import LocalSync
    from vault.system.clock import Clock, Deadline
    from vault.system.paths import Paths

    PayloadChange = Callable[[Payload], Payload]


def sync(
    bucket: Bucket,
    *,
    paths: Paths,
    clock: Clock,
    deadline: Deadline,
    open_vault: Callable[[], Opened],
    ask: Ask,
    request: SyncRequest | None = None,
    new_slots: Sequence[Slot] = (),
    tell: Callable[[str], None] | None = None,
    keep_key: Callable[[PayloadChange], Opened] | None = None,
    own_slot: Callable[[Opened], OwnSlot | None] | None = None,
) -> SyncOutcome:
    """Pull, merge, write the vault, push. If there is nothing to do, this is one request, and no vault is opened.

    ``open_vault`` opens this machine's vault. ``ask`` gives K_remote if it was replaced elsewhere: what the user types opens a slot
    of the file that it is given; then ``own_slot`` gives the slot of this machine that what was typed replaces. ``new_slots``:
    K_remote is replaced, and only these open it; ``keep_key`` writes the vault with it, together with what it changes itself.
    ``tell`` gets what is being done.

    Errors: Damaged and RolledBack (the bucket), Declined (this machine was removed), NotFound (no remote, a choice), Usage, Busy,
    StorageError, Unreachable and Refused, and those of ``open_vault`` and ``ask``.
    """
    with (
        file.open_folder(paths) as folder,
        Folder.open(paths.state, create=True) as state,
        locks.lock(state, note.LOCK, deadline=deadline),
    ):
        found = file.read(folder)
        run = _Sync(
            bucket,
            paths=paths,
            clock=clock,
            deadline=deadline,
            ask=ask,
            request=request or SyncRequest(),
            tell=tell or (lambda _: None),
        )
        run.keep_key, run.own_slot = keep_key or run.keep_key_alone, own_slot
        return run.whole(found, open_vault, new_slots)


class _Sync:
    """One run. ``opened`` and ``local``: the vault as it is now. ``came``: what came in all tries. ``written``: when the bucket's file
    was.
    """

    opened: Opened
    local: LocalSync

    def __init__(
        self,
        bucket: Bucket,
        *,
        paths: Paths,
        clock: Clock,
        deadline: Deadline,
        ask: Ask,
        request: SyncRequest,
        tell: Callable[[str], None],
    ) -> None:
        self.bucket, self.paths, self.clock, self.deadline = bucket, paths, clock, deadline
        self.ask, self.request, self.tell = ask, request, tell
        self.came: dict[str, ItemChange] = {}
        self.typed = self.taken_over = self.pulled = self.adopted = False
        self.keep_key: Callable[[PayloadChange], Opened] = self.keep_key_alone
        self.own_slot: Callable[[Opened], OwnSlot | None] | None = None
        self.slot: OwnSlot | None = None
        self.noted: SyncNote | None = None
        self.new_key: NewRemoteKey | None = None
        self.written = 0

    def whole(
        self, found: VaultFile, open_vault: Callable[[], Opened], new_slots: Sequence[Slot]
    ) -> SyncOutcome:
        """All steps."""
        noted = self.noted = note.read(self.paths, found.header.vault_id)
        plain = self.request == SyncRequest() and not new_slots
        answer: Fetched | Absent | None = None
        if plain and noted is not None and noted.vault == found.digest.hex():
            self.tell("Reading the bucket's file …")
            got = self.bucket.get(noted.etag)
            if isinstance(got, NotChanged):
                note.touch(self.paths, found.header.vault_id, noted, at=change.now(self.clock))
                return SyncOutcome(nothing=True, asks=noted.asks)
            answer = got
        self.opened = open_vault()
        if (
            self.opened.file.digest != found.digest
        ):  # another sync wrote it while this one waited for the lock
            self.opened = vault.open_with_main_key(self.paths, self.opened.k_main)
        self.local = local_state.require(self.opened.payload)
        remote = self.local.remote
        if new_slots:
            key = new_key()
            wrapped = tuple(slot.wrap(key, vault_id=self.opened.vault_id) for slot in new_slots)
            self.new_key = NewRemoteKey(key, wrapped, self.request.removes)
            self.request = self.request._replace(removes=())  # with the key, or not at all
        done = None
        if plain and answer is None and noted is not None and noted.bucket == remote.digest:
            done = self._push_at_once(noted.etag)
        for number in range(limits.SYNC_TRIES):
            if done is not None:
                return done
            if number:
                self._pause(number)
            done = self._pull_and_push(answer)
            answer = None
        if done is None:
            raise errors.Unreachable(
                f"other machines kept writing {safe(remote.place.url)} at the same time; everything is kept on this machine",
                hint="run the command again",
            )
        return done

    def _push_at_once(self, etag: str) -> SyncOutcome | None:
        """Without a pull: the bucket has what this vault was merged with last, or refuses. None if it has another file."""
        step = self._write(None)
        if step.put is not None:
            return self._put(step, etag)
        got = self.bucket.get(etag)  # the vault was written, but none of its items changed
        return self._finish(step, etag) if isinstance(got, NotChanged) else None

    def _pull_and_push(self, answer: Fetched | Absent | None) -> SyncOutcome | None:
        """One try; None if another machine was faster."""
        if answer is None:
            self.tell("Reading the bucket's file …")
        got = answer if answer is not None else self.bucket.get(None)
        step = self._write(self._judged(got))
        if self.request.dry:
            return self._outcome(step, pushed=False)
        match = got.etag if isinstance(got, Fetched) else None
        return self._finish(step, match or "") if step.put is None else self._put(step, match)

    def _put(self, step: SyncStep, match: str | None) -> SyncOutcome | None:
        if step.put is None:
            raise AssertionError("nothing to put")
        self.tell("Writing the bucket's file …")
        try:
            etag = self.bucket.put(step.put.raw, match)
        except ConditionFailed:
            if self.new_key is None or (arrived := self._arrived(step.put)) is None:
                return None
            etag = arrived
        self.written = step.put.header.time
        if self.new_key is not None:  # if this is not reached, the user types the new passphrase once
            local = self.local = self.new_key.kept_in(self.local, step.put.header.gen)
            self.opened = self.keep_key(lambda payload: local_state.keep(payload, local))
            step = step._replace(local=local)
        return self._finish(step, etag)

    def _arrived(self, put: VaultFile) -> str | None:
        """The entity tag if the bucket has this file, which only this run can open: what is sent twice is refused the second time."""
        try:
            got = self.bucket.get(None)
        except errors.Unreachable as error:
            error.sent = True
            raise
        return got.etag if isinstance(got, Fetched) and got.data == put.raw else None

    def _judged(self, got: Fetched | Absent | NotChanged) -> FromBucket:
        """What the bucket shows, if it can be merged."""
        self.pulled = True
        local, noted, accept = self.local, self.noted, self.request.accept
        url = local.remote.place.url
        seen = versions.join(local.remote.seen, noted.seen if noted is not None else {})
        if not isinstance(got, Fetched):
            if any(seen.values()) and not accept:
                raise judge.missing_object(url)
            return FromBucket(None)
        found = None
        try:
            found = judge.parse(got.data, vault_id=self.opened.vault_id, url=url)
            read = judge.opened(found, local.remote, self.ask, noted=noted, accept=accept)
        except errors.Damaged as error:
            if accept and not isinstance(error, judge.OtherVault):
                return FromBucket(
                    None, judge.gen_to_pass(found, local.remote)
                )  # the user lets this machine's state replace it
            raise
        if takeover.removed(local.state, read.state, local.me):
            if not self.request.rejoin:
                raise judge.was_removed(url)
            seen.pop(local.me, None)  # what it wrote under the old key was replaced: it brings that again
        if not accept:
            judge.check_seen(seen, read.state, local.state, url=url)
        if read.key != local.remote.key and 0 < local.remote.key_gen <= read.key_gen:
            self.typed = True
            if self.own_slot is not None and not self.request.dry:
                self.slot = self.own_slot(self.opened)
        self.written = found.header.time
        return FromBucket(read)

    def _write(self, bucket: FromBucket | None) -> SyncStep:
        """Merge, and write the vault in one edit: a dot is on the disk before it leaves."""
        self.tell("Bringing the edits of all machines together …")
        opened, local = self.opened, self.local
        made: list[SyncStep] = []
        make = Maker(change.now(self.clock), _new_id, _new_id)

        def step(draft: Draft, found: VaultFile) -> Draft:
            current = local
            if draft.payload.gen != opened.payload.gen:
                current = local_state.require(draft.payload)
                if (current.me, current.remote) != (local.me, local.remote):
                    raise errors.StorageError(
                        "another process replaced the vault in the meantime; nothing was written",
                        hint="run the command again",
                    )
            made.append(
                make_step(
                    draft,
                    found,
                    current,
                    bucket=bucket,
                    make=make,
                    request=self.request,
                    new_key=self.new_key,
                    last_gen=judge.last_gen(current.remote, self.noted),
                )
            )
            return made[-1].draft if self.slot is None else self.slot.put_into(made[-1].draft)

        if self.request.dry:
            step(Draft(k_main=opened.k_main, payload=opened.payload, slots=opened.header.slots), opened.file)
        else:
            self.opened = vault.rewrite(
                self.paths, opened.k_main, step, deadline=self.deadline, clock=self.clock, known=opened
            )
            self.local = made[-1].local
            self.adopted = self.adopted or self.slot is not None
            self.request = SyncRequest(accept=self.request.accept)  # the rest is done, whatever comes next
        (whole,) = made
        self.came |= {one.key: one for one in whole.merged.came}
        self.taken_over = self.taken_over or whole.merged.taken_over
        return whole

    def keep_key_alone(self, change: PayloadChange) -> Opened:
        """Write the vault with K_remote, and nothing else."""

        def with_key(draft: Draft, _: VaultFile) -> Draft:
            return replace(draft, payload=change(draft.payload), minor=True)

        return vault.rewrite(
            self.paths, self.opened.k_main, with_key, deadline=self.deadline, clock=self.clock
        )

    def _finish(self, step: SyncStep, etag: str) -> SyncOutcome:
        """Note what the bucket and the vault have now."""
        done = self._outcome(step, pushed=step.put is not None)
        remote = self.local.remote
        noted = SyncNote(
            etag=etag,
            vault=self.opened.file.digest.hex(),
            bucket=remote.digest,
            gen=done.gen,
            key_gen=remote.key_gen,
            seen=step.local.state.lasts(),
            asks=done.asks,
            at=change.now(self.clock),
        )
        note.write(self.paths, self.opened.vault_id, noted)
        rotations = other_machines.waits(self.opened.payload, step.local)
        shown = outcome.summary(remote.place.url, done, rotations)
        summary.write(self.paths, self.opened.vault_id, self.opened.cache_key, shown)
        return done

    def _outcome(self, step: SyncStep, *, pushed: bool) -> SyncOutcome:
        state, remote = step.local.state, step.local.remote
        return SyncOutcome(
            came=tuple(self.came[key] for key in sorted(self.came)),
            went=step.merged.went,
            waiting=step.merged.waiting,
            machines=outcome.machines(state, step.local.me),
            pulled=self.pulled,
            pushed=pushed,
            asks=len(step.merged.waiting),
            typed=self.typed,
            taken_over=self.taken_over,
            adopted=self.adopted,
            gen=judge.last_gen(remote, self.noted) if step.put is None else step.put.header.gen,
            written=self.written,
            writer=outcome.writer(state),
            fingerprint=fingerprint(remote.key if self.new_key is None else self.new_key.key),
        )

    def _pause(self, number: int) -> None:
        """Wait a random time, so that machines that met once do not meet again. Unreachable after the deadline."""
        most = limits.SYNC_PAUSE * 2**number
        pause = most * int.from_bytes(os.urandom(2), "big") / 65_536
        if self.deadline.remaining() <= pause:
            raise errors.Unreachable(
                "the time for this sync is over, because other machines kept writing; everything is kept on this machine",
                hint="run: awsvault-py sync",
            )
        self.clock.sleep(pause)


def _new_id() -> str:
    return b64u(new_sid())
