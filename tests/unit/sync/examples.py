"""Small states of one or two machines, for examples of the rules."""

from __future__ import annotations

from vault.sync import edits, shown, versions
from vault.sync.versions import MachineLine, SharedState

ALICE = {"account": "111122223333", "user": "alice"}


def entry(akid="AKIAIOSFODNN7EXAMPLE", **more):
    """The content of an entry; its user is not known unless it is given."""
    return {"akid": akid, "sak": "s", "created": 1, **more}


class Machine:
    """A vault of one machine, without a bucket: it meets another one directly."""

    def __init__(self, name):
        self.name = name
        self.state = SharedState(machines={name: MachineLine()})
        self.shown, self.held = {}, {}

    def store(self, key, content):
        """Store and commit."""
        self.held[key] = content
        return self.commit()

    def remove(self, key, *, renamed_to=""):
        del self.held[key]
        return self.commit(renamed={key: renamed_to} if renamed_to else {})

    def author(self):
        return edits.Author(self.name, self.name, 5, f"mark of {self.name}")

    def commit(self, **more):
        self.state, self.shown = edits.commit(self.state, self.shown, self.held, self.author(), **more)
        return self

    def answer(self, key, content):
        self.state, self.shown = edits.answer(self.state, self.shown, key, content, self.author())
        self.held = shown.contents(self.shown)

    def meets(self, other):
        """Merge both ways; each shows what it now has."""
        both = versions.merge(self.state, other.state)
        for one in (self, other):
            one.state = both
            one.shown = shown.show(both, one.shown)
            one.held = shown.contents(one.shown)


def pair(**held):
    """Two machines that have the same items."""
    laptop, desktop = Machine("laptop"), Machine("desktop")
    laptop.held = {key.replace("__", "/"): content for key, content in held.items()}
    laptop.commit().meets(desktop)
    return laptop, desktop
