"""SIGKILL at writes, renames and locks of passwd with a remote, of the sync that takes the new passphrase, of slots remove MACHINE, and
of a removed machine that comes back.

After each, every vault opens with the old passphrase or with the new one, and so does the bucket's file. The next sync ends it.
"""

from __future__ import annotations

import shutil

import pytest

from tests.fakes.bucket import FolderBucket
from tests.faults import dying
from tests.machines import PASSPHRASE, Computer, way
from tests.patience import PATIENCE
from tests.vaults import CHEAP, entry, soon
from vault import errors
from vault.context import Context
from vault.machines import bucket_access, shared_keys, sync_vault
from vault.remote import join
from vault.remote.merging import SyncRequest
from vault.secret import Secret
from vault.settings import Settings
from vault.store import vault
from vault.system.clock import Deadline, SystemClock
from vault.upkeep import rekey_plan

pytestmark = pytest.mark.usefixtures("untraced", "unmeasured")

NEW = "a new long passphrase"
ACTS = ("passwd", "adopt", "remove", "rejoin")
SAMPLED = 9


class Scene:
    """A copy of the template's folder with its two machines, for one act. The laptop chooses passphrases."""

    def __init__(self, root, act, keys=None):
        self.act, self.bucket = act, FolderBucket(root)
        self.laptop, self.desktop = (Computer(root, name, self.bucket) for name in ("laptop", "desktop"))
        if keys is not None:
            self.laptop.k_main, self.desktop.k_main = keys

    def prepare(self):
        """What is there before the act."""
        self.laptop.begin(dev=entry())
        self.desktop.join()
        self.laptop.sync()
        self.desktop.sync()
        if self.act in ("adopt", "rejoin"):
            removes = (self.desktop.local().me,) if self.act == "rejoin" else ()
            self.laptop.sync(new_slots=[way(NEW)], removes=removes)
        self.laptop.store("mine", "AKIAI44QH8DHBEXAMPLE")
        self.desktop.store("theirs", "AKIAI55QH8DHBEXAMPLE")

    def do(self):
        """The act itself."""
        if self.act in ("passwd", "remove"):
            self.new_passphrase()
        else:
            self.sync(self.desktop, rejoin=self.act == "rejoin")

    def new_passphrase(self):
        """passwd, or slots remove of the desktop."""
        context = context_of(self.laptop, NEW)
        removes = (self.desktop.local().me,) if self.act == "remove" else ()
        opened = shared_keys.prepare(context, self.open(self.laptop)).opened
        plan = rekey_plan.make_plan(context, opened, passphrase=None, new_passphrase=Secret(NEW), kdf=CHEAP)
        shared_keys.carry_out(context, plan, kdf=CHEAP, removes=removes)

    def sync(self, computer, **request):
        """A sync of a user who types the new passphrase if asked."""
        sync_vault.sync_opened(context_of(computer, NEW), self.open(computer), SyncRequest(**request))

    def open(self, computer):
        """The vault by the one passphrase that opens it."""
        found = []
        for passphrase in (PASSPHRASE, NEW):
            try:
                found.append(vault.open_with_passphrase(computer.paths, Secret(passphrase), deadline=soon()))
            except errors.WrongPassphrase:
                continue
        (opened,) = found
        computer.k_main = opened.k_main
        return opened

    def opens_with(self, computer):
        """NEW or PASSPHRASE."""
        slot = self.open(computer).header.slots[0]
        try:
            way(NEW).unwrap(slot, vault_id=self.open(computer).vault_id)
        except errors.NotThisSlot:
            return PASSPHRASE
        return NEW

    def bucket_opens_with(self):
        """NEW or PASSPHRASE."""
        found = join.read_bucket_file(self.bucket.get(None).data, url="it")
        for passphrase in (PASSPHRASE, NEW):
            try:
                way(passphrase).unwrap(found.header.slots[0], vault_id=found.header.vault_id)
            except errors.NotThisSlot:
                continue
            return passphrase
        raise AssertionError("nothing opens the bucket's file")

    def finish(self):
        """After the kill: a sync of each machine, and what must hold."""
        self.sync(self.laptop)
        there = self.bucket_opens_with()
        if self.act in ("passwd", "remove"):
            assert self.opens_with(self.laptop) == there
        for _ in range(2):
            try:
                self.sync(self.desktop)
            except errors.Declined:
                assert self.act in ("remove", "rejoin")
                self.sync(self.desktop, rejoin=True)
            self.sync(self.laptop)
        assert self.opens_with(self.desktop) == there
        want = {
            "dev": "AKIAIOSFODNN7EXAMPLE",
            "mine": "AKIAI44QH8DHBEXAMPLE",
            "theirs": "AKIAI55QH8DHBEXAMPLE",
        }
        assert self.laptop.held() == self.desktop.held() == want
        lines = self.laptop.local().state.machines.values()
        assert len([line for line in lines if not line.gone]) == 2


def context_of(computer, passphrase):
    """A command of a user who types this passphrase wherever one is asked for."""
    return Context(
        env={"HOME": computer.paths.home, "AWSVAULT_AGENT": "off"},
        paths=computer.paths,
        clock=SystemClock(),
        deadline=Deadline.after(PATIENCE),
        passphrase=Secret(passphrase),
        attended=True,
        settings=Settings(prompt="none", keyring="off", agent="off"),
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    made = {}

    def of(act):
        if act not in made:
            root = tmp_path_factory.mktemp(f"keys-{act}")
            scene = Scene(root, act)
            scene.prepare()
            made[act] = (str(root), (scene.laptop.k_main, scene.desktop.k_main))
        return made[act]

    return of


@pytest.fixture(autouse=True)
def reachable(monkeypatch):
    """The bucket is a folder beside the machine's."""
    import os

    monkeypatch.setattr(bucket_access, "credentials_for", lambda *_, **__: None)
    monkeypatch.setattr(
        bucket_access, "bucket", lambda context, *_, **__: FolderBucket(os.path.dirname(context.paths.home))
    )


PARTS = [
    pytest.param(act, part, marks=[] if part == place else pytest.mark.long)
    for place, act in enumerate(ACTS)
    for part in range(SAMPLED)
]


@pytest.mark.parametrize(("act", "part"), PARTS)
def test_a_kill_locks_nobody_out(act, part, template, tmp_path):
    """Before and after each call of one part of them."""
    root, keys = template(act)
    tried = 0

    def scene_of(place):
        shutil.copytree(root, place, dirs_exist_ok=True)
        return Scene(place, act, keys)

    points = dying.run(scene_of(tmp_path / "whole").do)
    assert points.error is None, points.error
    assert {"write", "fsync", "rename", "flock"} <= set(points.points)
    every = [(number, when) for number in range(len(points.points)) for when in ("before", "after")]
    for number, when in every[part::SAMPLED]:
        place = tmp_path / f"{number}-{when}"
        scene = scene_of(place)
        if dying.run(scene.do, die=(number, when)).killed:
            tried += 1
            scene.finish()
        shutil.rmtree(place)
    assert tried > 3
