"""One machine of two, by its commands."""

from __future__ import annotations

import json

from tests.fakes.example import KEY_ID, SECRET
from tests.fakes.s3 import URL
from tests.home import PASSPHRASE


class Machine:
    """``run`` is the home's, with the passphrase in the environment. It syncs when the test does, until ``syncs_by_itself``."""

    def __init__(self, home, s3):
        self.home, self.s3 = home, s3
        home.env["AWSVAULT_PASSPHRASE"] = PASSPHRASE
        self.at = ("--endpoint-url", s3.url, "--trust-endpoint")
        home.settings('sync = "manual"\n')

    def syncs_by_itself(self):
        """As is the default."""
        self.home.settings("")

    def run(self, *words, **more):
        return self.home.run(*words, **more)

    def ok(self, *words, code=0, **more):
        done = self.run(*words, **more)
        assert done.returncode == code, done.stderr
        return done

    def remote(self, *more):
        """remote add."""
        return self.ok("remote", "add", URL, *self.at, *more)

    def join(self, *more):
        """init --from."""
        return self.ok("init", "--from", URL, *self.at, *more)

    def sync(self, *more, code=0):
        """What a sync says as JSON."""
        return json.loads(self.ok("sync", "--json", *more, code=code).stdout)

    def add(self, name, number, *more):
        """Store a key; ``number`` tells it from others."""
        return self._store(name, f"AKIAI44QH8DHBEXAMP{number:02}", *more)

    def add_known(self, name, *more):
        """Store the key that AWS knows."""
        return self._store(name, KEY_ID, *more)

    def _store(self, name, key_id, *more):
        key = {"AccessKeyId": key_id, "SecretAccessKey": SECRET}
        return self.ok("add", name, "--stdin", "--no-verify", *more, stdin=json.dumps(key))

    def entries(self):
        """The key IDs by name."""
        listed = json.loads(self.ok("list", "--json").stdout)["entries"]
        return {each["name"]: each["access_key_id"] for each in listed}
