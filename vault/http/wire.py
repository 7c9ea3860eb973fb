"""HTTP/1.1 over an open socket: one request, and one answer that is bounded in time and size. Knows no host and no TLS.

http.client imports the modules for mail, which take twice as long as the start of Python, and waits again after each byte.
"""

from __future__ import annotations

from vault import limits
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from vault.system.clock import Deadline

_PIECE = 16_384  # a TLS record; each line and chunk copies what is ahead of it
_DIGITS = frozenset("0123456789")
_BODILESS = (204, 304)
_JOINED = ("connection", "content-length", "transfer-encoding")  # several lines are one list


class NotHttp(ValueError):
    """The answer is not HTTP, is cut short, or has more or longer lines than allowed."""


class NoHttpAnswer(Exception):
    """The server closed the connection before the first byte of an answer."""


class TooLarge(Exception):
    """The body is larger than allowed."""


class HttpAnswer(NamedTuple):
    """An answer. Header names are in lower case. ``reusable``: whether the connection may carry another request."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes
    reusable: bool


def request_head(
    method: str, path: str, *, host: str, headers: Mapping[str, str], body: bytes | None
) -> bytes:
    """The request up to its body. ValueError if a part of it would start another line."""
    named = {name.lower() for name in headers}
    lines = [f"{method} {path} HTTP/1.1"]
    if "host" not in named:
        lines.append(f"Host: {host}")
    lines.append("Accept-Encoding: identity")
    if "content-length" not in named and (body is not None or method in ("POST", "PUT")):
        lines.append(f"Content-Length: {len(body or b'')}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if (
        any("\r" in line or "\n" in line or "\0" in line for line in lines)
        or not path.isascii()
        or not path.isprintable()
        or " " in path
    ):
        raise ValueError("a line break in a request")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def ask(
    sock: Any,
    request: bytes,
    *,
    deadline: Deadline,
    most: int,
    bodiless: bool = False,
    meanwhile: Callable[[], None] | None = None,
) -> HttpAnswer:
    """Send ``request``, and read the answer with at most ``most`` bytes of body. ``bodiless``: it answers HEAD.

    ``meanwhile`` is called after the request is sent. Errors: TimeoutError at the deadline, NoHttpAnswer, NotHttp, TooLarge, OSError.
    """
    sock.settimeout(max(0.001, deadline.remaining()))
    sock.sendall(request)
    if meanwhile is not None:
        meanwhile()
    reader = _AnswerReader(sock, deadline)
    while (found := _head(reader)).status < 200:  # 100 Continue
        if found.status == 101:
            raise NotHttp("another protocol")
    if bodiless or found.status in _BODILESS:
        return found._replace(reusable=found.reusable and not reader.ahead)
    return _with_body(reader, found, most)


def open_tunnel(sock: Any, request: bytes, *, deadline: Deadline) -> HttpAnswer:
    """Ask a proxy with CONNECT. The answer's body, which only a refusal has, is not read. Errors as for ``ask``."""
    sock.sendall(request)
    reader = _AnswerReader(sock, deadline)
    found = _head(reader)
    if found.status == 200 and reader.ahead:
        raise NotHttp("bytes after a proxy's answer")
    return found


class _AnswerReader:
    """Reads from a socket. Every read ends at the deadline."""

    def __init__(self, sock: Any, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline
        self.ahead = b""
        self._begun = False

    def _read(self) -> bytes:
        left = self._deadline.remaining()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        try:
            piece: bytes = self._sock.recv(_PIECE)
        except ConnectionResetError:
            if self._begun:
                raise NotHttp("cut short") from None
            raise
        self._begun = self._begun or piece != b""
        return piece

    def line(self) -> str:
        """The next line without its end. NoHttpAnswer if nothing of the answer has come, nor comes."""
        while (end := self.ahead.find(b"\n")) < 0:
            if len(self.ahead) > limits.MAX_HTTP_LINE:
                raise NotHttp("a line is too long")
            piece = self._read()
            if not piece:
                raise NotHttp("cut short") if self._begun else NoHttpAnswer
            self.ahead += piece
        found, self.ahead = self.ahead[:end], self.ahead[end + 1 :]
        if len(found) > limits.MAX_HTTP_LINE:
            raise NotHttp("a line is too long")
        return found.removesuffix(b"\r").decode("latin-1")

    def exactly(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        pieces, have = [self.ahead], len(self.ahead)
        while have < size:
            piece = self._read()
            if not piece:
                raise NotHttp("cut short")
            pieces.append(piece)
            have += len(piece)
        whole = b"".join(pieces)
        self.ahead = whole[size:]
        return whole[:size]

    def to_end(self, most: int) -> bytes:
        """Everything until the other end closes the connection."""
        pieces, have = [self.ahead], len(self.ahead)
        while have <= most and (piece := self._read()):
            pieces.append(piece)
            have += len(piece)
        if have > most:
            raise TooLarge
        return b"".join(pieces)


def _head(reader: _AnswerReader) -> HttpAnswer:
    """The status line and the headers of an answer, without a body."""
    version, _, rest = reader.line().partition(" ")
    code, _, reason = rest.strip().partition(" ")
    if not version.startswith("HTTP/1.") or len(code) != 3 or not _DIGITS.issuperset(code) or code < "100":
        raise NotHttp("no status line")
    headers: dict[str, str] = {}
    name = ""
    for _ in range(limits.MAX_HTTP_HEADERS + 1):
        line = reader.line()
        if not line:
            words = headers.get("connection", "").lower()
            keeps = "close" not in words if version != "HTTP/1.0" else "keep-alive" in words
            return HttpAnswer(int(code), reason.strip(), headers, b"", keeps)
        if line[0] in " \t" and name:  # an obsolete form: continues the line before
            headers[name] = f"{headers[name]} {line.strip()}".strip()
            continue
        name, colon, value = line.partition(":")
        name, value = name.lower(), value.strip()
        if not colon or not name or name.split() != [name] or "\r" in line or "\0" in line:
            raise NotHttp("not a header")
        headers[name] = f"{headers[name]}, {value}" if name in _JOINED and name in headers else value
    raise NotHttp("too many headers")


def _with_body(reader: _AnswerReader, head: HttpAnswer, most: int) -> HttpAnswer:
    coding, length = head.headers.get("transfer-encoding"), head.headers.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked":
            raise NotHttp("no length")
        body = _chunks(reader, most)
        if length is not None:  # a proxy on the way may have read this one
            head = head._replace(reusable=False)
    elif length is not None:
        if not length or not _DIGITS.issuperset(length) or len(length) > limits.UNIX_DIGITS:
            raise NotHttp("no length")
        body = reader.exactly(min(int(length), most + 1))
        if len(body) > most:
            raise TooLarge
    else:
        return head._replace(body=reader.to_end(most), reusable=False)
    return head._replace(body=body, reusable=head.reusable and not reader.ahead)


def _chunks(reader: _AnswerReader, most: int) -> bytes:
    """A body in chunks (RFC 9112 7.1). Their extensions and the trailer are dropped."""
    body = bytearray()
    while True:
        size = reader.line().partition(";")[0].strip()
        if not size or len(size) > 8 or size.strip("0123456789abcdefABCDEF"):
            raise NotHttp("no chunk")
        if not int(size, 16):
            break
        if len(body) + int(size, 16) > most:
            raise TooLarge
        body += reader.exactly(int(size, 16))
        if reader.line():
            raise NotHttp("a chunk without an end")
    for _ in range(limits.MAX_HTTP_HEADERS + 1):
        if not reader.line():
            return bytes(body)
    raise NotHttp("too many headers")
