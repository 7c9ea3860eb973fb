"""Both fronts ask, print and run exactly what the table of vectors says (front_table.py)."""

from __future__ import annotations

import json
import os
import re
import time
from binascii import crc32

import pytest

from tests.fronts import FRONTS, FULL, PlayedAgent
from tests.unit.agent.at_home import until

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "front.json"), encoding="utf-8") as _file:
    VECTORS = json.load(_file)["vectors"]


class Vector:
    """A vector in a home of its own."""

    def __init__(self, given, home):
        self.given, self.home = given, str(home)
        for name, file in given["files"].items():
            path = os.path.join(self.home, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as made:
                made.write(file["text"].encode("latin-1"))
            os.chmod(path, given.get("mode", 0o600))
            os.utime(path, ns=(file["mtime_ns"], file["mtime_ns"]))
        self.env = {name: os.fsdecode(self.bytes(value)) for name, value in given["env"].items()}
        self.argv = [os.fsdecode(self.bytes(word)) for word in given["argv"]]
        socket = self.bytes(given.get("socket", "v/run/agent.sock")).decode()
        self.socket = os.path.join(self.home, socket)

    def bytes(self, text):
        """A text of the table as bytes, with its marks replaced."""
        return re.sub(rb"\{(\w+)(?::([^}]*))?\}", self._mark, text.encode("latin-1"))

    def _mark(self, found):
        kind, rest = found[1], (found[2] or b"").decode()
        if kind == b"x":
            return b"x" * int(rest)
        if kind == b"home":
            return self.home.encode()
        if kind == b"host":
            return b"%08x" % crc32(os.uname().nodename.encode())
        if kind == b"in":
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + int(rest))).encode()
        if kind not in (b"id", b"ctime"):
            return found[0]
        status = os.stat(os.path.join(self.home, rest))
        return b"%d.%d" % (status.st_dev, status.st_ino) if kind == b"id" else b"%d" % status.st_ctime_ns

    def request(self):
        if self.given["asks"] is None:
            return None
        payload = self.bytes(self.given["asks"])
        return len(payload).to_bytes(4, "big") + payload

    def pieces(self):
        return [self._piece(piece) for piece in self.given["answer"]]

    def _piece(self, piece):
        if isinstance(piece, str):
            return self.bytes(piece)
        ends = int(time.time()) + piece["ends"] if piece["ends"] else 0
        payload = b'{"ok":true,"ends":%d}' % ends
        return len(payload).to_bytes(4, "big") + payload


@pytest.fixture(params=FRONTS)
def front(request):
    return request.param


@pytest.mark.parametrize("given", VECTORS, ids=[v["name"] for v in VECTORS])
def test_each_vector(given, front, tmp_path_factory):
    """The request byte for byte, the output, the exit, and whether the full program has to answer."""
    vector = Vector(given, tmp_path_factory.mktemp("f"))
    with PlayedAgent(vector.socket, vector.pieces(), mode=given.get("socket_mode", "0600")) as agent:
        ended = FRONTS[front](vector.argv, vector.env, vector.home)
        if "refreshed" in given:
            note = os.path.join(vector.home, "refreshed")
            until(lambda: os.path.exists(note) and os.path.getsize(note))
            with open(note, encoding="utf-8") as file:
                ended = ended._replace(refreshed=file.read())
    if front == "native" and given.get("native") == "full" and ended.code == FULL:
        assert agent.request in (None, vector.request())
        return
    assert agent.request == vector.request()
    assert agent.connections == (given["asks"] is not None)
    assert ended.refreshed == given.get("refreshed", "")
    if given.get("full"):
        assert (ended.code, ended.stdout) == (FULL, b"")
        return
    assert ended.code == given["exit"]
    if given.get("runs"):
        shown = dict(line.split(b"=", 1) for line in ended.stdout.split(b"\0") if line)
        expected = {name.encode(): vector.bytes(value) for name, value in given["runs"].items()}
        shown.pop(b"COVERAGE_PROCESS_CONFIG", None)  # added by coverage, where commands are counted
        assert shown == expected
    else:
        assert ended.stdout == vector.bytes(given["stdout"])
