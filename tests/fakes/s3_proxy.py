"""A proxy on this machine before an S3 server: it counts requests, and delays, refuses, cuts or loses some of them."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

from tests.fakes.s3 import refusal
from tests.fakes.server import Server
from tests.fakes.service import Answer
from tests.patience import PATIENCE
from vault import limits

NOTHING = Answer(0, b"", cut="before")  # the connection ends without an answer
SLOW = 0.1  # seconds before a slow request is passed on, and until a late one arrives
# What may happen to a request: it is slow, answered by 503, cut before it arrives, or cut and arrives later all the same; or its
# answer is cut in the middle, or lost.
FAULTS = ("slow", "refused", "cut", "late", "midway", "lost")
_NOT_PASSED_ON = {"connection", "content-length", "date", "server", "transfer-encoding"}


class S3Proxy:
    """A context manager. ``pick()`` gives one of FAULTS or None for each request; ``happened`` counts them."""

    def __init__(self, target, *, pick=lambda: None):
        self._target, self.pick = urlsplit(target), pick
        self._lock, self._asked, self._late = threading.Lock(), [], []
        self.happened = Counter()
        self._server = Server(self._route, time.time, largest=limits.MAX_VAULT_FILE)

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_):
        self.rest()
        self._server.stop()

    @property
    def url(self):
        return self._server.url

    def asked(self):
        """The methods of the requests since the last call."""
        with self._lock:
            asked, self._asked = self._asked, []
        return asked

    def rest(self):
        """Wait until nothing is on its way that was cut off."""
        with self._lock:
            late, self._late = self._late, []
        for each in late:
            each.join(PATIENCE)

    def _route(self, request):
        with self._lock:
            self._asked.append(request.method)
            fault = self.pick()
            if fault is not None:
                self.happened[fault] += 1
        if fault == "refused":
            return refusal(503, "SlowDown")
        if fault == "late":
            self._pass_on_later(request)
        if fault in ("cut", "late"):
            return NOTHING
        if fault == "slow":
            time.sleep(SLOW)
        answer = self._pass_on(request)
        return answer._replace(cut={"lost": "after", "midway": "midway"}.get(fault, ""))

    def _pass_on_later(self, request):
        def later():
            time.sleep(SLOW)
            self._pass_on(request)

        thread = threading.Thread(target=later, daemon=True)
        with self._lock:
            self._late.append(thread)
        thread.start()

    def _pass_on(self, request):
        """The server's answer; the signed headers go there as they came."""
        server = http.client.HTTPConnection(self._target.hostname, self._target.port, timeout=PATIENCE)
        try:
            path = f"{request.path}?{request.query}" if request.query else request.path
            headers = {**request.headers, "connection": "close"}
            server.request(request.method, path, body=request.body or None, headers=headers)
            answer = server.getresponse()
            body = answer.read()
        except OSError:
            return NOTHING  # the server has ended
        finally:
            server.close()
        kept = {name.lower(): value for name, value in answer.getheaders()}
        kind = kept.pop("content-type", "application/octet-stream")
        return Answer(
            answer.status,
            body,
            {name: value for name, value in kept.items() if name not in _NOT_PASSED_ON},
            content_type=kind,
        )
