"""An upgrade while an agent runs: no fork mixes two versions, and no agent of another version gets keys or keeps the vault locked."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading

import pytest

from tests.fakes.example import SERIAL
from tests.home import Home, failed, uncounted
from tests.patience import PATIENCE
from tests.unit.agent.at_home import UNLOCK, pid_of, socket_of, stop, told, unlock, with_agent
from vault.agent import protocol

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def home(tmp_path_factory, aws):
    made = with_agent(Home(tmp_path_factory.mktemp("h"), url=aws.url))
    yield made
    stop(made)


def test_a_fork_loads_no_module_of_the_program(home):
    """Every module that a worker and the log need is loaded before the agent listens."""
    code = f"""
import json, os, sys, types
from vault.agent_process import main
from vault.agent.protocol import AgentRequest
from vault.system.paths import from_env
main._load_what_forks_need()
from vault.agent_process import vault_answers
before = set(sys.modules)
where = from_env(os.environ)
from tests.vaults import soon
from vault.secret import Secret
from vault.store import vault
key = vault.open_with_passphrase(where, Secret(os.environ["AWSVAULT_PASSPHRASE"]), deadline=soon()).k_main
before |= {{name for name in sys.modules if name.startswith(("tests", "vault.store.slots", "vault.store.kdf"))}}
held = {{"main": key.reveal()}}
page = types.SimpleNamespace(view=held.__getitem__, has=held.__contains__)
state = types.SimpleNamespace(seen=[], vault="")
for op, fields in [
    ("HAS_ENTRY", {{"name": "a"}}), ("LIST", {{"first": 0}}), ("GET_ENTRY", {{"name": "shared-services"}}), ("SSO_KEY", {{}}),
    ("TOTP", {{"serial": {SERIAL!r}, "most": 35000, "skew": 0, "after": 0}}),
    ("NOTE_CODE", {{"serial": {SERIAL!r}, "code": "123456", "within": 9000}}),
]:
    said = vault_answers.answerer(where, page, state)(AgentRequest(op, fields, 0), print)
    assert b'"ok":true' in said.replace(b" ", b""), said
print(json.dumps(sorted(name for name in set(sys.modules) - before if name.partition(".")[0] == "vault")))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=uncounted(home.env) | UNLOCK, cwd=os.getcwd(), capture_output=True,
        text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []


class Stranger:
    """An agent of another version in its place says so, and keeps everything that it is sent."""

    def __init__(self, path, *, v=protocol.VERSION + 1, version="9.9.9"):
        self.said, self.got = {"v": v, "version": version}, b""
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o600)
        self.listener.listen(20)
        self.over = False
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        while not self.over:
            peer, _ = self.listener.accept()
            with peer:
                peer.settimeout(PATIENCE)
                while piece := peer.recv(65536):
                    self.got += piece
                    if b'"SHUTDOWN"' in piece:
                        os.unlink(self.path)
                        self.over = True
                        peer.sendall(protocol.answer())
                        break
                    hello = dict(
                        why="", vault="", pin=None, main=True, strict=False, pid=os.getpid(), **self.said
                    )
                    peer.sendall(protocol.answer(**hello))

    def end(self):
        if not self.over:
            self.over = True
            with socket.socket(socket.AF_UNIX) as knock:
                knock.connect(self.path)
            os.unlink(self.path)
        self.thread.join(PATIENCE)
        self.listener.close()


def test_an_agent_of_another_version_is_ignored_and_named(home):
    """It gets no key, whatever it says about itself; the export opens the vault, and says why if it cannot."""
    foreign_host = Stranger(socket_of(home))
    try:
        failed(home.run("export", "dev"), 3, "agent (of another version)")
        assert home.export("dev", **UNLOCK)["AccountId"] == "222222222222"
        shown = json.loads(home.run("status", "--json").stdout)
        assert shown["state"] == "none"
        assert any("another version" in warning for warning in shown["warnings"])
        for words in (["list"], ["rekey", "--yes"], ["clear"], ["doctor"]):
            assert "unexpected" not in home.run(*words, **UNLOCK).stderr, words
        assert b"UNLOCK" not in foreign_host.got
        assert b"GET_ENTRY" not in foreign_host.got
    finally:
        foreign_host.end()


@pytest.mark.parametrize("older", [{}, {"v": protocol.VERSION}], ids=["protocol", "program"])
def test_unlock_ends_an_agent_of_another_version(home, older):
    """unlock then starts its own agent: nothing else is needed after an upgrade."""
    foreign_host = Stranger(socket_of(home), **older)
    try:
        unlock(home)
        assert foreign_host.over
        assert b"UNLOCK" not in foreign_host.got
    finally:
        foreign_host.end()
    assert pid_of(home) != os.getpid()
    assert told(home)["why"] == ""
    assert home.export("dev")["AccountId"] == "222222222222"
