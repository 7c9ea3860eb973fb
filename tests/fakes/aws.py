"""A strict stand-in for STS, IAM and the small services around them, for tests and the quickstart.

It refuses what AWS refuses. Standard library only. In a process of its own:
`python -m tests.fakes.aws --ready FILE [--world FILE.json] [--parent-pid-exit] [--limit SECONDS]`.
In a test: `with StandIn() as aws: aws.url, aws.world, aws.calls, aws.faults`.
"""

from __future__ import annotations

import os
import sys

if __package__ in (
    None,
    "",
):  # run as a file: the folder of this file holds names like those of other libraries
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import argparse
import json
import secrets
import signal
import ssl
import threading
import time
from typing import Any, Self

from tests.fakes import control, portal
from tests.fakes.calls import Call, Calls
from tests.fakes.faults import Fault, Faults
from tests.fakes.refusal import Refusal
from tests.fakes.server import Server
from tests.fakes.service import Answer, Service
from tests.fakes.world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.fakes.sigv4 import Request

__all__ = ["Call", "Calls", "Fault", "Faults", "Refusal", "StandIn", "World", "main"]

LIMIT = 1800.0  # seconds that a process of its own may live


class StandIn:
    """The services over one world. A context manager; `url` answers STS and IAM alike at its root."""

    def __init__(
        self, world: World | None = None, *, certificate: tuple[str, str] | None = None, port: int = 0
    ) -> None:
        """`certificate`: paths of a PEM chain and its key, to serve https."""
        self.world = world if world is not None else World.example()
        self.calls, self.faults = Calls(), Faults()
        self.control_token = secrets.token_urlsafe(24)
        self._service = Service(self.world, self.calls, self.faults)
        self._portal = portal.Portal(self.world, self.calls, self.faults)
        self._control = control.Control(self)
        tls = None
        if certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
        self._server = Server(self._route, self.world.now, tls=tls, port=port)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def environment(self) -> dict[str, str]:
        """What a client's environment needs to talk to this stand-in and to nobody else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_STS": self.url,
            "AWS_ENDPOINT_URL_IAM": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
        }

    def code(self, serial: str | None = None, *, steps: int = 0) -> str:
        """The code that a device (default: the first) shows now, or `steps` steps later."""
        return self.world.code(serial, steps=steps)

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self.faults.clear()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _route(self, request: Request) -> Answer:
        if request.path.startswith("/control/"):
            return self._control.handle(request)
        if request.path in ("", "/"):
            return self._service.handle(request)
        return self._portal.handle(request)


def main(arguments: list[str] | None = None) -> int:
    """Runs a stand-in until SIGTERM, its parent's end or the time limit; writes where it is as one JSON line."""
    options = _options(arguments)
    world = World.example()
    if options.world:
        with open(options.world, encoding="utf-8") as file:
            world = World.from_json(json.load(file))
    parent, ends = os.getppid(), time.monotonic() + options.limit
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    with StandIn(world, port=options.port) as stand_in:
        _announce(options.ready, {"url": stand_in.url, "token": stand_in.control_token, "pid": os.getpid()})
        while not done.wait(0.2) and time.monotonic() < ends:
            if options.parent_pid_exit and os.getppid() != parent:
                break
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.fakes.aws", description=__doc__)
    parser.add_argument(
        "--ready", metavar="FILE", help="write the address here once it listens (default: stdout)"
    )
    parser.add_argument("--world", metavar="FILE.json", help="the accounts to play (default: the example)")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--parent-pid-exit", action="store_true", help="end when the process that started it ends"
    )
    parser.add_argument("--limit", type=float, default=LIMIT, metavar="SECONDS")
    return parser.parse_args(arguments)


def _announce(path: str | None, where: dict[str, Any]) -> None:
    line = json.dumps(where) + "\n"
    if path is None:
        sys.stdout.write(line)
        sys.stdout.flush()
        return
    with open(path + ".new", "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(line)
    os.replace(path + ".new", path)  # whole or not there, for those who poll


if __name__ == "__main__":
    sys.exit(main())
