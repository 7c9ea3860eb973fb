"""What a command gets besides its credentials: its profile, role and region. Pure. The warm exec imports it, so it
imports little.
"""

from __future__ import annotations

from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.credentials.issued import Issued
    from vault.profiles.chain import Chain


_FLAGS = ("00", "01", "10", "11")
_BEGINS = '{"Version": 1, "'


class ProfileMetadata(NamedTuple):
    """``profile``, ``region``, and ``regions_own``: whether the region is the profile's and not the user's.

    ``role``: the ARN of the last role, or empty. ``production``: whether the profile's name or environment says so.
    """

    profile: str
    region: str
    regions_own: bool
    role: str
    production: bool

    def encode(self) -> bytes:
        """One line, as the agent keeps it with the session. Empty if a name contains a separator: json would cost too much."""
        flags = f"{self.regions_own:d}{self.production:d}"
        words = (self.profile, self.region, flags, self.role)
        if any("\t" in word or "\n" in word for word in words):
            return b""
        return "\t".join(words).encode("utf-8", "surrogateescape") + b"\n"


def metadata_of(issued: Issued, *, region: str | None = None) -> ProfileMetadata:
    """The metadata of issued credentials. ``region`` as for ``metadata_of_chain``."""
    return metadata_of_chain(issued.chain, region=region)


def metadata_of_chain(chain: Chain, *, region: str | None = None) -> ProfileMetadata:
    """The metadata of every session that the chain gives. ``region`` is that of --region, which overrides every other."""
    from vault.profiles.production import is_production

    origin = chain.region_origin
    role = chain.hops[-1].role_arn if chain.hops else ""
    # A file's line: the profile sets the region. If nothing sets it, it counts as the profile's too: a profile in a
    # nested exec uses its own region. So does that of --region, which is for one command and not the user's.
    own = origin is None or origin.line > 0 or region is not None
    return ProfileMetadata(chain.profile, region or chain.region, own, role, is_production(chain))


def decode(line: bytes, profile: str) -> ProfileMetadata | None:
    """The metadata that ``encode`` wrote for ``profile``; None for anything else."""
    words = line.removesuffix(b"\n").decode("utf-8", "surrogateescape").split("\t")
    if len(words) != 4 or words[0] != profile or words[2] not in _FLAGS:
        return None
    own, production = (flag == "1" for flag in words[2])
    return ProfileMetadata(profile, words[1], own, words[3], production)


def fields_of(line: bytes) -> dict[str, str] | None:
    """The text values of an answer's line, as vault/aws/credential_json.fields returns them, but without json. None if
    only json can read it.
    """
    text = line.decode("ascii", "replace").removesuffix("\n")
    if not (text.startswith(_BEGINS) and text.endswith('"}')) or "\\" in text:
        return None
    found = {}
    for pair in text[len(_BEGINS) : -2].split('", "'):
        name, separator, value = pair.partition('": "')
        if not separator or '"' in name or '"' in value:
            return None
        found[name] = value
    return found if {"AccessKeyId", "SecretAccessKey"} <= found.keys() else None
