"""Machines with real vault files that sync through one bucket, while processes die, answers are lost and copies return.

The oracle is that of sync_world.py: it knows nothing of versions. Each edit of an entry has a secret or a device of its own, by
which it is found in the bucket's file at the end.
"""

from __future__ import annotations

import random
from unittest import mock

from tests.fakes.bucket import Died, InProcessBucket, lost
from tests.faults.sync_world import Oracle
from tests.machines import Computer, way
from tests.vaults import CREATED, entry
from vault import errors
from vault.remote import bucket_file
from vault.secret import Secret
from vault.store import file
from vault.store.format import parse_file
from vault.sync import shown
from vault.sync.versions import ENTRY, kind, name

ACTS = {"add": 20, "rotate": 30, "device": 12, "remove": 12, "answer": 10}
WAYS = ("", "", "", "", "before put", "answer lost", "before write", "after write")


class CarelessBucket(InProcessBucket):
    """Now and then it replaces an object in spite of the condition, as servers do that check and write in two steps."""

    def __init__(self, dice):
        super().__init__()
        self.dice, self.forced = dice, 0

    def put(self, data, match):
        if match != self.etag and self.etag is not None and self.dice.random() < 0.1:
            self.forced += 1
            match = self.etag
        return super().put(data, match)


class Tracked(Computer):
    """A machine and what the oracle knows of it: by item, which edits are shown, and which were made since the last sync."""

    def __init__(self, folder, label, world):
        super().__init__(folder, label, world.bucket)
        self.world, self.lineage, self.pending, self.unsent, self.copy = world, {}, {}, set(), None

    def change(self, entry_name, content, edit):
        """An edit by any command."""
        key = f"{ENTRY}/{entry_name}"
        self.world.oracle.accept(edit, self.lineage.get(key, ()))
        self.lineage[key] = {edit}
        self.pending.setdefault(key, []).append(edit)
        self.unsent.add(edit)
        if content is None:
            self.remove(entry_name)
        else:
            self.edit(lambda payload: payload.with_entry(entry_name, content))

    def go(self, how="", **request):
        """One sync, which may die. Returns whether it ended as it should."""
        self._forget_what_was_taken_back()
        before, whole = self.bucket.count, False
        try:
            with dying(self.bucket, how):
                self.sync(**request)
            self.unsent, whole = set(), True
        except errors.RolledBack:
            self.world.noticed += 1
            self._accept()
        except errors.Declined:
            self._rejoin()
        except (Died, errors.Unreachable):
            if self.bucket.count > before:
                self.unsent = set()
        self.look()
        return whole

    def _accept(self):
        """Go on with what the bucket has; it may say that this machine was removed."""
        try:
            self.sync(accept=True)
        except errors.Declined:
            self._rejoin()
        self.unsent = set()

    def _rejoin(self):
        self.world.rejoined += 1
        self.sync(rejoin=True, accept=True)
        self.unsent = set()

    def _forget_what_was_taken_back(self):
        """An entry that was added and removed again leaves nothing to merge."""
        local = self.local()
        held = self.opened().payload.entries
        for key in list(self.pending):
            was = local.shown.get(key, shown.NOTHING)
            if name(key) not in held and was.content is None:
                for edit in self.pending.pop(key):
                    self.world.oracle.withdraw(edit)
                    self.unsent.discard(edit)
                self.lineage.pop(key, None)

    def look(self):
        """What is shown now, by the edits that it stands on; what is still to be committed stays pending."""
        local = self.local()
        held = {
            f"{ENTRY}/{one}": (stored.secret.reveal_text(), stored.mfa_serial)
            for one, stored in self.opened().payload.entries.items()
        }
        for key, found in local.shown.items():
            same = held.get(key) == (None if found.content is None else identity(found.content))
            if kind(key) != ENTRY or (key in self.pending and not same):
                continue
            self.pending.pop(key, None)
            self.lineage[key] = {
                self.world.edit_of(key, one)
                for one in local.state.items[key]
                if one.dot in found.on and one.content is not None
            }


def identity(content):
    return content["sak"], content.get("mfa_serial")


class FileWorld:
    """Some machines and a dice. ``noticed``: how often a bucket lacked what was seen there."""

    def __init__(self, folder, seed, *, machines=8, names=8, careless=False):
        self.dice = random.Random(seed)
        self.bucket = CarelessBucket(self.dice) if careless else InProcessBucket()
        self._begin(names, [Tracked(folder, f"m{number}", self) for number in range(machines)])

    def _begin(self, names, machines):
        self.names = [f"n{number}" for number in range(names)]
        self.oracle, self.noticed, self.rejoined, self.restored = Oracle(), 0, 0, 0
        self.edits = {}  # the oracle's name, by what is found in a version
        self.contents = {}  # and what is found, by the name; None is a removal
        self.answers = {}  # the name of an answer, by its dot: its content is that of an earlier edit
        self.machines = machines
        self.machines[0].begin()
        for one in self.machines[1:]:
            one.join()

    def stored(self):
        """What the bucket has."""
        return self.bucket.data

    def edit_of(self, key, version):
        """The oracle's name of a version that is no removal."""
        return self.answers.get(version.dot) or self.edits[key, identity(version.content)]

    def run(self, count):
        """Until that many edits were made."""
        while self.oracle.count < count:
            machine, dice = self.dice.choice(self.machines), self.dice.random()
            if dice < 0.55:
                self._act(machine)
            elif dice < 0.94:
                machine.go(self.dice.choice(WAYS))
            elif dice < 0.98:
                self._copy_or_restore(machine)
            elif dice < 0.99:
                machine.go(new_slots=[way()])
            else:
                others = [one for one in machine.local().state.machines if one != machine.local().me]
                if others:
                    machine.go(removes=(self.dice.choice(others),))

    def _act(self, machine):
        payload = machine.opened().payload
        have, free = list(payload.entries), [one for one in self.names if one not in payload.entries]
        (act,) = self.dice.choices(list(ACTS), list(ACTS.values()))
        if act == "answer":
            self._answer(machine)
            return
        if not have:
            act = "add"
        if act == "add" and not free:
            act = "rotate"
        chosen = self.dice.choice(free if act == "add" else have)
        key = f"{ENTRY}/{chosen}"
        edit = self.oracle.name(key)
        self.contents[edit] = None
        if act == "remove":
            machine.change(chosen, None, edit)
            return
        user = self.dice.choice(["alice", "bob", None])
        old = payload.entries.get(chosen)
        content = entry(
            secret=Secret(edit), created=CREATED + self.oracle.count, account=user and "1" * 12, user=user
        )
        if act == "rotate":
            content = entry(
                secret=Secret(edit), mfa_serial=old.mfa_serial, account=old.account, user=old.user
            )
        elif act == "device":
            content = entry(secret=old.secret, mfa_serial=edit, account=old.account, user=old.user)
        self.contents[edit] = (key, (content.secret.reveal_text(), content.mfa_serial))
        self.edits[self.contents[edit]] = edit
        machine.change(chosen, content, edit)

    def _answer(self, machine):
        """A choice between versions, as ``sync --choose`` makes it, where nothing else waits."""
        local = machine.local()
        asked = sorted(key for key in shown.conflicts(local.shown) if kind(key) == ENTRY)
        if not asked or machine.pending or machine.unsent:
            return
        key = self.dice.choice(asked)
        there = [*local.state.items[key], *self.read_by(machine).items.get(key, ())]
        live = [one for one in local.state.items[key] if one.content is not None]
        choice = "removed" if self.dice.random() < 0.3 else self.dice.choice(live).dot.machine
        try:
            whole = machine.go(choices={key: choice})
        except (errors.NotFound, errors.Usage):  # answered elsewhere meanwhile
            machine.look()
            return
        if whole:
            (made,) = machine.local().state.items[key]
            edit = self.oracle.name(key)
            self.oracle.accept(edit, {self.edit_of(key, one) for one in there if one.content is not None})
            self.answers[made.dot] = edit
            self.contents[edit] = None if made.content is None else (key, identity(made.content))
            machine.lineage[key] = set() if made.content is None else {edit}

    def read_by(self, machine):
        """The state in the bucket, by the key of that machine or of another one."""
        for one in (machine, *self.machines):
            try:
                key = one.local().remote.key
                return bucket_file.read(parse_file(self.stored()), key, path="it").state
            except errors.Damaged:
                continue
        raise AssertionError("no machine has the key of the bucket's file")

    def _copy_or_restore(self, machine):
        if machine.pending or machine.unsent:
            return
        if machine.copy is None or self.dice.random() < 0.5:
            machine.copy = (machine.files(), dict(machine.lineage))
            return
        raw, lineage = machine.copy
        machine.put_back(raw)
        machine.lineage = dict(lineage)
        self.restored += 1

    def settle(self):
        """Each machine syncs some times."""
        for _ in range(4):
            for machine in self.dice.sample(self.machines, len(self.machines)):
                machine.go()

    def problems(self):
        """Everything that is wrong after ``settle``."""
        state = self.read_by(self.machines[0])
        found = {
            (key, identity(one.content))
            for key, there in state.items.items()
            for one in there
            if one.content is not None
        }
        want = {self.contents[edit] for edit in self.oracle.survivors()} - {None}
        wrong = [f"lost {self.edits[one]}" for one in want - found]
        wrong += [f"back {self.edits[one]}" for one in found - want]
        wrong += [
            f"{one.name} differs from the bucket"
            for one in self.machines
            if one.local().state.items != state.items
        ]
        asked = {key for one in self.machines for key in shown.conflicts(one.local().shown)}
        views = [
            {key: found for key, found in one.held().items() if f"{ENTRY}/{key}" not in asked}
            for one in self.machines
        ]
        return wrong + [f"{self.machines[0].name} shows something else" for view in views if view != views[0]]


class dying:
    """In this block the process dies at one step of its sync, or an answer is lost."""

    def __init__(self, bucket, how):
        self.bucket, self.how, self.patch = bucket, how, None

    def __enter__(self):
        def die(request="PUT"):
            if request == "PUT":
                raise Died

        real = file.replace

        def written(*args, **more):
            if self.how == "after write":
                real(*args, **more)
            raise Died

        if self.how == "before put":
            self.bucket.before = die
        elif self.how == "answer lost":
            self.bucket.after = lost
        elif self.how:
            self.patch = mock.patch.object(file, "replace", written)
            self.patch.start()

    def __exit__(self, *_):
        self.bucket.before = self.bucket.after = lambda _: None
        if self.patch is not None:
            self.patch.stop()
