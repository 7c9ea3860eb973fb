"""Machines with real vault files that sync by the real client through real servers of S3, several processes at once.

Each sync is a process of its own, which may be killed before or after each of its calls (tests/faults/dying.py), and the way to the
server has accidents of its own (tests/fakes/s3_proxy.py). The oracle is that of sync_files.py.
"""

from __future__ import annotations

import random
import threading
from collections import Counter

from tests.fakes.example import KEY_ID, SECRET
from tests.fakes.s3 import URL
from tests.fakes.s3_proxy import FAULTS, S3Proxy
from tests.faults import dying
from tests.faults.sync_files import FileWorld, Tracked
from tests.machines import PauseClock
from vault import errors
from vault.aws.credentials import Credentials
from vault.s3 import address
from vault.s3.boto_s3 import S3Client
from vault.secret import Secret
from vault.sync.bucket import Fetched
from vault.system.clock import Deadline

KEY = Credentials(KEY_ID, Secret(SECRET))
WHOLE_RUN = 3600.0  # seconds: each call has a limit of its own
KILLED = 0.4  # of the syncs
UNLUCKY = 0.25  # of the requests


def object_at(url):
    """The object that machines share, at this server."""
    at = address.endpoint("us-east-1", url=url, trusted_hosts=("127.0.0.1",))
    client = S3Client(KEY, endpoint=at, deadline=Deadline.after(WHOLE_RUN, clock=PauseClock()))
    return client.object(address.parse(URL))


class Distant(Tracked):
    """A machine. ``bucket`` is the server by the way that its processes take, ``calm`` the server itself."""

    def __init__(self, folder, label, world, *, calm, way):
        super().__init__(folder, label, world)
        self.bucket = self.calm = calm
        self.way = way

    def start(self, die=None):
        """A process that syncs, and again with --accept if the bucket lacks what was seen there."""
        self._forget_what_was_taken_back()
        return dying.start(self._process, die=die)

    def _process(self):
        self.bucket, noticed = self.way, False
        try:
            done = self.sync()
        except errors.RolledBack:
            noticed, done = True, self.sync(accept=True)
        return {"noticed": noticed, "pushed": done.pushed}

    def ended(self, ended):
        """What its process leaves: no error but that the server was not reached, and perhaps edits that were not sent."""
        assert ended.killed or ended.error is None or ended.code == 8, ended.error
        if ended.value is not None:
            self.unsent = set()
            self.world.noticed += ended.value["noticed"]
        self.look()

    def go(self, how="", **request):
        """A sync in this process, without accidents."""
        self._forget_what_was_taken_back()
        whole = True
        try:
            self.sync(**request)
        except errors.RolledBack:
            self.world.noticed += 1
            self.sync(accept=True)
            whole = False
        self.unsent = set()
        self.look()
        return whole


class ServerWorld(FileWorld):
    """``urls``: servers of one bucket, which machines take in turn. ``accidents``: processes die, and the way is bad."""

    def __init__(self, folder, seed, urls, *, machines=8, names=8, accidents=True, at_once=4):
        self.dice, self.accidents, self.at_once = random.Random(seed), accidents, at_once
        self.whole = []  # how many calls each sync made that pushed
        self.tried, self.killed = Counter(), Counter()  # by (number of a call, before or after)
        self._way_dice, self._alone = random.Random(seed + 1), threading.Lock()
        self.proxies = [S3Proxy(url, pick=self._pick).__enter__() for url in urls] if accidents else []
        calm = [object_at(url) for url in urls]
        ways = [object_at(proxy.url) for proxy in self.proxies] or calm
        self.bucket = calm[0]
        self._begin(
            names,
            [
                Distant(folder, f"m{n}", self, calm=calm[n % len(urls)], way=ways[n % len(urls)])
                for n in range(machines)
            ],
        )

    def end(self):
        """Nothing runs any more."""
        for proxy in self.proxies:
            proxy.__exit__()

    def _pick(self):
        with self._alone:
            return self._way_dice.choice(FAULTS) if self._way_dice.random() < UNLUCKY else None

    @property
    def happened(self):
        """How often each accident of the way did."""
        return sum((proxy.happened for proxy in self.proxies), Counter())

    def stored(self):
        """What the bucket has."""
        found = self.bucket.get(None)
        assert isinstance(found, Fetched)
        return found.data

    def run(self, count):
        """Until that many edits were made."""
        while self.oracle.count < count:
            dice = self.dice.random()
            if self.accidents and dice < 0.08:
                self._copy_or_restore(self.dice.choice(self.machines))
            elif dice < 0.13:
                self._answer(self.dice.choice(self.machines))
            else:
                self._together(self.dice.sample(self.machines, self.dice.randint(1, self.at_once)))

    def settle(self):
        """Each machine syncs some times, and nothing is on its way any more."""
        self._rest()
        super().settle()

    def _answer(self, machine):
        self._rest()
        super()._answer(machine)

    def _copy_or_restore(self, machine):
        self._rest()
        super()._copy_or_restore(machine)

    def _rest(self):
        for proxy in self.proxies:
            proxy.rest()

    def _together(self, machines):
        """Some edits on each, and then all sync at once."""
        for machine in machines:
            for _ in range(self.dice.randrange(4)):
                self._act(machine)
        running = []
        for machine in machines:
            die = self._next_kill() if self.accidents and self.dice.random() < KILLED else None
            running.append((machine, die, machine.start(die)))
        for machine, die, child in running:
            ended = child.end()
            self._count(die, ended)
            machine.ended(ended)

    def _next_kill(self):
        """The place at which a process was to die the least so far."""
        if not self.whole:
            return None
        places = [
            (number, when) for number in range(self.dice.choice(self.whole)) for when in ("before", "after")
        ]
        chosen = min(places, key=lambda place: (self.tried[place], self.dice.random()))
        self.tried[chosen] += 1
        return chosen

    def _count(self, die, ended):
        if ended.killed:
            self.killed[die] += 1
        elif ended.value is not None and ended.value["pushed"]:
            self.whole.append(len(ended.points))

    def never_killed(self):
        """The places of the shortest whole sync at which no process died."""
        places = [(number, when) for number in range(min(self.whole)) for when in ("before", "after")]
        return [place for place in places if not self.killed[place]]
