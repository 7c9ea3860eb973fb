"""One object of a bucket, in this process: it refuses what S3 refuses, counts requests, and fails when told to."""

from __future__ import annotations

import hashlib
import os

from vault import errors
from vault.sync.bucket import Absent, ConditionFailed, Fetched, NotChanged


class Died(BaseException):
    """The process was killed here. Not an Exception, so that no cleanup swallows it."""


class InProcessBucket:
    """``requests``: one word each. ``history``: every content that was written.

    ``before`` is called with the name of each request before it is answered: it may raise, or write itself. ``after`` is
    called when the object was read or replaced and the answer is on its way.
    """

    def __init__(self):
        self.data, self.etag, self.count = None, None, 0
        self.requests, self.history = [], []
        self.before = self.after = lambda request: None

    def get(self, unless):
        """The object, if it is another than ``unless``."""
        self.requests.append("GET")
        self.before("GET")
        data, etag = self.data, self.etag
        self.after("GET")
        if data is None:
            return Absent()
        return NotChanged() if unless is not None and unless == etag else Fetched(data, etag)

    def put(self, data, match):
        """Replace it under a condition."""
        self.requests.append("PUT")
        if not isinstance(data, bytes) or match == "":
            raise AssertionError("a PUT needs bytes and a condition")
        self.before("PUT")
        if match != self.etag:
            raise ConditionFailed
        etag = self.write(data)
        self.after("PUT")
        return etag

    def write(self, data):
        """What the owner of the bucket may do: no condition, no request."""
        self.count += 1
        self.data = data
        self.etag = f'"{hashlib.sha256(data).hexdigest()[:24]}-{self.count}"'
        self.history.append(data)
        return self.etag

    def serve(self, data):
        """Show ``data`` under an entity tag of its own, as a hostile bucket does."""
        self.data, self.etag = data, f'"served-{self.count}-{len(data)}"'
        self.count += 1


def unreachable(_request=""):
    """No answer came."""
    raise errors.Unreachable("the bucket cannot be reached")


def lost(request):
    """A PUT arrived, and its answer did not."""
    if request == "PUT":
        raise errors.Unreachable("the connection was closed", sent=True)


class FolderBucket:
    """The object as a file of a folder, for processes that are killed. One process at a time."""

    def __init__(self, folder):
        self.path = os.path.join(str(folder), "object")

    def get(self, unless):
        """The object, if it is another than ``unless``."""
        found = self._now()
        if found is None:
            return Absent()
        return NotChanged() if unless == found.etag else found

    def put(self, data, match):
        """Replace it under a condition."""
        found = self._now()
        if match != (found.etag if found is not None else None):
            raise ConditionFailed
        fd = os.open(f"{self.path}.new", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)
        os.rename(f"{self.path}.new", self.path)
        return self._now().etag

    def _now(self):
        try:
            with open(self.path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return None
        return Fetched(data, f'"{hashlib.sha256(data).hexdigest()}"')
