"""Setup: plans the edits of AWS's files that make every tool call awsvault-py. Writes nothing and never prompts.

A profile whose source key is in the vault gets a credential_process that calls awsvault-py. Keys that would make an SDK
assume the role itself get the prefix. All other bytes of the files are kept.
"""

from __future__ import annotations

from vault import errors
from vault.keys import entry_names
from vault.migrate import own_command, plaintext_keys
from vault.migrate.edit_plan import EditPlan, Skipped
from vault.profiles import aws_files
from vault.profiles.chain import Process, StaticKeys, VaultKey
from vault.profiles.resolve import resolve
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from vault.migrate.edit_plan import Files
    from vault.profiles.chain import Chain
    from vault.profiles.edit import Document, Edit
    from vault.profiles.file_lines import FileLine

# Keys that an SDK reads before credential_process, so that it would never call awsvault-py (docs/profiles.md).
BEFORE_PROCESS = (
    "role_arn",
    "source_profile",
    "credential_source",
    "web_identity_token_file",
    "login_session",
)
_PREFIX = aws_files.PREFIX


def comes_before_process(key: str) -> bool:
    """Whether ``key`` in a profile keeps an SDK from running its credential_process."""
    return key in BEFORE_PROCESS or key.startswith("sso_")


class Setup:
    """One run over some profiles. ``words`` start awsvault-py; ``has_entry`` says whether the vault has an entry."""

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
        """For import: ``named`` maps profiles to entries that they do not name yet in ``awsvault_credential``;
        ``leaving`` are the profiles, each with the kind of file, whose plaintext key the import removes.
        """
        self.files = files
        self.config = files.merged
        self.env = env
        self.words = words
        self.has_entry = has_entry
        self.entry_serial = entry_serial
        self.named = dict(named or {})
        self.staying = plaintext_keys.without(self.config, leaving)
        self.plan = EditPlan()

    def chosen(self, wanted: Sequence[str]) -> list[str]:
        """``wanted``, or all profiles if it is empty. Raises NotFound for a name that neither a file nor the vault has."""
        for name in wanted:
            if name not in self.config.profiles and not self.has_entry(name):
                raise errors.NotFound(
                    f"there is no profile {safe(name)!r} in {safe(self.config.config_path)}, and no key with that name",
                    hint=self.config.suggestion(name) or "run: awsvault-py list",
                )
        return list(wanted) or list(self.config.profiles)

    def run(self, wanted: Sequence[str]) -> EditPlan:
        """The plan for the profiles ``wanted``; if it is empty, for all profiles whose source key is in the vault.

        A profile that cannot be set up is skipped with the reason. Raises NotFound like ``chosen``.
        """
        for name in self.chosen(wanted):
            self._one(name, asked=bool(wanted))
        return self.plan

    def unused(self, entries: Iterable[str]) -> list[str]:
        """The entries of ``entries`` that no profile uses."""
        used = set()
        for name in self.config.profiles:
            try:
                source = self.chain(name).source
            except errors.Error:  # doctor reports it
                used.add(name)
                continue
            used.add(source.entry if isinstance(source, VaultKey) else name)
        return [name for name in entries if name not in used]

    def run_for(self, entries: Collection[str]) -> EditPlan:
        """The plan for the profiles whose source key is one of these entries."""
        for name in self.config.profiles:
            try:
                source = self.chain(name).source
            except errors.Error as error:
                if name in self.named:
                    self.skip(name, error.message)
                continue
            key = source.entry if isinstance(source, VaultKey) else None
            if name in self.named or key in entries or key in self.named:
                self._one(name, asked=False)
        return self.plan

    def skip(self, name: str, reason: str) -> None:
        """Note that the profile is not set up, and why."""
        self.plan.skipped.append(Skipped(name, reason))

    # ── one profile ─────────────────────────────────────────────────────────────────────────

    def _one(self, name: str, *, asked: bool) -> None:
        try:
            entry_names.check_name(name)
            chain = self.chain(name)
        except errors.Error as error:
            self.skip(name, error.message)
            return
        reason = self.why_not(chain, name, asked=asked) or self._served_elsewhere(name)
        if reason is not None:
            self.skip(name, reason)
        elif self.edit(name):
            self.plan.done.append(name)
            self._warn(chain)

    def _warn(self, chain: Chain) -> None:
        """Warn about values that AWS will refuse. Each line gets one warning, even if several profiles share it."""
        for fault in chain.faults:
            warning = f"an export will fail: {fault.message}" + (f"; {fault.hint}" if fault.hint else "")
            if warning not in self.plan.warnings:
                self.plan.warnings.append(warning)

    def chain(self, name: str) -> Chain:
        """The profile's chain, as if the keys that are being imported were already in the vault."""
        named = self.named
        return resolve(self.config, name, env=self.env, has_entry=lambda n: n in named or self.has_entry(n))

    def why_not(self, chain: Chain, name: str, *, asked: bool) -> str | None:
        """Why the profile ``name`` of this chain cannot be set up; None if it can. ``asked``: the user named it."""
        source = chain.source
        match source:
            case VaultKey():
                found = self.has_entry(source.entry) or source.entry in self.named
                if not found:
                    return f"the vault has no key {safe(source.entry)!r}. To add it first: {command('add', source.entry)}"
                return plaintext_keys.before_process(self.staying, name)
            case StaticKeys():
                return plaintext_keys.advice(self.config, source.profile, str(source.origin))
            case Process():
                program = own_command.importable_from(source.command, source.profile)
                if program is not None:
                    return f"{program} provides its credentials. To move its key into the vault: awsvault-py import --{program}"
                return f"another program provides its credentials ({source.origin})"
            case _:
                return (
                    None
                    if asked
                    else f"its credentials do not come from a key in the vault ({source.origin})"
                )

    def _served_elsewhere(self, name: str) -> str | None:
        """Why a profile with a key or role cannot be set up if it also has another program's credential_process.

        Only the user knows which of the two is meant. None if there is no such line.
        """
        for document, _ in self.both():
            for line in document.places(name, "credential_process"):
                value = _value(document, line)
                if (
                    own_command.call_in(value) is None
                    and own_command.importable_from(value, line.profile) is None
                ):
                    return f"another program also provides its credentials ({safe(document.path)}:{line.start + 1}); remove one"
        return None

    def edit(self, name: str) -> bool:
        """Add the edits for one profile. Returns False if it is already set up."""
        before = len(self.plan.config) + len(self.plan.credentials)
        hidden = False
        for document, edits in self.both():
            for line in document.keys(name):
                if not comes_before_process(line.key):
                    continue
                hidden = True
                if document.places(name, _PREFIX + line.key):
                    edits.append(document.remove(line))  # the key with the prefix applies
                else:
                    edits.append(document.rename(line, _PREFIX + line.key))
        self._call(name, hidden=hidden)
        return len(self.plan.config) + len(self.plan.credentials) > before

    def both(self) -> tuple[tuple[Document, list[Edit]], tuple[Document, list[Edit]]]:
        """Each file with the list of its edits."""
        return (self.files.config, self.plan.config), (self.files.credentials, self.plan.credentials)

    def _call(self, name: str, *, hidden: bool) -> None:
        """Make the profile's credential_process call awsvault-py. An existing call keeps its options.

        A call for another profile is an alias and is not changed, unless it was ``hidden`` behind another key: then no tool
        has ever run it.
        """
        value = own_command.process_value(self.words, name)
        found = False
        for document, edits in self.both():
            for line in document.places(name, "credential_process"):
                found = True
                old = _value(document, line)
                call = own_command.call_in(old)
                if call is not None and call.profile != name and not hidden:
                    self.plan.warnings.append(
                        f"profile {safe(name)} calls awsvault-py for profile {safe(call.profile)}; not changed"
                    )
                    continue
                kept = own_command.options(old) if call is not None else ()
                new = own_command.process_value(self.words, name, kept)
                if old != new:
                    edits.append(document.set_value(line, new))
        added = [] if found else [("credential_process", value)]
        entry = self.named.get(name)
        if entry is not None and entry != name:
            added.append((_PREFIX + "credential", entry))
        if added:
            self.insert(name, added)

    def insert(self, name: str, properties: Sequence[tuple[str, str]]) -> None:
        """Add lines to a profile, after its region or its header. If the config file has no section for it, add one."""
        document = self.files.config
        headers = document.headers(name)
        if not headers:
            self.plan.config.append(document.append(entry_names.section(name), properties))
            return
        for header in document.rivals(name):  # tools disagree which section applies, so each gets the lines
            self.plan.config += [document.insert(header, name, key, value) for key, value in properties]
        if document.rivals(name):
            return
        regions = document.places(name, "region")
        after = regions[-1].end - 1 if regions else headers[0]
        self.plan.config += [document.insert(after, name, key, value) for key, value in properties]


def _value(document: Document, line: FileLine) -> str:
    """The value that applies for the property on this line."""
    section = document.section(line.profile)
    return (
        section.properties[line.key].value if section is not None and line.key in section.properties else ""
    )
