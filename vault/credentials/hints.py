"""What an error says about its profile: the profile's name, and hints with commands that the user can copy."""

from __future__ import annotations

from vault import errors
from vault.profiles.chain import NamedSource, StaticKeys, VaultKey
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.chain import Chain

_WRONG_KEY = ("InvalidClientTokenId", "SignatureDoesNotMatch")


def name_profile(error: errors.Error, chain: Chain) -> None:
    """Put the profile's name before the message, and adapt the hint to the chain."""
    named = chain.subject
    if isinstance(error, errors.Refused | errors.Unreachable):
        if not _names(error.message, named):
            error.message = f"{named}: {error.message}"
        error.hint = _hint(error, chain)
        return
    # an error in the files, or of a program that they name
    of_files = error.exit_code == errors.ConfigError.exit_code and not isinstance(error, errors.UnsafeFile)
    if of_files and not _names(error.message, named):
        error.message = f"{named}: {error.message}"


def _names(message: str, named: str) -> bool:
    """Whether the message has the profile's name as a whole, and not as the beginning of another one."""
    _, found, rest = message.partition(named)
    return bool(found) and rest[:1] in ("", " ", ":", ",", ";", ")")


def with_names(hint: str, chain: Chain) -> str:
    """A hint with the actual names in its commands."""
    for words in ("explain", "explain --live", "login"):
        hint = hint.replace(f"awsvault-py {words} PROFILE", chain.command(words))
    if isinstance(chain.source, VaultKey):
        for words in ("add", "add --replace", "mfa add"):
            hint = hint.replace(f"awsvault-py {words} NAME", command(words, chain.source.entry))
    return hint


def _hint(error: errors.Refused | errors.Unreachable, chain: Chain) -> str:
    """The error's hint for this chain. A key that is not in the vault has to be corrected where it is stored."""
    source, code = chain.source, getattr(error, "code", "")
    if isinstance(source, StaticKeys) and code == "ExpiredToken":
        return f"the credentials at {safe(str(source.origin))} have expired: get new ones from the same place"
    if code in _WRONG_KEY:
        if isinstance(source, StaticKeys):
            return _correct(f"at {safe(str(source.origin))}")
        if isinstance(source, NamedSource) and source.name == "Environment":
            return _correct("in the environment")
    return with_names(error.hint, chain)


def _correct(place: str) -> str:
    return f"fix the key {place}: its ID and secret must belong together, and it must exist at AWS"
