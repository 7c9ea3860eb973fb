"""Setup: AWS's files to the form in which every tool calls us. Decides edits; writes nothing and asks nobody.

A profile whose chain ends in a key of the vault gets a credential_process of ours, and the keys that would make an
SDK assume the role by itself get our prefix. Everything else stays to the byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from vault import errors, limits
from vault.keys import entry_names
from vault.migrate import keys_in_files
from vault.migrate import own_command as commands
from vault.migrate.undo import Change
from vault.profiles import aws_files
from vault.profiles.chain import Process, StaticKeys, VaultKey
from vault.profiles.command_words import OwnCall, own_call
from vault.profiles.edit import Document, Edit, FileLine
from vault.profiles.resolve import resolve
from vault.system.user_files import read_users_file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from vault.profiles.chain import Chain

# Each of these in a profile is asked before its credential_process, so an SDK would never call us (docs/profiles.md).
FORESTALL = ("role_arn", "source_profile", "credential_source", "web_identity_token_file", "login_session")
_PREFIX = aws_files.PREFIX
_CONFIG, _CREDENTIALS = "config", "credentials"


def forestalls(key: str) -> bool:
    """Whether ``key`` in a profile keeps an SDK from calling its credential_process."""
    return key in FORESTALL or key.startswith("sso_")


class Files(NamedTuple):
    """Both of AWS's files as they were read. ``raw`` is None for one that is not there."""

    config: Document
    credentials: Document
    raw: tuple[bytes | None, bytes | None]

    @property
    def merged(self) -> aws_files.Config:
        """The profiles of both."""
        return aws_files.merge(self.config.sections, self.credentials.sections)


def read(env: Mapping[str, str], *, home: str) -> Files:
    """AWS's files from where the environment puts them. ConfigError, UnsafeFile, StorageError."""
    at = aws_files.locations(env, home=home)
    raw = tuple(read_users_file(path, limit=limits.MAX_CONFIG_FILE) for path in at)
    documents = [
        Document(data or b"", path=path, kind=kind)
        for data, path, kind in zip(raw, at, (_CONFIG, _CREDENTIALS), strict=True)
    ]
    return Files(documents[0], documents[1], (raw[0], raw[1]))


class Left(NamedTuple):
    """A profile that was left as it is, and why."""

    profile: str
    reason: str


@dataclass(slots=True)
class SetupPlan:
    """Edits of both files, which profiles they are for, which were left, and what a person should know."""

    config: list[Edit] = field(default_factory=list)
    credentials: list[Edit] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def changes(self, files: Files) -> list[Change]:
        """The edits as changes of files, those that change nothing left out."""
        made = []
        for document, edits, raw, kind in (
            (files.config, self.config, files.raw[0], _CONFIG),
            (files.credentials, self.credentials, files.raw[1], _CREDENTIALS),
        ):
            after = document.apply(edits)
            if edits and after != document.data:
                hunks = document.hunks(edits)
                made.append(Change(path=document.path, kind=kind, before=raw, after=after, hunks=hunks))
        return made


class Setup:
    """One run over some profiles. ``words`` start our program; ``has_entry`` knows the vault's keys."""

    def __init__(
        self,
        files: Files,
        *,
        env: Mapping[str, str],
        words: Sequence[str],
        has_entry: Callable[[str], bool],
        entry_serial: Callable[[str], str | None] = lambda _: None,
        named: Mapping[str, str] | None = None,
        leaving: Collection[tuple[str, str]] = (),
    ) -> None:
        """For import: ``named`` gives profiles an ``awsvault_credential`` that they do not have yet, ``leaving`` are
        the profiles, each with the kind of file, whose key is being taken out.
        """
        self.files = files
        self.config = files.merged
        self.env = env
        self.words = words
        self.has_entry = has_entry
        self.entry_serial = entry_serial
        self.named = dict(named or {})
        self.staying = keys_in_files.without(self.config, leaving)
        self.plan = SetupPlan()

    def run(self, wanted: Sequence[str], *, source_only: bool = False) -> SetupPlan:
        """The plan for the profiles ``wanted``; all that end in a key of the vault where none is named.

        NotFound for a name that no file and no entry has; a profile that cannot be set up is left, with the reason.
        """
        for name in wanted:
            if name not in self.config.profiles and not self.has_entry(name):
                raise errors.NotFound(
                    f"no profile {safe(name)!r} in {safe(self.config.config_path)} and no key of that name",
                    hint=self.config.meant(name) or "run: awsvault-py list",
                )
        names_ = list(wanted) or list(self.config.profiles)
        if source_only:
            from vault.migrate import minimal_setup

            minimal_setup.plan(self, names_)
        else:
            for name in names_:
                self._one(name, asked=bool(wanted))
        return self.plan

    def unused(self, entries: Iterable[str]) -> list[str]:
        """The keys among ``entries`` that no profile leads to."""
        used = set()
        for name in self.config.profiles:
            try:
                source = self.chain(name).source
            except errors.Error:  # doctor tells of it
                used.add(name)
                continue
            used.add(source.entry if isinstance(source, VaultKey) else name)
        return [name for name in entries if name not in used]

    def run_for(self, entries: Collection[str]) -> SetupPlan:
        """The plan for the profiles whose chain ends in one of these keys."""
        for name in self.config.profiles:
            try:
                source = self.chain(name).source
            except errors.Error as error:
                if name in self.named:
                    self.plan.left.append(Left(name, error.message))
                continue
            key = source.entry if isinstance(source, VaultKey) else None
            if name in self.named or key in entries or key in self.named:
                self._one(name, asked=False)
        return self.plan

    # ── one profile ─────────────────────────────────────────────────────────────────────────

    def _one(self, name: str, *, asked: bool) -> None:
        try:
            entry_names.check_name(name)
            chain = self.chain(name)
        except errors.Error as error:
            self.plan.left.append(Left(name, error.message))
            return
        reason = self.why_not(chain, name, asked=asked) or self._served_elsewhere(name)
        if reason is not None:
            self.plan.left.append(Left(name, reason))
            return
        if self.edit(name):
            self.plan.done.append(name)
            self._warn(chain)

    def _warn(self, chain: Chain) -> None:
        """Tell what AWS will refuse: once, though several profiles share the line."""
        for fault in chain.faults:
            told = f"an export will fail: {fault.message}" + (f"; {fault.hint}" if fault.hint else "")
            if told not in self.plan.warnings:
                self.plan.warnings.append(told)

    def chain(self, name: str) -> Chain:
        """The profile's chain, with the keys that are being moved taken as the vault's already."""
        known = self.named
        return resolve(self.config, name, env=self.env, has_entry=lambda n: n in known or self.has_entry(n))

    def why_not(self, chain: Chain, name: str, *, asked: bool) -> str | None:
        """Why the profile ``name``, by which the chain goes, is not set up; None where it can be."""
        source = chain.source
        match source:
            case VaultKey():
                found = self.has_entry(source.entry) or source.entry in self.named
                if not found:
                    return f"the vault holds no key {safe(source.entry)!r}: awsvault-py add it first"
                return keys_in_files.in_the_way(self.staying, name)
            case StaticKeys():
                return keys_in_files.told(self.config, source.profile, str(source.origin))
            case Process():
                program = commands.served_by(source.command, source.profile)
                if program is not None:
                    return f"{program} serves it, and its key is not in the vault: awsvault-py import --{program}"
                return f"another program serves it ({source.origin})"
            case _:
                return None if asked else f"its credentials come from elsewhere ({source.origin})"

    def _served_elsewhere(self, name: str) -> str | None:
        """Another program's credential_process beside the profile's key or role: which of them is meant, a person knows."""
        for document, _ in self.both():
            for line in document.places(name, "credential_process"):
                if _own(_value(document, line)) is None and self._program(document, line) is None:
                    return f"another program serves it too ({safe(document.path)}:{line.start + 1}): take one of them out"
        return None

    def _program(self, document: Document, line: FileLine) -> str | None:
        return commands.served_by(_value(document, line), line.profile)

    def edit(self, name: str) -> bool:
        """The edits of one profile; False where it has its form already."""
        before = len(self.plan.config) + len(self.plan.credentials)
        forestalled = False
        for document, edits in self.both():
            for line in document.keys(name):
                if not forestalls(line.key):
                    continue
                forestalled = True
                if document.places(name, _PREFIX + line.key):
                    edits.append(document.remove(line))  # ours counts; the plain one only forestalls us
                else:
                    edits.append(document.rename(line, _PREFIX + line.key))
        self._call(name, forestalled=forestalled)
        return len(self.plan.config) + len(self.plan.credentials) > before

    def both(self) -> tuple[tuple[Document, list[Edit]], tuple[Document, list[Edit]]]:
        return (self.files.config, self.plan.config), (self.files.credentials, self.plan.credentials)

    def _call(self, name: str, *, forestalled: bool) -> None:
        """Let the profile's credential_process call us; a call of ours that is there keeps its options.

        A call of ours for another profile is an alias, unless ``forestalled``: then no tool has ever run it.
        """
        value = commands.process(self.words, name)
        found = False
        for document, edits in self.both():
            for line in document.places(name, "credential_process"):
                found = True
                old = _value(document, line)
                called = _own(old)
                if called is not None and called.profile != name and not forestalled:
                    self.plan.warnings.append(
                        f"profile {safe(name)} calls us for {safe(called.profile)}: left so"
                    )
                    continue
                kept = commands.options(old) if called is not None else ()
                new = commands.process(self.words, name, kept)
                if old != new:
                    edits.append(document.set_value(line, new))
        credential = self.named.get(name)
        more = [(_PREFIX + "credential", credential)] if credential not in (None, name) else []
        if not found:
            self.insert(name, [("credential_process", value), *((k, v) for k, v in more if v is not None)])
        elif more and credential is not None:
            self.insert(name, [(_PREFIX + "credential", credential)])

    def insert(self, name: str, properties: Sequence[tuple[str, str]]) -> None:
        """New lines of a profile, after its region or its header; a section of its own where the config has none."""
        document = self.files.config
        headers = document.headers(name)
        if not headers:
            self.plan.config.append(document.append(entry_names.section(name), properties))
            return
        for header in document.rivals(name):  # each tool has the line in the section that it takes
            self.plan.config += [document.insert(header, name, key, value) for key, value in properties]
        if document.rivals(name):
            return
        regions = document.places(name, "region")
        after = regions[-1].end - 1 if regions else headers[0]
        self.plan.config += [document.insert(after, name, key, value) for key, value in properties]


def _value(document: Document, line: FileLine) -> str:
    """What counts of a property that stands there."""
    section = document.section(line.profile)
    return (
        section.properties[line.key].value if section is not None and line.key in section.properties else ""
    )


def _own(command: str) -> OwnCall | None:
    try:
        return own_call(command)
    except ValueError:
        return None
