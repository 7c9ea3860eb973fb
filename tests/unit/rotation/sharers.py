"""Benches whose vaults share a bucket in this process, and runs that are killed or watched between two steps."""

from __future__ import annotations

import threading

from tests.fakes.bucket import InProcessBucket
from tests.home import Home
from tests.machines import Computer
from tests.unit.benches import NAME, Bench
from vault.credentials.request import Refetch
from vault.remote.merging import open_journals
from vault.rotation import run
from vault.system.paths import from_env

DAY = 86_400


class SharedBucket(InProcessBucket):
    """The same for threads."""

    def __init__(self):
        super().__init__()
        self._alone = threading.Lock()

    def get(self, unless):
        with self._alone:
            return super().get(unless)

    def put(self, data, match):
        with self._alone:
            return super().put(data, match)


class Sharer(Bench):
    """A machine: ``computer`` syncs. Its key has no device, so that no export waits for a code."""

    def __init__(self, home, aws, bucket, name):
        super().__init__(home, aws)
        self.name = name
        self.computer = Computer(home.root, name, bucket)
        self.computer.paths, self.computer.clock = from_env(home.env), self.clock
        home.config(f"[profile {NAME}]\nregion = us-east-1\n")

    def begin(self):
        """The vault with the example's key, and its remote."""
        self.home.make_vault(seed=None, serial=None)
        self.computer.k_main = self.opened().k_main
        self.computer.push_first()
        return self

    def join(self):
        """init --from, and the first sync."""
        self.computer.join()
        self.k_main = self.computer.k_main
        return self

    def sync(self):
        return self.computer.sync()

    def look(self, **more):
        return super().look(sync=self.computer.sync, **more)

    def rotate(self, request=None, **more):
        """What `rotate --yes` does, which begins with a sync."""
        self.sync()
        return super().rotate(request, **more)

    def works(self):
        """Whether AWS gives a session for the key that this machine has."""
        return bool(self.ask(NAME, refetch=Refetch(all=True)).line)

    def knows_rotation(self):
        """The machine that rotates the key, as this one knows it."""
        return open_journals(self.computer.local()).get(NAME)


def machines(tmp_path, aws, *names):
    """Machines of one user that share a bucket and have the same; the first one made the vault."""
    aws.world.new_key_delay = aws.world.new_key_flapping = 2.0
    bucket = SharedBucket()
    made = [Sharer(Home(tmp_path / name, url=aws.url), aws, bucket, name) for name in names]
    made[0].begin()
    for one in made[1:]:
        one.join()
    made[0].sync()
    return made


def between_steps(patch, act):
    """Call ``act`` with the number of each step of a rotation before it is decided."""
    real, count = run.next_step, []

    def watched(*args):
        count.append(1)
        act(len(count) - 1)
        return real(*args)

    patch.setattr(run, "next_step", watched)
