"""The facts that the checks look at, in one value. Reads nothing; gather.py does."""

from __future__ import annotations

from dataclasses import dataclass, field

from vault.errors import ConfigError, Error
from vault.migrate import own_command
from vault.profiles.resolve import resolve
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vault.migrate.edit_plan import Files
    from vault.profiles.aws_files import Config, Locations, Profile
    from vault.profiles.chain import Chain
    from vault.profiles.edit import Document
    from vault.remote.note import SyncNote
    from vault.remote.summary import RotationWait
    from vault.remote.unsent import UnsentItem
    from vault.settings import Settings
    from vault.signin.record import SignInRecord
    from vault.store.format import Header
    from vault.store.vault import Opened
    from vault.sync.local import LocalSync
    from vault.system.paths import Paths
    from vault.unlocking.hardware import HardwareState


class Program(NamedTuple):
    """The program of a credential_process: its path, whether it can run, and its version if it is another awsvault-py."""

    path: str | None
    runs: bool
    other_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the checks need to know about the user's machine. None: the thing does not exist or could not be read.

    ``modes`` has the mode of each file and folder; links are not followed. ``unignored`` are the files and folders with keys
    or configuration that a git work tree does not ignore, each with its work tree. ``skew`` is how many seconds this
    machine's clock is ahead of AWS's. ``backup`` is the generation of the last backup.
    ``vault_refused``: the vault was not read, because other users can open it. ``failed_sources`` are the sources of a
    passphrase that are set and gave none, each with its reason. ``sign_ins`` are the stored sign-ins to Identity Center, and
    ``cli_tokens`` the names of those for which the AWS CLI has a token too, each with the token's path. ``synced`` is the note of the
    last sync, ``remote`` what the open vault keeps of other machines, ``unsent`` the items whose edits they do not have, and ``waits``
    the rotations that wait for them.
    """

    env: Mapping[str, str]
    paths: Paths
    now: float
    passphrase_in_env: bool = False
    settings: Settings | None = None
    settings_error: str | None = None
    files: Files | None = None
    files_error: str | None = None
    locations: Locations
    modes: Mapping[str, int] = field(default_factory=dict)
    cli_cache: tuple[str, ...] = ()
    unignored: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = (own_command.PROGRAM,)
    programs: Mapping[str, Program] = field(default_factory=dict)
    has_vault: bool = False
    header: Header | None = None
    vault_error: str | None = None
    vault_hint: str = ""
    vault_refused: bool = False
    opened: Opened | None = None
    sign_ins: tuple[SignInRecord, ...] = ()
    cli_tokens: tuple[tuple[str, str], ...] = ()
    why_locked: str = ""
    failed_sources: tuple[str, ...] = ()
    had_pin: bool = False
    backup: int | None = None
    keyring: str | None = None
    keyring_problem: str | None = None
    hardware: tuple[HardwareState, ...] = ()
    tpm_lockout: bool = False
    synced: SyncNote | None = None
    remote: LocalSync | None = None
    unsent: tuple[UnsentItem, ...] = ()
    waits: tuple[RotationWait, ...] = ()
    agent: str = "off"
    unreadable_sessions: tuple[str, ...] = ()
    skew: float | None = None
    skew_problem: str | None = None

    @property
    def config(self) -> Config | None:
        """The profiles of both files, if they could be read."""
        return self.files.merged if self.files is not None else None

    @property
    def has_entry(self) -> Callable[[str], bool] | None:
        """A function that says whether the vault has an entry with a name; None if the vault is locked."""
        return self.opened.payload.entries.__contains__ if self.opened is not None else None

    def profiles(self) -> Iterator[Profile]:
        """The profiles that can be read."""
        if self.config is None:
            return
        for name in self.config.profiles:
            try:
                profile = self.config.profile(name)
            except ConfigError:
                continue
            if profile is not None:
                yield profile

    def chains(self) -> Iterator[Chain]:
        """The chains of the profiles that resolve."""
        if self.config is None:
            return
        for profile in self.profiles():
            try:
                yield resolve(self.config, profile.name, env=self.env, has_entry=self.has_entry)
            except Error:
                continue

    def documents(self) -> tuple[tuple[str, Document], ...]:
        """AWS's files as editable documents, each with its kind."""
        files = self.files
        return (("config", files.config), ("credentials", files.credentials)) if files is not None else ()
