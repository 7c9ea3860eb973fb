"""vault/run/server_address.py: which addresses a server accepts, and which Host headers are meant for it."""

from __future__ import annotations

import pytest

from vault import errors
from vault.run.server_address import PortListener, ServerAddress, SocketListener


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:0", ServerAddress()),
        ("127.0.0.1:9911", ServerAddress(port=9911)),
        ("unix:/run/x/s", ServerAddress(path="/run/x/s")),
        ("unix:/run/x/../y:z", ServerAddress(path="/run/y:z")),
    ],
)
def test_an_address(text, address):
    """A colon may be part of a path."""
    assert ServerAddress.parse(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "unix:", "unix:a\0b", "127.0.0.1", "127.0.0.1:-1", "127.0.0.1:\u0663", "127.0.0.1:" + "9" * 5000],
)
def test_what_is_no_address(text):
    """Never a guess: the credentials would be served where nobody expects them."""
    with pytest.raises(errors.Usage, match="not an address"):
        ServerAddress.parse(text)


@pytest.mark.parametrize("text", ["localhost:8080", "192.168.0.1:80", "[::1]:80", "10.0.0.1:80", ":80"])
def test_another_host_is_told_the_only_one(text):
    """A name or an address with a port looks right, so the error says what is wrong with it."""
    with pytest.raises(errors.Usage, match=r"only 127\.0\.0\.1"):
        ServerAddress.parse(text)


def test_the_host_of_a_port_is_exact():
    """A web page can reach the port under a name of its own, and then sends that name."""
    listener = PortListener()
    try:
        exact = b"127.0.0.1:%d" % listener.port
        assert listener.allows_host([exact])
        for given in (
            [],
            [exact, exact],
            [b"localhost:%d" % listener.port],
            [b"127.0.0.1"],
            [b"evil.example"],
        ):
            assert not listener.allows_host(given)
    finally:
        listener.close()


def test_the_host_of_a_unix_socket_is_local_with_any_port(tmp_path):
    """The port is that of the container's relay."""
    tmp_path.chmod(0o700)
    listener = SocketListener(str(tmp_path / "s"))
    try:
        for given in (b"127.0.0.1", b"127.0.0.1:9911", b"LOCALHOST:80"):
            assert listener.allows_host([given])
        for given in ([], [b"127.0.0.1", b"127.0.0.1"], [b"evil.example:80"], [b"127.0.0.1.evil.example"]):
            assert not listener.allows_host(given)
    finally:
        listener.close()
