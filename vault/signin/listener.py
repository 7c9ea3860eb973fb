"""The page on loopback to which the browser returns with the authorization code. Takes one answer, from this user's browser.

It listens on 127.0.0.1 only. Anything but GET of the exact path, with the exact Host and the state of this sign-in, from a
process of the same user, gets 400, and the wait goes on. A page of any website can make the browser send requests here.
"""

from __future__ import annotations

import secrets
import socket
import time
from hmac import compare_digest
from urllib.parse import parse_qsl

from vault import limits
from vault.aws.sso_oidc import REDIRECT_PATH
from vault.records import NamedTuple
from vault.secret import Secret
from vault.system.loopback import same_user
from vault.system.poll import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from vault.system.clock import Deadline

_DONE = "awsvault-py has received the sign-in. Close this window and return to the terminal."
_DENIED = "The sign-in was refused. Close this window and return to the terminal."


class BrowserAnswer(NamedTuple):
    """What the browser brought: a code, or the error of the sign-in's page."""

    code: Secret | None
    error: str = ""


class _Connection:
    """A connection: what came of its request, and, once it is answered, the end of its client's wait for the answer."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.received = b""
        self.answered = False
        self.ends = time.monotonic() + limits.HANDOFF_READ

    def read(self) -> bytes | None:
        """What came; None if nothing did yet, empty at its end."""
        try:
            return self.socket.recv(limits.HANDOFF_HEAD)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def answer(self, response: bytes) -> None:
        """Send the answer, which fits into the system's buffer. The client closes the connection once it has read it:
        with unread bytes, closing it here would reset the connection, and the client would not see the answer.
        """
        self.answered = True
        self.ends = time.monotonic() + limits.HANDOFF_READ
        try:
            self.socket.sendall(response)
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.ends = 0.0


class CallbackListener:
    """A listening socket, as a context manager. The browser opens ``start_url``, which leads to the page that ``opens`` names.

    So the address of that page, which has the state, is on no command line.
    """

    def __init__(self) -> None:
        self.state = Secret(secrets.token_urlsafe(32))
        self._start = "/" + secrets.token_urlsafe(24)
        self._target = ""
        self._open: list[_Connection] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=32)
        self._socket.setblocking(False)  # a connection may be gone again before it is accepted
        self._host = f"127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def redirect_uri(self) -> str:
        """Where the sign-in's page sends the browser."""
        return f"http://{self._host}{REDIRECT_PATH}"

    @property
    def start_url(self) -> str:
        """The address for the browser's command line."""
        return f"http://{self._host}{self._start}"

    def opens(self, target: str) -> None:
        """From now on ``start_url`` redirects to ``target``, once: others can see the browser's command line."""
        self._target = target

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        for one in self._open:
            one.socket.close()

    def wait(self, *, deadline: Deadline, look: float = limits.HANDOFF_LOOK) -> BrowserAnswer | None:
        """What the browser brings; None if it brings nothing within ``look`` seconds or until the deadline."""
        ends = time.monotonic() + min(look, deadline.remaining())
        while (left := ends - time.monotonic()) > 0:
            fds = [self._socket.fileno(), *(one.socket.fileno() for one in self._open)]
            ready = readable(fds, left)
            if fds[0] in ready:
                self._accept()
            for one in list(self._open):
                found = self._progress(one) if one.socket.fileno() in ready else None
                if found is not None:
                    return found
                if one in self._open and time.monotonic() > one.ends:
                    self._end(one)
        return None

    def _accept(self) -> None:
        try:
            connection, peer = self._socket.accept()
        except OSError:
            return
        one = _Connection(connection)
        if not same_user(peer_port=peer[1], server_port=self._socket.getsockname()[1]):
            one.answer(_response("400 Bad Request"))  # whatever its request is
        self._open.append(one)
        if len(self._open) > limits.SIGN_IN_CONNECTIONS:
            self._end(next((other for other in self._open if other.answered), self._open[0]))

    def _progress(self, one: _Connection) -> BrowserAnswer | None:
        """Read what came. The answer if this is the browser's request; any other request is answered here."""
        piece = one.read()
        if one.answered:
            if piece == b"":
                self._close(one)
            return None
        one.received += piece or b""
        if piece != b"" and b"\r\n\r\n" not in one.received and len(one.received) <= limits.HANDOFF_HEAD:
            return None
        found, response = self._judged(one.received)
        one.answer(response)
        return found

    def _end(self, one: _Connection) -> None:
        if not one.answered:
            one.answer(_response("400 Bad Request"))
        self._close(one)

    def _close(self, one: _Connection) -> None:
        self._open.remove(one)
        one.socket.close()

    def _judged(self, received: bytes) -> tuple[BrowserAnswer | None, bytes]:
        head, end, _ = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        hosts = [line.partition(":")[2].strip() for line in lines[1:] if line.lower().startswith("host:")]
        bad = _response("400 Bad Request")
        if not end or len(words) != 3 or words[0] != "GET" or hosts != [self._host]:
            return None, bad
        path, _, query = words[1].partition("?")
        if self._target and not query and compare_digest(path.encode(), self._start.encode()):
            target, self._target = self._target, ""
            return None, _response("303 See Other", location=target)
        found = self._brought(query) if path == REDIRECT_PATH else None
        if found is None:
            return None, bad
        return found, _response("200 OK", _DONE if found.code is not None else _DENIED)

    def _brought(self, query: str) -> BrowserAnswer | None:
        """The code or the error in a query with the right state; None for every other query."""
        try:
            pairs = parse_qsl(query, strict_parsing=True, keep_blank_values=True, max_num_fields=8)
        except ValueError:
            return None
        given = dict(pairs)
        state, code, error = given.get("state", ""), given.get("code", ""), given.get("error", "")
        if len(given) != len(pairs) or not compare_digest(state.encode(), self.state.reveal()):
            return None
        if error:
            return BrowserAnswer(None, error)
        if not 0 < len(code) <= limits.MAX_SIGN_IN_CODE or not (code.isascii() and code.isprintable()):
            return None
        return BrowserAnswer(Secret(code))


def _response(status: str, text: str = "", *, location: str | None = None) -> bytes:
    body = f"<!DOCTYPE html><html lang=en><title>awsvault-py</title><p>{text}</html>\n" if text else ""
    lines = [
        f"HTTP/1.1 {status}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options: nosniff",
        *([f"Location: {location}"] if location is not None else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("ascii")
