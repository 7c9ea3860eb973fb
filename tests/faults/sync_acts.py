"""What a user does at one machine of tests/faults/sync_world.py: one act by the dice."""

from __future__ import annotations

from vault.sync import edits, shown, takeover, versions
from vault.sync.versions import ENTRY

OPERATIONS = {
    "add": 14, "rotate": 26, "replace": 8, "enroll": 8, "remove": 14, "rename": 6, "strict": 2, "passwd": 1, "journal": 6,
    "answer": 8, "twin": 3,
}  # fmt: skip


class Acts:
    """What a user does at one machine."""

    def __init__(self, world, machine):
        self.world, self.machine, self.dice = world, machine, world.dice
        self.held = machine.local.held
        self.entries = [key for key in self.held if versions.kind(key) == ENTRY]
        names = (f"entry/n{number}" for number in range(world.names))
        self.free = [key for key in names if key not in self.held]

    def one(self):
        """One act by the dice."""
        (act,) = self.dice.choices(list(OPERATIONS), list(OPERATIONS.values()))
        if act in ("rotate", "replace", "enroll", "remove", "rename") and not self.entries:
            act = "add"
        getattr(self, act)()

    def _entry(self):
        key = self.dice.choice(self.entries)
        return key, self.held[key]

    def _new(self):
        user = self.dice.choice(["u1", "u2", "u3", None])
        return {
            "akid": "A" + self.world.token(), "sak": "s", "account": user and "1", "user": user,
            "created": self.dice.randrange(99),
        }  # fmt: skip

    def _store(self, key):
        content = self._new()
        if content["user"] and self.dice.random() < 0.5:
            content["mfa_serial"] = serial = f"{content['user']}~{self.dice.randrange(6)}"
            if f"seed/{serial}" not in self.held and self.dice.random() < 0.8:
                self.machine.edit(f"seed/{serial}", {"secret": self.world.token()})
        self.machine.edit(key, content)

    def add(self):
        if self.free:
            self._store(self.dice.choice(self.free))

    def replace(self):
        self._store(self._entry()[0])

    def rotate(self):
        key, old = self._entry()
        self.machine.edit(key, {**old, "akid": "A" + self.world.token(), "created": self.dice.randrange(99)})

    def enroll(self):
        key, old = self._entry()
        if old["user"] is not None:
            serial = f"{old['user']}~n{self.world.token()}"
            self.machine.edit(f"seed/{serial}", {"secret": self.world.token()})
            self.machine.edit(key, {**old, "mfa_serial": serial})

    def remove(self):
        key, old = self._entry()
        self.machine.edit(key, None)
        serial = old.get("mfa_serial")
        users = [
            c for k, c in self.held.items() if versions.kind(k) == ENTRY and c.get("mfa_serial") == serial
        ]
        if serial and f"seed/{serial}" in self.held and not users:
            self.machine.edit(f"seed/{serial}", None)

    def rename(self):
        if self.free:
            (key, old), new = self._entry(), self.dice.choice(self.free)
            self.machine.edit(new, old)
            self.machine.edit(key, None, renamed_to=versions.name(new))

    def strict(self):
        self.machine.edit("strict", {"box": self.world.token(), "serials": ["s" + self.world.token()]})

    def passwd(self):
        bucket, local = self.world.bucket, self.machine.local
        if local.epoch == bucket.epoch and bucket.put(bucket.state, bucket.etag, local.epoch + 1):
            local.epoch += 1

    def journal(self):
        key = f"journal/{self.machine.local.me}/{self.dice.randrange(3)}"
        done = key in self.held and self.dice.random() < 0.6
        self.machine.edit(key, None if done else {"step": self.world.token()})

    def twin(self):
        """The same key is stored on two machines."""
        other = self.dice.choice([one for one in self.world.machines if one is not self.machine])
        free = [key for key in self.free if key not in other.local.held]
        if free:
            key, content = self.dice.choice(free), {**self._new(), "account": "1", "user": "u1"}
            self.machine.edit(key, {**content, "created": 1})
            other.edit(key, {**content, "created": 2})

    def answer(self):
        """A conflict is answered, as ``sync`` does it: after a pull, when nothing else waits."""
        machine, local, bucket = self.machine, self.machine.local, self.world.bucket
        asked = sorted(shown.conflicts(local.shown))
        taken = takeover.removed(local.state, bucket.state, local.me) or takeover.overtaken(
            local.state, bucket.state, local.me
        )
        if not asked or taken or not machine.unchanged():
            return
        key = self.dice.choice(asked)
        found = local.state.items[key]
        edit = self.world.oracle.name(key)
        self.world.oracle.accept(edit, {version.by for version in found})
        before = {version.dot for there in local.state.items.values() for version in there}
        content = self.dice.choice([version.content for version in found])
        local.state, local.shown = edits.answer(local.state, local.shown, key, content, machine.author())
        machine.sign(before, {key: edit})
        local.lineage[key] = {edit}
        local.unsent.add(edit)
        local.held = shown.contents(local.shown)
