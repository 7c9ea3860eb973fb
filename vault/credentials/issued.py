"""Credentials that are about to be issued, and what is known about them. Values."""

from __future__ import annotations

from vault.cache.entries import Cached
from vault.cache.freshness import Freshness
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.chain import Chain


class Shortened(NamedTuple):
    """How long the credentials should have lasted, how long they last (both in seconds), and why."""

    wanted: int
    lasts: int
    why: str


class Issued(NamedTuple):
    """The credentials of a profile: the line that credential_process prints, and its origin.

    ``expires`` and ``issued`` are Unix seconds, None for a key that does not expire. ``digest`` names the session in
    the cache. ``remember`` is the fingerprint under which the answer may be remembered, or None. ``agreed`` is what the
    user has just confirmed, for the agent to remember (vault/credentials/guardrails), or None. ``asked_aws``: AWS was
    called. ``shorter`` says why the session lasts less than requested, or None.
    """

    line: bytes
    chain: Chain
    issued: int | None = None
    expires: int | None = None
    digest: bytes | None = None
    remember: bytes | None = None
    agreed: str | None = None
    asked_aws: bool = False
    shorter: Shortened | None = None

    def freshness(self, now: float) -> Freshness:
        """How fresh the answer is at Unix time ``now``. A key that does not expire is always fresh."""
        if self.issued is None or self.expires is None:
            return Freshness.FRESH
        return Cached(self.issued, self.expires, b"").freshness(now)
