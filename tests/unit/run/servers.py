"""Running servers of exec --server, and the programs under them."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import urllib.parse
from contextlib import contextmanager

from tests.patience import PATIENCE

# Of both makings of the page that keeps the main key, the one that can be looked into from outside.
PLAIN = (
    "import sys\nfrom vault.agent import key_page\nkey_page._MEMFD_SECRET = {}\n"
    "from vault.__main__ import main\nmain()\n"
)

TELL = (
    "import json, os\n"
    "print(json.dumps([os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'],"
    " os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN'], os.getpid()]), flush=True)\n"
    "input()\n"
)


class Served:
    """A running exec --server, and the program under it."""

    def __init__(self, process, url, token, child):
        self.process, self.token, self.child = process, token, child
        self.url = urllib.parse.urlsplit(url)

    def ask(self):
        """Status and body of a request as an SDK makes it."""
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=PATIENCE)
        connection.request("GET", self.url.path, headers={"Authorization": self.token})
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    def processes(self):
        """The processes that last: the server and its keeper; a refresh's own fork has secrets for a moment."""
        return [self.process.pid, *(p for p in children(self.process.pid) if p != self.child)]

    def forks(self):
        """The refreshes under way."""
        return [fork for pid in self.processes()[1:] for fork in children(pid)]


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []


@contextmanager
def served(home, *, way=(sys.executable, "-c", PLAIN), fds=(), **env):
    process = subprocess.Popen(
        [*way, "exec", "--server", "dev", "--", sys.executable, "-c", TELL],
        env=home.with_env(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=fds,
    )  # fmt: skip
    try:
        yield Served(process, *json.loads(process.stdout.readline()))
    finally:
        process.communicate(b"end\n", timeout=PATIENCE)
