"""Whether a profile of IAM Identity Center is signed in, and until when: for ``list``, ``status`` and ``explain``.

Looks at the stored sign-ins and, where there is none, at the AWS CLI's token. Calls nothing and refreshes nothing.
"""

from __future__ import annotations

import os

from vault import errors
from vault.inspect.explain_text import span
from vault.records import NamedTuple
from vault.signin import FOLDER
from vault.text import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.profiles.chain import Sso
    from vault.signin.record import SignInPlace, SignInRecord
    from vault.unlocking.keys import Keys


class SignedIn(NamedTuple):
    """A sign-in as an export would use it. ``expires`` is that of the access token, in Unix seconds.

    ``by``: ``awsvault-py``, ``aws`` (the AWS CLI's token), or empty: not signed in. ``refreshes``: the token is refreshed.
    """

    by: str = ""
    expires: int | None = None
    refreshes: bool = False


class SignInLookup:
    """Finds the sign-ins of profiles. Reads each one once, because many profiles share few sign-ins.

    ``keys``: None if the vault is locked or does not exist; then only the AWS CLI's tokens are known.
    """

    def __init__(self, context: Context, keys: Keys | None) -> None:
        self._now = context.clock.time()
        self._home = context.paths.home
        self._stored = {found.place: found for found in stored(context, keys)} if keys is not None else {}
        self._known: dict[SignInPlace, SignedIn] = {}

    def of(self, source: Sso) -> SignedIn:
        """The sign-in that gives the source's credentials."""
        from vault.signin.record import SignInPlace

        place = SignInPlace.of(source)
        if place not in self._known:
            self._known[place] = self._look(source, self._stored.get(place))
        return self._known[place]

    def _look(self, source: Sso, found: SignInRecord | None) -> SignedIn:
        if found is not None:  # an export does not look at the AWS CLI's token then
            if found.access is None or not found.usable(self._now):
                return SignedIn()
            return SignedIn("awsvault-py", found.access.expires, found.refreshes(self._now))
        from vault.aws import sso_portal

        try:
            token = sso_portal.cli_token(source, home=self._home, now=self._now)
        except errors.Error:  # an export reports it
            return SignedIn()
        return SignedIn("aws", token.expires)


def stored(context: Context, keys: Keys) -> list[SignInRecord]:
    """The sign-ins of an unlocked vault, by name. Errors: Locked, UnsafeFile, StorageError."""
    if not os.path.lexists(os.path.join(context.paths.vault_folder, FOLDER)):
        return []  # most users have none, and need not load what opens it
    from vault.signin import key, sealed

    if not sealed.any_file(context.paths):
        return []
    found = key.stored(context, keys)
    if found is None:
        return []
    with found:
        return found.all()


def described(source: Sso, found: SignedIn, *, now: float) -> str:
    """The sign-in in words, for ``explain``."""
    if not found.by or found.expires is None:
        return f"no; run: {command('sso login', source.session or source.profile)}"
    if found.expires <= now:
        return "yes; the access token has expired, and the next export refreshes it"
    left = span(found.expires - now)
    if found.by == "aws":
        return f"by the AWS CLI, for {left}; its token is not refreshed"
    if found.refreshes:
        return f"yes; the access token expires in {left} and is refreshed"
    return f"yes, for {left}"
