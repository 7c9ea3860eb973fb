"""The probe, at servers in this process: those that keep conditions, ignore them, or race."""

from __future__ import annotations

import threading
from unittest import mock

import pytest

from tests.patience import PATIENCE
from tests.unit.aws.provider_context import Jumping
from vault import errors, limits
from vault.s3 import probe
from vault.s3.address import parse
from vault.s3.refusals import NoConditionalWrites
from vault.sync.bucket import Absent, ConditionFailed, Fetched
from vault.system.clock import Deadline

PLACE = parse("s3://my-bucket/a/vault.avlt")


class Server:
    """Objects by key. ``looks`` is called between the check of a condition and the write, where a server may race."""

    def __init__(self, *, ignores=(), looks=None, denies=()):
        self.objects, self.seen, self.count = {}, set(), 0
        self.ignores, self.looks, self.denies = ignores, looks, denies
        self.lock = threading.Lock()

    def open(self, address, *, pool=None, gate=None):
        del pool
        self.seen.add(address.key)
        return At(self, address.key, gate)

    def judge(self, key, match):
        kind = "none" if match is None else "match"
        now = self.objects.get(key, (None, None))[1]
        if kind not in self.ignores and match != now:
            raise ConditionFailed

    def write(self, key, data):
        self.count += 1
        self.objects[key] = (data, f'"{self.count}"')
        return self.objects[key][1]


class At:
    def __init__(self, server, key, gate):
        self.server, self.key, self.gate = server, key, gate

    def get(self, unless):
        assert unless is None
        with self.server.lock:
            found = self.server.objects.get(self.key)
        return Absent() if found is None else Fetched(*found)

    def put(self, data, match):
        if self.gate is not None:
            self.gate()
        if self.server.looks is None:
            with self.server.lock:
                self.server.judge(self.key, match)
                return self.server.write(self.key, data)
        self.server.judge(self.key, match)
        self.server.looks()
        with self.server.lock:
            return self.server.write(self.key, data)

    def delete(self):
        if "delete" in self.server.denies:
            raise errors.Refused("no", code="AccessDenied")
        self.server.objects.pop(self.key, None)


def run(server):
    return probe.probe(server.open, PLACE, deadline=Deadline.after(PATIENCE))


def test_server_that_keeps_conditions():
    """It is good, and nothing of the probe stays."""
    server = Server()
    assert run(server) == probe.ProbeVerdict("good")
    assert server.objects == {}


def test_objects_of_the_probe_lie_beside_the_vault():
    """Under names that the printed policy allows; the vault itself is not touched. One object for each race."""
    server = Server()
    run(server)
    assert all(key.startswith(f"{PLACE.key}.probe-") for key in server.seen)
    assert len(server.seen) == 1 + limits.PROBE_RACES
    assert max(map(len, server.seen)) - len(PLACE.key) < 1024 - limits.S3_KEY


def test_two_probes_do_not_meet():
    one, two = Server(), Server()
    run(one), run(two)
    assert one.seen.isdisjoint(two.seen)


@pytest.mark.parametrize(
    ("ignored", "said"), [("none", "ignores If-None-Match"), ("match", "ignores If-Match")]
)
def test_server_that_ignores_a_condition(ignored, said):
    """The refusal (6) says which one, and what to use."""
    server = Server(ignores=(ignored,))
    found = run(server)
    assert found.outcome == "ignores"
    assert server.objects == {}
    with pytest.raises(NoConditionalWrites, match=said) as caught:
        probe.require_good(found, PLACE)
    assert caught.value.exit_code == 6
    assert "Amazon S3" in caught.value.hint


def test_server_that_races():
    """It checks each condition, but lets others in before it writes: with one writer at a time nothing is wrong."""
    racing = threading.Event()
    waiting = threading.Barrier(limits.PROBE_WRITERS)

    def looks():
        if threading.current_thread() is not threading.main_thread():
            racing.set()
            waiting.wait(PATIENCE)

    found = run(Server(looks=looks))
    assert racing.is_set()
    assert found.outcome == "races"
    assert (
        found.reason
        == f"{limits.PROBE_WRITERS} of {limits.PROBE_WRITERS} writers won with the same If-None-Match"
    )
    with pytest.raises(NoConditionalWrites, match="not at the same time"):
        probe.require_good(found, PLACE)


def test_winner_whose_content_is_gone():
    """A server that answers one writer, and keeps what another wrote."""

    class Swapped(Server):
        def write(self, key, data):
            mark = super().write(key, data)
            if data.startswith(b"writer"):
                self.objects[key] = (b"another's", mark)
            return mark

    assert run(Swapped()).outcome == "races"


def test_objects_that_cannot_be_removed_are_named():
    """A policy without s3:DeleteObject does not spoil the probe."""
    server = Server(denies=("delete",))
    found = run(server)
    assert found.outcome == "good"
    assert {parse(url).key for url in found.left} == server.seen


def test_failure_of_a_writer_ends_the_probe():
    """The others do not wait for it until the deadline, and what was written is removed."""
    server = Server()

    class Failing(At):
        def put(self, data, match):
            if data.startswith(b"writer 3"):
                raise errors.Unreachable("no answer")
            return super().put(data, match)

    def open_(address, *, pool=None, gate=None):
        del pool
        return Failing(server, address.key, gate)

    with pytest.raises(errors.Unreachable, match="no answer"):
        probe.probe(open_, PLACE, deadline=Deadline.after(PATIENCE))
    assert server.objects == {}


class Refusing(Server):
    """Answers every write as if its condition had failed."""

    def judge(self, _key, _match):
        raise ConditionFailed


def test_server_that_refuses_every_write():
    """A proxy may do that too."""
    assert "refuses If-None-Match for an object that does not exist" in run(Refusing()).reason


def test_races_that_nobody_ran_say_nothing():
    """The writers give up at the deadline: then the server is not good, it is slow."""
    server = Server()

    class Late(threading.Barrier):
        def wait(self, timeout=None):
            raise threading.BrokenBarrierError

    with mock.patch.object(threading, "Barrier", Late), pytest.raises(errors.Unreachable, match="too slowly"):
        run(server)
    assert server.objects == {}


def test_no_race_begins_after_the_deadline():
    """Those before it do not make the server good."""
    server, clock = Server(), Jumping()

    class Slow(At):
        def get(self, unless):
            clock.ahead = limits.PROBE_TIME + 1
            return super().get(unless)

    def open_(address, *, pool=None, gate=None):
        del pool
        return Slow(server, address.key, gate)

    with pytest.raises(errors.Unreachable, match="too slowly"):
        probe.probe(open_, PLACE, deadline=Deadline.after(limits.PROBE_TIME, clock=clock))
    assert server.objects == {}
