"""Gathers the facts that the checks look at. Reads, runs git and other copies of awsvault-py, and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import stat
from contextlib import suppress

from vault import __version__, errors, limits
from vault.aws.sso_portal import cli_token_path
from vault.doctor.facts import Facts, Program
from vault.keys import service_endpoints
from vault.migrate import edit_plan, own_command
from vault.profiles import aws_files
from vault.remote import local_state, note, summary
from vault.remote.unsent import unsent
from vault.signin import sealed
from vault.store import backup_mark, pin_file, vault
from vault.system import ownership
from vault.system.programs import ProgramFailed, output
from vault.system.user_files import read_users_file
from vault.text import safe
from vault.unlocking import hardware
from vault.unlocking.manual_lock import manually_locked
from vault.unlocking.unlock import unlock_unless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vault.context import Context
    from vault.remote.note import SyncNote
    from vault.settings import Settings
    from vault.store.vault import Opened
    from vault.system.paths import Paths


def gather(context: Context, *, network: bool) -> Facts:
    """Gather all facts. Anything that cannot be read becomes part of the facts and raises nothing."""
    found: dict[str, Any] = {"env": context.env, "paths": context.paths, "now": context.clock.time()}
    found["passphrase_in_env"] = context.passphrase is not None and len(context.passphrase) > 0
    found["locations"] = at = aws_files.locations(context.env, home=context.paths.home)
    try:
        found["settings"] = context.settings
    except errors.Error as error:
        found["settings_error"] = error.message
    try:
        found["files"] = files = edit_plan.read(context.env, home=context.paths.home)
    except errors.Error as error:
        files, found["files_error"] = None, error.message
    cache = os.path.join(context.paths.home, ".aws", "cli", "cache")  # AWS_CONFIG_FILE does not move it
    found["cli_cache"] = _plaintext_sessions(cache)
    found["modes"] = _modes(context.paths, at, cache)
    found["unignored"] = _unignored(context, at)
    with suppress(errors.Error):  # a path that AWS's files cannot contain: there is nothing to compare
        found["words"] = own_command.program_words(context.env)
    found["programs"] = _programs(context, files, found.get("words", ())) if files is not None else {}
    found |= _vault(context, found.get("settings"))
    found["unreadable_sessions"] = _unreadable_sessions(context.paths.sessions)
    found["agent"] = _agent(context)
    if found.get("settings") is not None and found["settings"].keyring != "off":
        found |= _keyring()
    if network:
        found |= _skew(context)
    return Facts(**found)


def _names(folder: str) -> list[str]:
    """The names in a folder, sorted; none if it cannot be listed."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _existing(paths: list[str]) -> Iterator[tuple[str, os.stat_result]]:
    """The paths that exist, each once, with their status. Links are not followed."""
    for path in dict.fromkeys(paths):
        try:
            status = os.lstat(path)
        except (OSError, ValueError):  # ValueError: a NUL in the path
            continue
        yield path, status


def _modes(paths: Paths, at: aws_files.Locations, cache: str) -> dict[str, int]:
    """The modes of the folders and files that only the user may open. Links are left out."""
    wanted = [
        os.path.dirname(at.config), os.path.dirname(at.credentials), *at, cache, paths.vault_folder, paths.vault,
        paths.state, paths.sessions, paths.run, paths.log, paths.config_toml,
    ]  # fmt: skip
    return {
        path: status.st_mode
        for path, status in _existing(wanted)
        if not stat.S_ISLNK(status.st_mode) and ownership.is_own(status)
    }


def _plaintext_sessions(folder: str) -> tuple[str, ...]:
    """The files of the AWS CLI's cache that contain a session in plaintext."""
    found = []
    for name in _names(folder):
        path = os.path.join(folder, name)
        try:
            raw = read_users_file(path, limit=limits.MAX_FOREIGN_ITEM) if name.endswith(".json") else None
            value = json.loads(raw or b"null")
        except (errors.Error, ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("Credentials"), dict):
            found.append(path)
    return tuple(found)


def _unignored(context: Context, at: aws_files.Locations) -> tuple[tuple[str, str], ...]:
    """The files and folders in a git work tree that git does not ignore, each with its work tree."""
    wanted = [at.config, at.credentials, context.paths.vault_folder, context.paths.state]
    found = []
    for path, _ in _existing(wanted):
        tree = _work_tree(os.path.realpath(path))
        if tree is not None and not _ignored(context, tree, os.path.realpath(path)):
            found.append((path, tree))
    return tuple(found)


def _work_tree(path: str) -> str | None:
    folder = os.path.dirname(path)
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _ignored(context: Context, tree: str, path: str) -> bool:
    """Whether git ignores the path. False if git cannot tell."""
    words = ("git", "-c", "core.fsmonitor=false", "-C", tree, "check-ignore", "--", path)
    env = {k: v for k, v in context.child_env().items() if not k.startswith("GIT_")}
    try:
        output(words, env=env, limit=65_536, deadline=context.new_deadline(limits.GIT_TIME))
    except ProgramFailed:
        return False
    return True


def _programs(context: Context, files: edit_plan.Files, words: tuple[str, ...]) -> dict[str, Program]:
    """The programs that the profiles' credential_process lines call, by the word that names each of them."""
    found: dict[str, Program] = {}
    config = files.merged
    for name in config.profiles:
        for section in config.profiles[name]:
            process = section.properties.get("credential_process") if section is not None else None
            word = own_command.program(process.value) if process is not None else None
            if word is not None and word not in found:
                found[word] = _program(context, word, words)
    return found


def _program(context: Context, word: str, words: tuple[str, ...]) -> Program:
    path = word if os.path.isabs(word) else shutil.which(word, path=context.env.get("PATH"))
    runs = path is not None and os.path.isfile(path) and os.access(path, os.X_OK)
    if path is None or not runs or os.path.basename(path) != own_command.PROGRAM:
        return Program(path, runs)
    if words and os.path.exists(words[0]) and os.path.samefile(path, words[0]):
        return Program(path, runs)
    try:
        deadline = context.new_deadline(limits.VERSION_TIME)
        raw = output((path, "--version"), env=context.child_env(), limit=4096, deadline=deadline)
    except ProgramFailed:
        return Program(path, runs, "unknown")
    version = raw.decode("ascii", "replace").strip().rpartition(" ")[2]
    return Program(path, runs, version if version != __version__ else None)


def _vault(context: Context, settings: Settings | None) -> dict[str, Any]:
    """The vault's header, its pin and backups, and the vault itself if it opens without a prompt."""
    if not vault.exists(context.paths):
        return {}
    found: dict[str, Any] = {"has_vault": True}
    try:
        found["header"] = header = vault.read_header(context.paths)
        found["backup"] = backup_mark.read(context.paths, header.vault_id)
        found["had_pin"] = pin_file.read_pin(context.paths, header.vault_id) is not None
        found["synced"] = _note(context, header.vault_id)
        if settings is None:
            return {**found, "why_locked": "config.toml is wrong"}
        found["hardware"] = tuple(hardware.states(context, header, locked=manually_locked(context.paths)))
        has_tpm = any(state.record.ext and state.record.ext.name == "tpm" for state in found["hardware"])
        found["tpm_lockout"] = has_tpm and hardware.tpm_in_lockout(context)
        unlocked = unlock_unless(context.unattended(), purpose="to check it", meanwhile=lambda: False)
        found["opened"] = unlocked.opened if unlocked is not None else None
        found |= _sign_ins(context, found["opened"])
        found |= _remote(context, found["opened"], found["synced"])
    except (errors.Locked, errors.WrongPassphrase) as error:
        found["why_locked"] = error.message
        found["failed_sources"] = (
            error.failed_sources if isinstance(error, errors.Locked) else (error.message,)
        )
    except errors.Error as error:
        found["vault_error"], found["vault_hint"] = error.message, error.hint
        found["vault_refused"] = isinstance(error, errors.UnsafeFile)
        found["why_locked"] = "it cannot be read"
    return found


def _sign_ins(context: Context, opened: Opened | None) -> dict[str, Any]:
    """The stored sign-ins, and the AWS CLI's tokens for the same places."""
    key = opened.payload.sso_key if opened is not None else None
    if opened is None or key is None:
        return {}
    with sealed.SignIns.open(context.paths, key=key, vault_id=opened.vault_id) as sign_ins:
        found = sign_ins.all()
    names = [one.place.name for one in found if one.access is not None]
    paths = [cli_token_path(name, home=context.paths.home) for name in names]
    tokens = [(name, path) for name, path in zip(names, paths, strict=True) if os.path.lexists(path)]
    return {"sign_ins": tuple(found), "cli_tokens": tuple(tokens)}


def _note(context: Context, vault_id: bytes) -> SyncNote | None:
    """The note of the last sync, if the vault has a remote."""
    with suppress(errors.Error):  # open-vault-files reports the folder's rights
        return note.read(context.paths, vault_id)
    return None


def _remote(context: Context, opened: Opened | None, synced: SyncNote | None) -> dict[str, Any]:
    """What an open vault keeps of other machines, which of its edits they do not have, and which rotations wait for them."""
    local = local_state.find(opened.payload) if opened is not None else None
    if opened is None or local is None or not local.remote.place.url:
        return {}
    seen = local.remote.seen if synced is None else synced.seen
    shown = summary.read(context.paths, opened.vault_id, opened.cache_key)
    waits = shown.rotations if shown is not None else ()
    return {"remote": local, "unsent": unsent(opened, local, seen), "waits": waits}


def _unreadable_sessions(folder: str) -> tuple[str, ...]:
    """Files in the session cache that are not valid entries. Each is a cache miss."""
    names = [name for name in _names(folder) if not name.startswith(".") and not name.endswith(".lock")]
    return tuple(
        path
        for path, status in _existing([os.path.join(folder, name) for name in names])
        if not _may_be_entry(status)
    )


def _may_be_entry(status: os.stat_result) -> bool:
    return (
        stat.S_ISREG(status.st_mode)
        and 0 < status.st_size <= limits.MAX_ENTRY
        and status.st_size % limits.ENTRY_BLOCK == 0
        and ownership.is_own(status)
    )


def _agent(context: Context) -> str:
    """``none``, ``answers`` or ``silent`` (there is a socket, but no agent answers)."""
    if not os.path.lexists(context.paths.socket):
        return "none"
    hello = context.agent.even_off().hello(answer=limits.AGENT_TALK)
    return "answers" if hello is not None else "silent"


def _keyring() -> dict[str, str]:
    from vault.system import keyring

    try:
        return {"keyring": keyring.usable()}
    except keyring.KeyringUnavailable as reason:
        return {"keyring_problem": str(reason)}


def _skew(context: Context) -> dict[str, Any]:
    """How far this machine's clock is from STS's, by the Date of an answer that needs no key."""
    from vault.aws.sts_client import StsClient

    try:
        endpoint = service_endpoints.sts_endpoint(context, aws_files.selected(context.env))
        client = StsClient(credentials=None, endpoint=endpoint, deadline=context.new_deadline())
        with suppress(errors.Refused):  # STS refuses the unsigned request, but its answer has a Date
            client.call("GetCallerIdentity", once=True)
        if client.date is None:
            return {"skew_problem": f"the answer of {safe(endpoint.url)} has no Date"}
        return {"skew": context.clock.time() - client.date}
    except errors.Error as error:
        return {"skew_problem": error.message}
