"""What goes to a command beside its credentials: who it is and where. Pure; the warm exec imports it, so it imports little."""

from __future__ import annotations

from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.flows.sessions import Got


class Terms(NamedTuple):
    """``profile``, ``region``, and ``regions_own``: whether that is the profile's and not the user's.

    ``role``: the ARN of the last role, empty where there is none; ``production``: what the profile calls itself.
    """

    profile: str
    region: str
    regions_own: bool
    role: str
    production: bool

    def encode(self) -> bytes:
        """One ASCII line, as the agent keeps it with the session."""
        import json

        return json.dumps(list(self)).encode("ascii") + b"\n"


def terms_of(got: Got) -> Terms:
    """The terms of a session."""
    from vault.flows.rails import is_production

    chain = got.chain
    origin = chain.region_origin
    role = chain.hops[-1].role_arn if chain.hops else ""
    # A file's line: the profile said so. Nothing said so: as if it had, since a profile in a nested exec goes by its own.
    own = origin is None or origin.line > 0
    return Terms(chain.profile, chain.region, own, role, is_production(chain))


def decode(line: bytes, profile: str) -> Terms | None:
    """The terms that ``encode`` wrote for ``profile``; None for anything else."""
    import json

    try:
        found = Terms(*json.loads(line))
    except (TypeError, ValueError):
        return None
    kinds = (str, str, bool, str, bool)
    whole = all(type(value) is kind for value, kind in zip(found, kinds, strict=True))
    return found if whole and found.profile == profile else None
