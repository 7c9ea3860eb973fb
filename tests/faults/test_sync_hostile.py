"""A bucket that shows something else than what machines last put there: it is told each time (9), with what to do about it.

What an older version lacks is known here by counting the edits that each sync sent, not by versions.
"""

from __future__ import annotations

import random
import shutil

import pytest

from tests.fakes.bucket import InProcessBucket
from tests.machines import Computer, way
from tests.vaults import entry, flip
from vault import errors
from vault.store.format import parse_file

pytestmark = pytest.mark.usefixtures("untraced")


class Watched(Computer):
    """A machine. ``met``: the place in the history of the version that it has."""

    met = 0

    def sync(self, new_slots=(), **request):
        before, past = len(self.bucket.history), self.bucket.past
        done = super().sync(new_slots, **request)
        if len(self.bucket.history) > before:
            sent, keys = past[-1] if past else (0, 0)
            past.append((sent + bool(done.went), keys + bool(new_slots)))
        if not request.get("dry"):
            self.met = len(past) - 1
        return done


class Lived:
    """Three machines after ``syncs`` syncs, in which the key was replaced now and then. Not all of them have the newest version."""

    def __init__(self, folder, syncs):
        self.folder, dice = folder, random.Random(1)
        self.bucket = InProcessBucket()
        self.bucket.past = []  # by version: how many syncs had sent edits, and how often the key was replaced
        self.machines = [Watched(folder, name, self.bucket) for name in ("laptop", "desktop", "host")]
        first, *others = self.machines
        first.begin(dev=entry())
        self.bucket.past.append((1, 0))
        for one in others:
            one.join()
        for number in range(syncs):
            one = dice.choice(self.machines)
            if dice.random() < 0.6:
                one.store(f"n{dice.randrange(5)}", f"AKIAI44QH8DHB{number:07}")
            elif dice.random() < 0.3 and one.held():
                one.remove(dice.choice(sorted(one.held())))
            one.sync(new_slots=[way()] if number % 10 == 7 else ())
        assert len(self.bucket.history) == len(self.bucket.past)

    def lacks(self, old, met):
        """Whether the version lacks an edit or a key that came up to ``met``."""
        return old < met and self.bucket.past[old] != self.bucket.past[met]


def refused(machine, error=errors.Damaged):
    """The error of a sync that changed neither the vault nor the bucket; its hint says what to do."""
    before = (machine.files(), machine.bucket.data)
    with pytest.raises(error) as found:
        machine.sync()
    assert (machine.files(), machine.bucket.data) == before
    assert found.value.exit_code == 9
    assert "awsvault-py" in found.value.hint
    return found.value


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    return Lived(tmp_path_factory.mktemp("lived"), 30)


@pytest.fixture
def shown(lived):
    """The bucket's newest version, which it shows again after the test."""
    newest = lived.bucket.history[-1]
    yield newest
    lived.bucket.serve(newest)
    for one in lived.machines:
        one.asked = 0


def replay(lived):
    """Each version to each machine: how many were told, and how many were not."""
    told = not_told = 0
    for machine in lived.machines:
        for old, data in enumerate(list(lived.bucket.history)):
            lived.bucket.serve(data)
            if lived.lacks(old, machine.met):
                assert "sync --accept" in refused(machine, errors.RolledBack).hint
                told += 1
            else:
                machine.sync(dry=True)
                not_told += 1
    return told, not_told


def test_each_older_version_that_lacks_something_is_told(lived, shown):
    """By each machine; the others are not."""
    told, not_told = replay(lived)
    assert told > 50
    assert not_told > 3


@pytest.mark.long
def test_each_of_many_older_versions_is_told(tmp_path):
    told, not_told = replay(Lived(tmp_path, 200))
    assert told > 400
    assert not_told > 10


def edges(data):
    """Lengths before, at and after the end of each part, and each multiple of the padding."""
    found = parse_file(data)
    head = len(found.prefix)
    ends = (0, 8, 12, head, head + len(found.main), len(data))
    near = {end + step for end in ends for step in (-1, 0, 1)}
    return sorted((near | set(range(0, len(data), 4096))) - {-1, len(data)})


def test_a_cut_object_is_told_at_each_length(lived, shown):
    """And one that something was added to. Nobody is asked for a passphrase."""
    laptop = lived.machines[0]
    laptop.sync()
    newest, asked = lived.bucket.data, laptop.asked
    for size in edges(newest):
        lived.bucket.serve((newest + b"\0")[:size])
        assert "sync --accept" in refused(laptop).hint, size
    lived.bucket.serve(newest * 2)
    refused(laptop)
    lived.bucket.serve(newest)
    assert laptop.asked == asked


def test_a_changed_byte_is_told_wherever_it_is(lived, shown):
    laptop = lived.machines[0]
    laptop.sync()
    newest, asked = lived.bucket.data, laptop.asked
    for at in range(0, len(newest), 61):
        lived.bucket.serve(flip(newest, at))
        refused(laptop)
    lived.bucket.serve(newest)
    assert laptop.asked == asked


def test_two_vaults_that_were_swapped_are_told(lived, shown, tmp_path):
    """Each version of each to the other; another vault is not even replaced by --accept."""
    other = InProcessBucket()
    stranger = Computer(tmp_path, "stranger", other)
    stranger.begin(dev=entry())
    for number in range(3):
        stranger.store(f"n{number}")
        stranger.sync()
    laptop = lived.machines[0]
    for machine, bucket, theirs in (
        (laptop, lived.bucket, list(other.history)),
        (stranger, other, list(lived.bucket.history)),
    ):
        for data in theirs:
            bucket.serve(data)
            found = refused(machine)
            assert "another vault" in found.message
            assert "check bucket and key" in found.hint
            with pytest.raises(errors.Damaged, match="another vault"):
                machine.sync(accept=True)


def test_files_under_each_earlier_key_are_told(tmp_path):
    """A machine that was removed has the key and the user's passphrase; it goes on until its generations are the highest."""
    bucket = InProcessBucket()
    laptop = Computer(tmp_path, "laptop", bucket)
    laptop.begin(dev=entry())
    desktop = Computer(tmp_path, "desktop", bucket)
    desktop.join()
    removed = []
    for number in range(3):
        laptop.sync()
        desktop.sync()
        shutil.copytree(tmp_path / "desktop", tmp_path / f"removed{number}")
        removed.append((number, bucket.data))
        laptop.sync(new_slots=[way()])
    newest, told = bucket.data, 0
    for number, data in removed:
        former = Computer(tmp_path, f"removed{number}", bucket)
        former.k_main = desktop.k_main
        bucket.serve(data)
        for step in range(10):
            former.store(f"theirs{step}", f"AKIAI44QH8DHB{step:07}")
            former.sync()
            assert "sync --accept" in refused(laptop, errors.RolledBack).hint
            told += 1
    assert told == 30
    bucket.serve(newest)
    assert laptop.sync().went == ()
    assert "theirs0" not in laptop.held()
