"""Runs ``exec PROFILE -- CMD`` without options if the agent has the session. Like vault/cli/disk_export.py, it avoids click.

It sets the environment, prints the banners and writes the log as vault/cli/exec_.py does.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.credentials.profile_metadata import ProfileMetadata


def run(argv: Sequence[str]) -> int | None:
    """Run the exec, and return its exit code if it fails. Returns None if vault/cli/exec_.py must run the command line."""
    if len(argv) < 3 or argv[0] != "exec" or argv[1].startswith("-"):  # exec PROFILE CMD
        return None
    command = list(argv[3:] if argv[2] == "--" else argv[2:])
    if not command or not command[0] or (argv[2] != "--" and (argv[2].startswith("-") or "--" in argv)):
        return None
    try:
        _from_agent(argv[1], command)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # the top: every error becomes an exit code
        from vault.cli import exits

        return exits.report(error, captured=False)
    return None


def kind(program: str) -> bytes:
    """The same as exec_kind in vault/agent/protocol, which takes too long to import. A test compares the two."""
    name = os.fsencode(os.path.basename(program) or program)[:64]  # limits.AGENT_PROGRAM
    return b"X" + bytes((len(name),)) + name


def _from_agent(profile: str, command: Sequence[str]) -> None:
    from vault import warm

    found = warm.answered(kind(command[0]), profile, os.environ)
    if found is None:
        return
    refresh = found.startswith(warm.REFRESH)
    line, _, rest = found[len(warm.REFRESH) if refresh else 0 :].partition(b"\n")
    from vault.credentials import profile_metadata
    from vault.run import exec_env
    from vault.system import exec_program
    from vault.system.passphrase_variables import for_child
    from vault.system.paths import outside

    metadata, fields = profile_metadata.decode(rest, profile), profile_metadata.fields_of(line)
    if metadata is None or fields is None:
        return
    if refresh:
        from vault.system.detach import detached

        if detached():
            from vault.cli import disk_export

            disk_export.refresh(profile)
    env = for_child(outside(os.environ))
    _banners(env, metadata)
    exec_program.replace_process(command, env=exec_env.environment(env, fields, metadata))


def _banners(env: dict[str, str], metadata: ProfileMetadata) -> None:
    if metadata.production or "AWSVAULT_PROFILE" in env:  # click takes longer than all the rest
        from vault.cli import banners

        banners.inside(env, metadata.profile)
        banners.production(env, metadata)
