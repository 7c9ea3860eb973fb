"""What a command requests: a profile's credentials, and how they differ from the profile's own settings. A value."""

from __future__ import annotations

from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.session_policy import SessionPolicy


class Refetch(NamedTuple):
    """Which links are not taken from the cache: the last (--fresh), or all (--fresh-all).

    ``refresh``: the last, unless its session is fresh. That is checked again under the link's lock, so that only one of
    many processes that refresh it asks AWS.
    """

    last: bool = False
    all: bool = False
    refresh: bool = False


class Request(NamedTuple):
    """The profile, and what the command line changes. ``duration`` is in seconds.

    ``write`` lifts awsvault_read_only. ``ask``: the user ran the command and may be asked to confirm; ``agreed``: they
    confirmed already. ``start``: a unique prefix of the profile's name is enough. ``federates``: a key without a role is
    exchanged for a session (GetFederationToken) before anything is issued, and that session keeps the guard rails.
    ``policy`` narrows the session further than the profile's guard rails. ``region`` is for the program that gets the session,
    and decides nothing about the session itself. ``source``: ``profile`` is the ARN of a role, and the profile ``source``
    assumes it; ``start`` is then about this name. ``options`` are the words of the command line that decide which session it
    gets, for hints with a command to run. ``programs``: mfa_process may run, which can want a touch.
    """

    profile: str
    duration: int | None = None
    refetch: Refetch = Refetch()
    session: bool = True  # False: --no-session
    mfa_code: str | None = None
    write: bool = False
    ask: bool = False
    agreed: bool = False
    start: bool = False
    federates: bool = False
    policy: SessionPolicy | None = None
    region: str | None = None
    source: str | None = None
    options: tuple[str, ...] = ()
    programs: bool = True

    def repeated(self, words: str) -> str:
        """``words``, which are a command and some options, with the options of this request that they lack. A hint without
        them would give a session with more rights or a longer one.
        """
        from shlex import join, split

        lacking = self.options
        if "--write" in split(words):
            lacking = tuple(word for word in lacking if word != "--write")
        return f"{words} {join(map(safe, lacking))}" if lacking else words

    @property
    def plain(self) -> bool:
        """Whether the answer is the same as for the profile alone, so that it may be remembered."""
        whole = self.policy is None and self.source is None and not self.write and not self.federates
        return self.duration is None and self.session and whole
