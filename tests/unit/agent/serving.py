"""An agent's server in a thread of the test, with a clock that the test turns, and the bare socket of a client."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time

from tests.patience import PATIENCE
from vault.agent import protocol
from vault.agent.agent_socket import take
from vault.agent.answers import Answers
from vault.agent.client import Agent, Limits
from vault.agent.key_page import KeyPage
from vault.agent.link import name_of
from vault.agent.pending_log import PendingLog
from vault.agent.server import Server
from vault.agent.session_cache import SessionCache
from vault.agent.state import AgentState
from vault.cache import freshness
from vault.secret import Secret
from vault.system.paths import from_env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

MAIN, CACHE = Secret(b"M" * 32), Secret(b"C" * 32)
VAULT = bytes(range(16))
TIMES = Limits(idle=4 * 3600, hard=12 * 3600, strict=300, sleep=True)
NOW = 1_700_000_000
TICK = 0.01  # how long the server of a test waits at most before it looks at the clock
SEEN = (
    5 * TICK
)  # so it has looked, and closed what is over, before the test goes on: each time, not once in a thousand


class Clock:
    """Three clocks that stand still until they are turned."""

    def __init__(self):
        self.unix, self.up, self.slept = float(NOW), 1000.0, 0.0

    def time(self):
        return self.unix

    def boot(self):
        return self.up + self.slept

    def running(self):
        return self.up

    def turn(self, seconds):
        self.unix += seconds
        self.up += seconds
        time.sleep(SEEN)

    def sleep_machine(self, seconds):
        self.unix += seconds
        self.slept += seconds
        time.sleep(SEEN)


def freshness_of(issued, expires, now):
    return freshness.classify(issued=issued, expires=expires, now=now).value


class Running:
    """A server behind ``paths.socket``. ``answerer`` and ``write`` are what forks do."""

    def __init__(
        self, folder: Path, *, answerer=None, clock=None, most=100, write=lambda *_: None, paths=None
    ):
        self.paths = paths or from_env({"HOME": str(folder), "AWSVAULT_HOME": str(folder)})
        self.clock = clock or Clock()
        self.page = KeyPage()
        self.sessions = SessionCache(freshness=freshness_of, margin=freshness.margin, most=most)
        self.state = AgentState(page=self.page, sessions=self.sessions, clock=self.clock)
        self.answers = Answers(
            state=self.state,
            page=self.page,
            sessions=self.sessions,
            clock=self.clock,
            about={"pid": 1, "version": "t", "file": name_of(self.paths)},
            barred=lambda: False,
        )
        self.pending = PendingLog(write, page=self.page, clock=self.clock)
        self.place = take(self.paths)
        assert self.place is not None
        self.server = Server(
            self.place.listener,
            state=self.state,
            page=self.page,
            clock=self.clock,
            answerer=answerer,
            answers=self.answers,
            pending=self.pending,
        )
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.mine = []

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        for one in self.mine:
            one.close()
        # What SHUTDOWN does, but not through a client: on a busy machine one gives up sooner than the server answers.
        self.answers.stop = True
        end = time.monotonic() + PATIENCE
        while self.thread.is_alive() and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as knock:
                knock.settimeout(1)
                knock.connect(self.paths.socket)
            self.thread.join(0.1)
        for child in self.server._workers.values():
            os.waitpid(child, 0)  # what the agent's own end does for a process
        self.place.leave()
        assert not self.thread.is_alive()

    def client(self) -> Agent:
        end = time.monotonic() + PATIENCE
        client = Agent.reach(self.paths.socket, answer=PATIENCE)
        while client is None and self.thread.is_alive() and time.monotonic() < end:
            client = Agent.reach(self.paths.socket, answer=PATIENCE)  # a client waits a tenth of a second
        if client is not None:
            self.mine.append(client)
        return client

    def opened(self) -> Agent:
        client = self.client()
        assert client.unlock(vault_id=VAULT, main=MAIN, cache=CACHE, times=TIMES, person=True)["ok"]
        return client

    def bare(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(PATIENCE)
        sock.connect(self.paths.socket)
        self.mine.append(sock)
        return sock


def session(tag="x", *, size=None):
    body = b'{"Version": 1, "AccessKeyId": "ASIA%s"}\n' % tag.encode()
    return body if size is None else body[:-2] + b"," + b" " * (size - len(body) - 1) + b"}\n"


def export_request(profile, fingerprint):
    """The frame of a warm export."""
    return protocol.frame(protocol.EXPORT + protocol.session_key(profile, fingerprint))


def put(client, profile="dev", fingerprint=b"f", *, issued=NOW, life=3600, body=None):
    return client.put_session(
        profile, fingerprint, body or session(profile), issued=issued, expires=issued + life
    )


def export(agent, profile="dev", fingerprint=b"f"):
    with agent.bare() as sock:
        sock.sendall(export_request(profile, fingerprint))
        head = sock.recv(4, socket.MSG_WAITALL)
        return sock.recv(protocol.length(head), socket.MSG_WAITALL)
