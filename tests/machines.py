"""Machines with real vault files that share one bucket in this process, for tests of syncs."""

from __future__ import annotations

import dataclasses
import os

from tests.vaults import CHEAP, entry, new_vault, paths_in, soon
from vault.errors import WrongPassphrase
from vault.remote import join, local_state
from vault.remote.merging import SyncRequest
from vault.remote.steps import sync
from vault.secret import Secret
from vault.store import vault
from vault.store.slots.passphrase import PassphraseSlot
from vault.sync.local import BucketPlace
from vault.system.clock import SystemClock

PASSPHRASE = "correct horse battery staple"
PLACE = BucketPlace(url="s3://example-bucket/vault.avlt")


def way(passphrase=PASSPHRASE):
    """What opens the bucket's file."""
    return PassphraseSlot(Secret(passphrase), kdf=CHEAP)


class PauseClock(SystemClock):
    """A clock whose sleeps are over at once; ``paused`` has them."""

    def __init__(self):
        self.paused = []

    def sleep(self, seconds):
        self.paused.append(seconds)


class Computer:
    """One machine. ``typed``: the passphrases that its user types when asked, in order."""

    def __init__(self, folder, name, bucket):
        self.paths, self.name, self.bucket = paths_in(os.path.join(str(folder), name)), name, bucket
        self.clock, self.typed, self.asked, self.opens = PauseClock(), [PASSPHRASE], 0, 0
        self.k_main = None

    def _how(self):
        return {"paths": self.paths, "clock": self.clock, "deadline": soon()}

    def ask(self, found):
        """The user types the next passphrase."""
        self.asked += 1
        if not self.typed:
            raise WrongPassphrase("nobody types")
        return join.by_typed(found, Secret(self.typed[0]), turn=_no_turn)

    def begin(self, **entries):
        """A vault of its own with these entries, which is the first of the bucket or meets the one there."""
        self.k_main = new_vault(self.paths).k_main
        for name, stored in entries.items():
            self.edit(lambda p, name=name, stored=stored: p.with_entry(name, stored))
        return self.push_first()

    def push_first(self):
        """remote add."""
        return join.first_push(
            self.bucket,
            PLACE,
            name=self.name,
            new_slots=[way()],
            opened=self.opened(),
            ask=self.ask,
            **self._how(),
        )

    def join(self):
        """init --from, and the first sync."""
        found = join.read_bucket_file(self.bucket.get(None).data, url=PLACE.url)
        read = join.opened_first(found, self.ask(found), url=PLACE.url)
        self.k_main = join.take_vault(read, PLACE, name=self.name, slots=[way()], **self._how()).k_main
        return self.sync()

    def opened(self):
        """The vault as it is."""
        self.opens += 1
        return vault.open_with_main_key(self.paths, self.k_main)

    def edit(self, change):
        """What any command does."""
        return vault.edit(self.paths, self.k_main, change, deadline=soon())

    def store(self, name, key_id="AKIAIOSFODNN7EXAMPLE", **more):
        """add NAME."""
        self.edit(lambda p: p.with_entry(name, entry(key_id, **more)))

    def remove(self, name):
        """remove NAME."""
        self.edit(lambda p: p.without_entry(name))

    def sync(self, new_slots=(), keep_key=None, own_slot=None, tell=None, **request):
        """One sync."""
        return sync(
            self.bucket,
            open_vault=self.opened,
            ask=self.ask,
            request=SyncRequest(**request),
            new_slots=new_slots,
            tell=tell,
            keep_key=keep_key,
            own_slot=own_slot,
            **self._how(),
        )

    def held(self):
        """The ID of the key of each entry."""
        return {name: one.access_key_id for name, one in self.opened().payload.entries.items()}

    def local(self):
        """What the vault keeps of other machines."""
        return local_state.require(self.opened().payload)

    def change_local(self, **changes):
        """The same with other values, without a sync."""
        local = dataclasses.replace(self.local(), **changes)
        self.edit(lambda p: local_state.keep(p, local))

    def files(self):
        """The vault file, to be put back later as a restored copy."""
        with open(self.paths.vault, "rb") as file:
            return file.read()

    def put_back(self, raw):
        """A restored copy, as the newest generation."""
        from vault.store import restore
        from vault.store.format import parse_file

        restore.put_back(self.paths, parse_file(raw), self.k_main, cache_key=vault.new_key(), deadline=soon())


class _no_turn:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None
