"""The records of what the agent answered: with the caller, in time, before a lock, and without delay for any client."""

import errno
import json
import os
import signal
import time

import pytest

from tests.patience import PATIENCE
from tests.unit.agent.at_home import gone, until
from tests.unit.agent.serving import NOW, Clock, Running, export, put, session
from vault import limits
from vault.agent.pending_log import PendingLog
from vault.agent.pending_record import access_key_id


class Written:
    """What the forks wrote, in a file; while the file ``fails`` exists, they fail."""

    def __init__(self, folder):
        self.path, self.fails = folder / "written", folder / "fails"
        self.takes = 0.0  # seconds

    def __call__(self, page, notes):
        if self.fails.exists():
            raise OSError("disk full")
        time.sleep(self.takes)
        with open(self.path, "a") as file:
            file.writelines(json.dumps([*note, bytes(page.view("cache")).decode()]) + "\n" for note in notes)

    def rows(self):
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text().splitlines()]


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "AGENT_LOG_WAIT", PATIENCE)  # the machine may be busy
    return Written(tmp_path)


@pytest.fixture
def agent(tmp_path, written):
    with Running(tmp_path / "v", write=written) as running:
        yield running


def test_an_answer_is_recorded_with_its_caller(agent, written):
    """Time, profile, key ID and expiry; the process that ran the client and its parent; written with the key of that moment."""
    client = agent.opened()
    put(client, "dev")
    assert export(agent) == session("dev")
    assert client.ask("LOG")["ok"]
    (row,) = written.rows()
    assert row[:4] == [NOW, "dev", "ASIAdev", NOW + 3600]
    # The client is this process, so who ran it is our parent.
    assert row[4] == str(os.getppid())
    with open(f"/proc/{os.getppid()}/comm") as file:
        assert row[5] == file.read().strip()
    assert row[6].isdecimal()
    assert row[-1] == "C" * 32


def test_answers_without_a_pause_do_not_put_the_log_off():
    """Its time counts from the first record of a batch, not from the last."""
    clock = Clock()
    log = PendingLog(lambda *_: None, page=None, clock=clock)
    log.add("dev", b"", expires=NOW, pid="")
    log.turn(idle=True)
    assert log.wait() == limits.AGENT_LOG_AFTER
    clock.up += limits.AGENT_LOG_AFTER / 2
    log.add("dev", b"", expires=NOW, pid="")
    assert log.wait() == 0, "the asker is looked up while it lives"
    log.turn(idle=True)
    assert log.wait() == limits.AGENT_LOG_AFTER / 2


def test_a_miss_is_not_recorded(agent, written):
    """Nothing was issued, so nothing is recorded."""
    client = agent.opened()
    put(client)
    export(agent, "prod")
    client.ask("LOG")
    assert written.rows() == []


@pytest.mark.parametrize("op", [{"op": "LOCK", "hold": True}, {"op": "LOCK", "hold": False}, {"op": "SLEEP"}])
def test_a_lock_writes_pending_records_first(agent, written, op):
    """The keys are about to go, so pending records are written before; nothing of them is left after the lock."""
    client = agent.opened()
    put(client)
    export(agent)
    assert client.ask(**op)["ok"]
    assert [row[-1] for row in written.rows()] == ["C" * 32]
    assert bytes(agent.page._view) == bytes(len(agent.page._view))


def test_an_ending_agent_writes_pending_records_first(tmp_path, written):
    """SHUTDOWN, as at the end of a login session, loses nothing."""
    with Running(tmp_path / "v", write=written) as running:
        put(running.opened())
        export(running)
    assert len(written.rows()) == 1


def test_answers_of_a_second_are_written_together(agent, written):
    """One fork writes all of them when the second is over, and not earlier."""
    client = agent.opened()
    put(client)
    for _ in range(20):
        export(agent)
    assert written.rows() == []
    agent.clock.turn(limits.AGENT_LOG_AFTER)
    client.ask("HELLO")  # it wakes up
    until(lambda: agent.clock.turn(1) or len(written.rows()) == 20)


def test_a_busy_second_needs_one_fork(tmp_path, written, monkeypatch):
    """This holds also if requests come so fast that the agent is never idle while it starts to write."""
    forks = []
    fork = os.fork

    def counted():
        forks.append(1)
        return fork()

    monkeypatch.setattr(os, "fork", counted)
    with Running(tmp_path / "v", write=written) as running:
        put(running.opened())
        export(running)
        running.clock.turn(limits.AGENT_LOG_AFTER)
        for _ in range(300):
            export(running)
        assert len(forks) <= 1
    assert len(written.rows()) == 301


def test_records_that_could_not_be_written_are_written_later(agent, written):
    """A full disk only delays them: when there is room again, all of them are written."""
    client = agent.opened()
    put(client)
    written.fails.touch()
    export(agent)
    client.ask("LOG")
    assert written.rows() == []
    written.fails.unlink()
    export(agent)
    client.ask("LOG")
    assert len(written.rows()) == 2


def test_pending_records_have_a_bound(agent, written, monkeypatch):
    """Answers go on, and the number of pending records is bounded."""
    monkeypatch.setattr(limits, "AGENT_LOG_PENDING", 5)
    client = agent.opened()
    put(client)
    written.fails.touch()
    for _ in range(10):
        assert export(agent) == session("dev")
    assert len(agent.pending._fresh) + len(agent.pending._ready) == 5
    for _ in range(limits.AGENT_LOG_TRIES + 1):
        client.ask("LOG")
    assert agent.pending.wait() is None


def test_no_client_waits_for_the_log(tmp_path):
    """While a fork that writes hangs, exports are answered; the fork's own alarm ends it."""

    def hang(_page, _notes):
        signal.pause()

    clock = Clock()
    with Running(tmp_path / "v", write=hang, clock=clock) as running:
        put(running.opened())
        export(running)
        clock.turn(limits.AGENT_LOG_AFTER)
        for _ in range(20):
            assert export(running) == session("dev")


def test_a_slow_machine_loses_no_record(agent, written, monkeypatch):
    """If no client waits, writing may take longer than a lock would wait for it."""
    monkeypatch.setattr(limits, "AGENT_LOG_WAIT", 0.1)
    written.takes = 2.5
    put(agent.opened())
    export(agent)
    agent.clock.turn(limits.AGENT_LOG_AFTER)
    until(lambda: written.rows() or agent.pending._failed)
    assert len(written.rows()) == 1


def test_a_lock_waits_for_the_log_only_up_to_a_limit(agent, written, monkeypatch):
    """One fork hangs and more records are pending: the lock is answered, no second fork starts, and the first has ended."""
    put(agent.opened())
    written.takes = 10 * PATIENCE
    export(agent)
    agent.clock.turn(limits.AGENT_LOG_AFTER)
    until(lambda: agent.pending._child)
    child = agent.pending._child
    export(agent)
    monkeypatch.setattr(limits, "AGENT_LOG_WAIT", 0.1)
    assert agent.client().ask("LOCK", hold=True)["ok"]
    gone(child)
    assert agent.pending._child == 0
    assert bytes(agent.page._view) == bytes(len(agent.page._view))


def test_records_that_a_lock_could_not_write_are_dropped(agent, written):
    """Without the keys nothing can be sealed, so the records are not kept for later keys."""
    client = agent.opened()
    put(client)
    written.fails.touch()
    export(agent)
    assert client.ask("LOCK", hold=False)["ok"]
    written.fails.unlink()
    agent.clock.turn(limits.AGENT_LOG_AFTER)
    assert client.ask("HELLO")["why"] == "locked"
    until(lambda: agent.pending.wait() is None)
    agent.opened().ask("LOG")
    assert written.rows() == []


def test_a_failed_fork_only_delays_the_log(agent, written, monkeypatch):
    """The system has no free process for a moment: the records are written with the next ones."""
    client = agent.opened()
    put(client)
    export(agent)

    def refuse():
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fork", refuse)
        assert client.ask("LOG")["ok"]
    assert written.rows() == []
    assert client.ask("LOG")["ok"]
    assert len(written.rows()) == 1


def test_records_are_written_once_without_exit_codes(agent, written):
    """If SIGCHLD is ignored, the system keeps no exit codes: what was written is not written again."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        client = agent.opened()
        put(client)
        export(agent)
        assert client.ask("LOG")["ok"]
        assert client.ask("LOG")["ok"]
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert len(written.rows()) == 1


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "s"}', "ASIAX"),
        (b'{"Version": 1}', ""),
        (b'{"AccessKeyId": "', ""),
        (bytearray(b'"AccessKeyId": "\xff"'), "\ufffd"),
    ],
)
def test_the_key_id_of_a_line(line, found):
    """It is found without json; a line without one gives nothing."""
    assert access_key_id(line) == found
