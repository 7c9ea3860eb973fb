"""The prompt beside an agent."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress

import pytest

from tests.patience import PATIENCE
from vault import limits
from vault.shell import prompt_data

# ── the agent at a shell prompt ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "answer", [None, b"", b"\x00\x00\x00\x05x", b"\xff\xff\xff\xff{}", b"\x00\x00\x00\x02{}"]
)
def test_a_prompt_waits_for_no_agent(desk, monkeypatch, answer):
    """One that is silent, hangs up, or says something else: the profile stands there, without a time."""
    monkeypatch.setattr(limits, "PROMPT_ANSWER", 0.2)
    path = desk.context().paths.socket
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        os.chmod(path, 0o600)
        assert told(desk, path) == ("dev", None)  # nobody listens yet
        listener.listen()
        over = threading.Event()

        def serve():
            peer, _ = listener.accept()
            with peer, suppress(OSError):
                if answer is None:
                    over.wait(PATIENCE)
                else:
                    peer.recv(4096)
                    peer.sendall(answer)

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        assert told(desk, path) == ("dev", None)
        over.set()
        server.join(PATIENCE)


def told(desk, path):
    now = prompt_data.shell_state({"AWS_PROFILE": "dev"}, home=desk.home.root, socket=path, time=0.0)
    return now.profile, now.left
