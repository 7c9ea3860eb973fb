"""One exchange with AWS that fails: the error, and whether AWS may have seen the request."""

from __future__ import annotations

import pytest

from tests.unit.aws.exchange import answering, send
from tests.unit.aws.recorder import Recorder
from vault import errors, limits
from vault.system.clock import Deadline


def test_without_time_left_nothing_is_sent():
    """A call that could not wait for its answer is not sent."""
    with Recorder() as server:
        with pytest.raises(errors.Unreachable, match="no time left") as raised:
            send(server.url, deadline=Deadline.after(0))
        assert (server.asked, raised.value.sent) == ([], False)


def test_answer_over_the_limit():
    """The limit itself is accepted, one byte more is an error."""
    for size, fits in ((limits.MAX_AWS_ANSWER, True), (limits.MAX_AWS_ANSWER + 1, False)):
        with Recorder(bodies=[b"x" * size]) as server:
            if fits:
                assert len(send(server.url).body) == size
                continue
            with pytest.raises(
                errors.Unreachable, match=f"larger than {limits.MAX_AWS_ANSWER} bytes"
            ) as raised:
                send(server.url)
            assert raised.value.sent


def test_answer_that_is_not_http():
    """The server has seen the request."""
    with answering(lambda peer: (peer.recv(65536), peer.sendall(b"\x00\x01 hello\r\n\r\n"))) as port:
        with pytest.raises(errors.Unreachable, match="broke after the request") as raised:
            send(f"http://127.0.0.1:{port}")
        assert raised.value.sent
