"""Reads end at the deadline, however slowly the other end sends."""

from __future__ import annotations

import time

import pytest

from tests.unit.aws.exchange import answering, send
from tests.unit.aws.provider_context import Jumping
from vault import errors
from vault.system.clock import Deadline


def test_trickling_answer_ends_at_the_deadline():
    """Each byte is in time but the whole answer is not."""
    clock = Jumping()

    def trickle(peer):
        peer.recv(65536)
        clock.ahead += 100
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        peer.recv(1)  # until the other end gives up

    with answering(trickle) as port:
        with pytest.raises(errors.Unreachable, match="did not answer in time") as raised:
            send(f"http://127.0.0.1:{port}", deadline=Deadline.after(50, clock=clock))
        assert raised.value.sent


def test_trickling_proxy_ends_at_the_deadline():
    """A proxy's answer to CONNECT may have any number of lines, each of them in time."""
    clock = Jumping()

    def trickle(peer):
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        clock.ahead += 100
        for _ in range(20):
            time.sleep(0.02)
            peer.sendall(b"X-More: to come\r\n")
        peer.sendall(b"\r\nand this is no TLS\r\n")

    with answering(trickle) as port:
        with pytest.raises(errors.Unreachable, match="through the proxy") as raised:
            send(
                "https://sts.amazonaws.com",
                env={"HTTPS_PROXY": f"http://127.0.0.1:{port}"},
                deadline=Deadline.after(50, clock=clock),
            )
        assert not raised.value.sent
