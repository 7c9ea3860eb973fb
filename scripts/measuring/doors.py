"""The two ways to the stand-in for AWS: its address in AWS_ENDPOINT_URL, and a proxy for tools that do not know that variable."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.certificates import self_signed
from tests.clients.tunnel import HOSTS, Tunnel
from tests.fakes.aws import StandIn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Doors(NamedTuple):
    """One world behind a plain door and one with TLS and AWS's names, to which the proxy leads."""

    plain: StandIn
    tls: StandIn
    proxy: str
    bundle: str

    @property
    def by_proxy(self) -> dict[str, str]:
        """Variables that lead by the proxy alone."""
        return {"HTTPS_PROXY": self.proxy, "AWS_CA_BUNDLE": self.bundle, "SSL_CERT_FILE": self.bundle}

    @property
    def any_way(self) -> dict[str, str]:
        """Variables that lead a tool by AWS_ENDPOINT_URL if it knows that, otherwise by the proxy; never to AWS."""
        return {
            **self.by_proxy,
            "AWS_ENDPOINT_URL": self.plain.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }

    @property
    def asked(self) -> int:
        """Calls to STS so far."""
        return len(self.plain.calls) + len(self.tls.calls)

    @contextmanager
    def slower(self, milliseconds: int) -> Iterator[None]:
        """Each call takes so much longer, as over a network."""
        for door in (self.plain, self.tls) if milliseconds else ():
            door.faults.add("*", "slow", times=None, seconds=milliseconds / 1000)
        try:
            yield
        finally:
            for door in (self.plain, self.tls):
                door.faults.clear()


def opened(homes: str, stack: ExitStack) -> Doors:
    """Both doors, until the stack ends."""
    plain = stack.enter_context(StandIn())
    chain, key = self_signed(Path(tempfile.mkdtemp(dir=homes)), *HOSTS)
    tls = stack.enter_context(StandIn(plain.world, certificate=(chain, key)))
    tunnel = stack.enter_context(Tunnel(tls.url))
    return Doors(plain, tls, tunnel.url, chain)
