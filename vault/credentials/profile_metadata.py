"""What goes to a command beside its credentials: who it is and where. Pure; the warm exec imports it, so it imports little."""

from __future__ import annotations

from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.credentials.issued import Issued
    from vault.profiles.chain import Chain


_FLAGS = ("00", "01", "10", "11")
_BEGINS = '{"Version": 1, "'


class ProfileMetadata(NamedTuple):
    """``profile``, ``region``, and ``regions_own``: whether that is the profile's and not the user's.

    ``role``: the ARN of the last role, empty where there is none; ``production``: what the profile calls itself.
    """

    profile: str
    region: str
    regions_own: bool
    role: str
    production: bool

    def encode(self) -> bytes:
        """One line, as the agent keeps it with the session; nothing where a name holds what parts them (json costs too much)."""
        flags = f"{self.regions_own:d}{self.production:d}"
        words = (self.profile, self.region, flags, self.role)
        if any("\t" in word or "\n" in word for word in words):
            return b""
        return "\t".join(words).encode("utf-8", "surrogateescape") + b"\n"


def metadata_of(got: Issued) -> ProfileMetadata:
    """The terms of a session."""
    return metadata_of_chain(got.chain)


def metadata_of_chain(chain: Chain) -> ProfileMetadata:
    """The terms of every session that the chain gives."""
    from vault.profiles.production import is_production

    origin = chain.region_origin
    role = chain.hops[-1].role_arn if chain.hops else ""
    # A file's line: the profile said so. Nothing said so: as if it had, since a profile in a nested exec goes by its own.
    own = origin is None or origin.line > 0
    return ProfileMetadata(chain.profile, chain.region, own, role, is_production(chain))


def decode(line: bytes, profile: str) -> ProfileMetadata | None:
    """The terms that ``encode`` wrote for ``profile``; None for anything else."""
    words = line.removesuffix(b"\n").decode("utf-8", "surrogateescape").split("\t")
    if len(words) != 4 or words[0] != profile or words[2] not in _FLAGS:
        return None
    own, production = (flag == "1" for flag in words[2])
    return ProfileMetadata(profile, words[1], own, words[3], production)


def fields_of(line: bytes) -> dict[str, str] | None:
    """The text values of an answer's line as vault/aws/credential_json.fields has them, without json; None where they need it."""
    text = line.decode("ascii", "replace").removesuffix("\n")
    if not (text.startswith(_BEGINS) and text.endswith('"}')) or "\\" in text:
        return None
    found = {}
    for pair in text[len(_BEGINS) : -2].split('", "'):
        name, parted, value = pair.partition('": "')
        if not parted or '"' in name or '"' in value:
            return None
        found[name] = value
    return found if {"AccessKeyId", "SecretAccessKey"} <= found.keys() else None
