"""SIGKILL at writes, renames and locks of a sync, of a first push, of a join and of a new key; the bucket's own write included.

After each, the vault opens, the next run finishes, and both machines have every edit once.
"""

from __future__ import annotations

import os
import shutil

import pytest

from tests.fakes.bucket import FolderBucket
from tests.faults import dying
from tests.machines import PASSPHRASE, Computer, way
from tests.vaults import entry
from vault import errors
from vault.store import vault

pytestmark = pytest.mark.usefixtures("untraced", "unmeasured")

ACTS = ("sync", "first", "join", "key")
SAMPLED = 7


class Scene:
    """A copy of the template's folder with its two machines, for one act."""

    def __init__(self, root, act, keys=None):
        self.act, self.bucket = act, FolderBucket(root)
        self.laptop, self.desktop = (Computer(root, name, self.bucket) for name in ("laptop", "desktop"))
        if keys is not None:
            self.laptop.k_main, self.desktop.k_main = keys

    def prepare(self):
        """What is there before the act."""
        os.makedirs(os.path.dirname(self.bucket.path), exist_ok=True)
        if self.act == "first":
            from tests.vaults import new_vault

            self.laptop.k_main = new_vault(self.laptop.paths).k_main
            self.laptop.store("mine")
            return
        self.laptop.begin(dev=entry())
        if self.act != "join":
            self.desktop.join()
            self.desktop.store("theirs", "AKIAI55QH8DHBEXAMPLE")
            self.desktop.store("dev", "AKIAI66QH8DHBEXAMPLE")
            self.desktop.sync()
        self.laptop.store("mine", "AKIAI44QH8DHBEXAMPLE")

    def do(self):
        """The act itself, from any point at which it was killed."""
        laptop = self.laptop
        if self.act == "first":
            try:
                laptop.push_first()
            except errors.AlreadyExists:
                laptop.sync()
        elif self.act == "join":
            self._join()
        else:
            laptop.sync(new_slots=[way("a new long passphrase")] if self.act == "key" else ())

    def _join(self):
        if not vault.exists(self.desktop.paths):
            self.desktop.join()
        elif self.desktop.k_main is None:
            self.desktop.k_main = self._opened().k_main
            self.desktop.sync()

    def _opened(self):
        from tests.vaults import soon
        from vault.secret import Secret

        return vault.open_with_passphrase(self.desktop.paths, Secret(PASSPHRASE), deadline=soon())

    def finish(self):
        """After the kill: the next runs, and what must hold."""
        for one in (self.laptop, self.desktop):
            if vault.exists(one.paths) and one.k_main is not None:
                one.opened()
        if self.act == "key":
            typed = [PASSPHRASE, "a new long passphrase"]
            for one in (self.laptop, self.desktop, self.laptop, self.desktop):
                _sync_typing(one, typed)
            want = {
                "dev": "AKIAI66QH8DHBEXAMPLE",
                "theirs": "AKIAI55QH8DHBEXAMPLE",
                "mine": "AKIAI44QH8DHBEXAMPLE",
            }
            assert self.laptop.held() == self.desktop.held() == want
            return
        self.do()
        if self.act == "first":
            assert self.laptop.held() == {"mine": "AKIAIOSFODNN7EXAMPLE"}
            assert self.laptop.sync().nothing
            self.desktop.join()
            assert self.desktop.held() == self.laptop.held()
            return
        for one in (self.laptop, self.desktop, self.laptop):
            assert one.sync().waiting == ()
        want = {"dev": "AKIAIOSFODNN7EXAMPLE", "mine": "AKIAI44QH8DHBEXAMPLE"}
        if self.act == "sync":
            want |= {"dev": "AKIAI66QH8DHBEXAMPLE", "theirs": "AKIAI55QH8DHBEXAMPLE"}
        assert self.laptop.held() == self.desktop.held() == want
        names = [(one.name, one.gone) for one in self.laptop.sync(accept=True).machines]
        assert sorted(names) == [("desktop", False), ("laptop", False)], "nobody took a new ID"


def _sync_typing(one, typed):
    """A sync whose user tries both passphrases."""
    for passphrase in typed:
        one.typed = [passphrase]
        try:
            one.sync()
        except errors.WrongPassphrase:
            continue
        return
    raise AssertionError("no passphrase opens the bucket's file")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    made = {}

    def of(act):
        if act not in made:
            root = tmp_path_factory.mktemp(f"sync-{act}")
            scene = Scene(root, act)
            scene.prepare()
            made[act] = (str(root), (scene.laptop.k_main, scene.desktop.k_main))
        return made[act]

    return of


PARTS = [
    pytest.param(act, part, marks=[] if part == place else pytest.mark.long)
    for place, act in enumerate(ACTS)
    for part in range(SAMPLED)
]


@pytest.mark.parametrize(("act", "part"), PARTS)
def test_a_kill_loses_no_edit(act, part, template, tmp_path):
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
