"""Machines that edit one vault and sync it through one bucket, while processes die, copies return and disks are cloned.

The oracle knows nothing of versions. It gives each edit a name, and notes which edits its machine was showing of that
item: those are replaced. At the end the bucket must have exactly the accepted edits that no accepted edit replaced.
"""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace

from tests.faults.sync_acts import Acts
from vault.sync import edits, shown, takeover, versions
from vault.sync.versions import ENTRY, MachineLine, SharedState, same

ATTEMPTS = 40
OLD_ETAG = -1


class Died(Exception):
    """A process was killed in a sync, or its answer was lost."""


class Oracle:
    """What was accepted, and what replaced what."""

    def __init__(self):
        self.count = 0
        self.accepted, self.sent = set(), set()
        self.replaced = {}  # an edit -> those whose machine was showing it
        self.renumbered = Counter()  # how many machines gave it a number of their new name

    def name(self, key):
        self.count += 1
        return f"e{self.count}:{key}"

    def accept(self, edit, over):
        self.accepted.add(edit)
        for old in over:
            self.replaced.setdefault(old, set()).add(edit)

    def withdraw(self, edit):
        self.accepted.discard(edit)
        for by in self.replaced.values():
            by.discard(edit)

    def survivors(self):
        """The accepted edits that no accepted edit replaced, directly or through others."""
        known = {}

        def gone(edit):
            if edit not in known:
                known[edit] = False
                known[edit] = any(by in self.accepted or gone(by) for by in self.replaced.get(edit, ()))
            return known[edit]

        return {edit for edit in self.accepted if not gone(edit)}


class Bucket:
    """One object with conditional writes. ``epoch``: the generation of its key."""

    def __init__(self):
        self.etag, self.epoch, self.state = 0, 1, SharedState()
        self.history = [SharedState()]

    def put(self, state, etag, epoch):
        if etag != self.etag or epoch < self.epoch:
            return False
        self.etag, self.epoch, self.state = self.etag + 1, epoch, state
        self.history.append(state)
        return True


@dataclass
class Local:
    """What a copy of a machine's vault file has: all but the pin."""

    me: str
    state: SharedState
    held: dict = field(default_factory=dict)
    shown: dict = field(default_factory=dict)
    renamed: dict = field(default_factory=dict)
    epoch: int = 1
    # the oracle's: by key, which edits are shown, and which were made since the last sync
    lineage: dict = field(default_factory=dict)
    pending: dict = field(default_factory=dict)
    unsent: set = field(default_factory=set)


class Machine:
    """One machine: its vault file, its pin, and how a sync goes."""

    def __init__(self, name, world):
        self.name, self.world, self.names = name, world, 0
        me = self.new_name()
        self.local = Local(me, SharedState(machines={me: MachineLine()}))
        self.pin, self.met = {}, 0

    def new_name(self):
        self.names += 1
        return f"{self.name}-{self.names}"

    def edit(self, key, content, *, renamed_to=""):
        """What a program of any version does to the vault."""
        oracle, local = self.world.oracle, self.local
        edit = oracle.name(key)
        oracle.accept(edit, local.lineage.get(key, ()))
        local.lineage[key] = {edit}
        local.unsent.add(edit)
        local.pending.setdefault(key, []).append(edit)
        local.renamed.pop(key, None)
        if renamed_to:
            local.renamed[key] = renamed_to
        if content is None:
            local.held.pop(key, None)
            return
        if versions.kind(key) == ENTRY:
            content = {**content, "had": f"seed/{content.get('mfa_serial')}" in local.held}
        local.held[key] = content

    def unchanged(self):
        """Whether nothing waits for a sync."""
        local = self.local
        return not local.pending and all(
            same(local.held.get(key), local.shown.get(key, shown.NOTHING).content)
            for key in {*local.held, *local.shown}
        )

    def sync(self, *, dies=""):
        """Pull, commit, merge, write, push; ``dies``: ``before put``, or ``answer lost`` after it."""
        for _ in range(ATTEMPTS):
            if self._attempt(dies):
                return
        raise AssertionError("no sync in so many attempts")

    def _attempt(self, dies):
        world, bucket, local = self.world, self.world.bucket, self.local
        remote, etag = bucket.state, bucket.etag
        self._meet_replay()
        local.epoch = max(local.epoch, bucket.epoch)  # the passphrase is typed
        assert not versions.missing(self.pin, remote), (self.name, self.pin, remote.lasts())
        if takeover.removed(local.state, remote, local.me) or takeover.overtaken(
            local.state, remote, local.me
        ):
            new, before = self.new_name(), dots(local.state)
            local.state, local.shown = takeover.take_new_name(
                local.state, local.shown, remote, machine=local.me, new=new
            )
            local.me = new
            world.oracle.renumbered.update(by for by, dot in dots(local.state).items() if before[by] != dot)
        local.held = edits.keep_seeds(local.state, local.shown, local.held)
        self._forget_what_was_taken_back()
        self._commit()
        self._merge(remote)
        merged = local.state
        if dies == "before put":
            raise Died
        races = world.dice.random() < 0.1
        if merged != remote and not bucket.put(merged, OLD_ETAG if races else etag, local.epoch):
            return False
        world.oracle.sent |= {v.by for found in merged.items.values() for v in found} | local.unsent
        if dies:
            raise Died
        self.pin = versions.join(self.pin, merged.lasts())
        self.met = len(bucket.history) - 1
        local.unsent = set()
        return True

    def _meet_replay(self):
        """The bucket shows an older state: noticed if and only if it lacks an edit that this machine met there."""
        history = self.world.bucket.history
        old = self.world.dice.randrange(len(history))
        lacks = old < self.met and numbers(history[old]) != numbers(history[self.met])
        assert bool(versions.missing(self.pin, history[old])) == lacks, (old, self.met)
        self.world.replays += lacks

    def _commit(self):
        local = self.local
        before = {version.dot for found in local.state.items.values() for version in found}
        local.state, local.shown = edits.commit(
            local.state, local.shown, local.held, self.author(), renamed=local.renamed
        )
        self.sign(before, {key: made[-1] for key, made in local.pending.items()})
        local.pending, local.renamed = {}, {}

    def author(self):
        return edits.Author(self.local.me, "", 0, f"{self.world.dice.getrandbits(40):x}")

    def sign(self, before, names):
        """Put the oracle's names into the new versions. A seed that was only touched is an edit of its own."""
        oracle, local, items = self.world.oracle, self.local, dict(self.local.state.items)
        for key, found in items.items():
            if all(version.dot in before for version in found):
                continue
            signed = []
            for version in found:
                if version.dot not in before:
                    if key not in names:
                        names = {**names, key: oracle.name(key)}
                        oracle.accept(names[key], local.lineage.get(key, ()))
                        local.lineage[key] = {names[key]}
                        local.unsent.add(names[key])
                    signed.append(replace(version, by=names[key]))
                else:
                    signed.append(version)
            items[key] = versions.newest(signed)
        local.state = SharedState(items, local.state.machines)

    def _merge(self, remote):
        local = self.local
        local.state = versions.merge(local.state, remote)
        local.shown = shown.show(local.state, local.shown)
        local.held = shown.contents(local.shown)
        self._check_no_mixture()
        local.lineage = {
            key: {v.by for v in local.state.items[key] if v.dot in found.on}
            for key, found in local.shown.items()
        }

    def _check_no_mixture(self):
        """No program sees the key of one user with the device of another."""
        for key, content in self.local.held.items():
            if versions.kind(key) == ENTRY and content.get("mfa_serial") and content["user"] is not None:
                assert content["mfa_serial"].split("~")[0] == content["user"], (key, content)

    def _forget_what_was_taken_back(self):
        """Edits that another one took back before the sync leave nothing to merge."""
        local = self.local
        for key, made in list(local.pending.items()):
            found = local.shown.get(key, shown.NOTHING)
            if same(local.held.get(key), found.content):
                self.world.oracle.accepted -= set(made)
                local.unsent -= set(made)
                local.renamed.pop(key, None)
                del local.pending[key]
                local.lineage[key] = {v.by for v in local.state.items.get(key, ()) if v.dot in found.on}


class World:
    """Some machines and a dice; ``run`` lets them work, ``settle`` lets all of them sync."""

    def __init__(self, seed, *, machines=8, names=20):
        self.dice, self.names = random.Random(seed), names
        self.oracle, self.bucket = Oracle(), Bucket()
        self.replays = self.serial = 0
        self.machines = [Machine(f"m{number}", self) for number in range(machines)]
        self.copies = {}

    def token(self):
        self.serial += 1
        return str(self.serial)

    def run(self, count, *, copied=True):
        """Until that many edits were made. ``copied``: copies of vaults come back, and disks are cloned."""
        cut = set()
        while self.oracle.count < count:
            machine, dice = self.dice.choice(self.machines), self.dice.random()
            if dice < 0.02:
                cut = set(self.dice.sample(self.machines, self.dice.randrange(len(self.machines))))
            if dice < 0.70:
                for _ in range(self.dice.randrange(1, 4)):
                    Acts(self, machine).one()
            elif dice < 0.97:
                if machine not in cut:
                    with contextlib.suppress(Died):
                        machine.sync(dies=self.dice.choice(["", "", "", "", "before put", "answer lost"]))
            elif dice < 0.985:
                if copied:
                    self._copy_or_restore(machine)
            elif dice < 0.988:
                if copied:
                    self._clone(machine)
            elif dice < 0.992:
                self._remove(machine)

    def _copy_or_restore(self, machine):
        if machine.name not in self.copies or self.dice.random() < 0.6:
            self.copies[machine.name] = copy.deepcopy(machine.local)
            return
        self._forget(machine)
        machine.local = copy.deepcopy(self.copies[machine.name])
        self._accept_again(machine)
        self._made_twice(machine, also_forgotten=True)

    def _clone(self, machine):
        other = self.dice.choice([one for one in self.machines if one is not machine])
        self._forget(other)
        other.local, other.pin, other.met = copy.deepcopy(machine.local), dict(machine.pin), machine.met
        self._made_twice(other)

    def _remove(self, machine):
        other, bucket = self.dice.choice([one for one in self.machines if one is not machine]), self.bucket
        line = bucket.state.machines.get(other.local.me)
        if line is not None and machine.local.epoch == bucket.epoch:
            machines = {**bucket.state.machines, other.local.me: replace(line, gone=True)}
            machine.local.epoch += 1
            assert bucket.put(SharedState(bucket.state.items, machines), bucket.etag, machine.local.epoch)

    def _forget(self, machine):
        """What only this machine had is gone by its user's doing: a restore, an overwritten disk."""
        others = set().union(*(one.local.unsent for one in self.machines if one is not machine))
        self.oracle.accepted -= machine.local.unsent - self.oracle.sent - others

    def _accept_again(self, machine):
        """A copy has edits that were given up: they are there again."""
        local, oracle = machine.local, self.oracle
        waiting = {edit for made in local.pending.values() for edit in made}
        there = {v.by for found in local.state.items.values() for v in found}
        for edit in there | set().union(*local.lineage.values(), set()):
            if edit not in oracle.accepted | oracle.sent | waiting:
                oracle.accepted.add(edit)
                local.unsent.add(edit)

    def _made_twice(self, machine, *, also_forgotten=False):
        """What was not synced when it was copied will be two edits, one from each copy."""
        local, oracle = machine.local, self.oracle
        new = {edit: f"{edit}'{self.token()}" for made in local.pending.values() for edit in made}
        for edit, twin in new.items():
            if edit in oracle.accepted or also_forgotten:
                oracle.accepted.add(twin)
        for by in oracle.replaced.values():
            by |= {new[edit] for edit in by if edit in new}
        for edit, twin in new.items():
            over = oracle.replaced.get(edit, set())
            oracle.replaced[twin] = {new.get(by, by) for by in over if by in new}
        local.pending = {key: [new.get(edit, edit) for edit in made] for key, made in local.pending.items()}
        local.lineage = {key: {new.get(edit, edit) for edit in made} for key, made in local.lineage.items()}
        local.unsent = {new.get(edit, edit) for edit in local.unsent}

    def settle(self, seed, *, rounds=3):
        """Each machine syncs some times, in an order that ``seed`` decides."""
        order = random.Random(seed)
        self.dice = random.Random(seed + 1)
        for _ in range(rounds):
            for machine in order.sample(self.machines, len(self.machines)):
                machine.sync()

    def problems(self):
        """Everything that is wrong after ``settle``."""
        wrong = [
            f"{one.name} differs from the bucket"
            for one in self.machines
            if one.local.state != self.bucket.state
        ]
        found = {version.by for there in self.bucket.state.items.values() for version in there}
        want = self.oracle.survivors()
        # An edit on two copies of a machine, whose name was then taken from both, is two edits by now.
        twice = {edit for edit, count in self.oracle.renumbered.items() if count > 1}
        wrong += [f"lost {edit}" for edit in sorted(want - found)]
        wrong += [f"back {edit}" for edit in sorted(found - want - twice)]
        for key in self.bucket.state.items:
            views = [one.local.shown[key] for one in self.machines]
            if not any(view.conflict for view in views) and not all(
                same(v.content, views[0].content) for v in views
            ):
                wrong.append(f"{key} is shown differently, and nobody is asked")
        wrong += [f"seed lost of {key}" for one in self.machines for key in seedless(one.local)]
        return wrong

    def result(self):
        """What all orders of syncs agree on: the contents kept of each item, and what is shown where nobody is asked."""
        kept = {
            key: sorted({json.dumps(without_time(v.content), sort_keys=True) for v in found})
            for key, found in self.bucket.state.items.items()
        }
        asked = {key for one in self.machines for key in shown.conflicts(one.local.shown)}
        calm = {
            key: without_time(found.content)
            for key, found in self.machines[0].local.shown.items()
            if key not in asked
        }
        return json.dumps([kept, sorted(asked), calm], sort_keys=True)


def dots(state):
    """The number of each edit, by the oracle's name of it."""
    return {version.by: version.dot for found in state.items.values() for version in found}


def numbers(state):
    """How far each machine has come that has made an edit at all."""
    return {machine: last for machine, last in state.lasts().items() if last}


def without_time(content):
    return content and {name: value for name, value in content.items() if name != versions.IGNORED}


def seedless(local):
    """Entries whose seed was there when they were stored, and is gone."""
    for key, content in local.held.items():
        seed = f"seed/{content.get('mfa_serial')}"
        lost = versions.kind(key) == ENTRY and content["had"] and seed not in local.held
        if lost and not local.shown.get(seed, shown.NOTHING).conflict:
            yield key
