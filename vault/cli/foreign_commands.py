"""Commands of aws-vault and granted that awsvault-py does not have, each with what does the same here. A literal: no work.

Names that both programs share with awsvault-py, and similar spellings, need no line: vault/cli/main.py finds those.
"""

from __future__ import annotations

_SWITCH = (
    "to set AWS_PROFILE in this shell: avp PROFILE (from shell-init); "
    "to start a shell with the credentials: awsvault-py shell PROFILE"
)
_SERVER = "to serve credentials to one command: awsvault-py exec --server PROFILE -- CMD"
_TOKENS = "to show the sign-ins to IAM Identity Center: awsvault-py sso status; to end one: awsvault-py sso logout SESSION"
_PROFILES = "to write the profiles of your keys and roles: awsvault-py setup; those of IAM Identity Center: awsvault-py setup --sso SESSION"
_ROLES = "to write a profile for each of your roles: awsvault-py setup --sso SESSION"

# The command of the other program, or the subcommand of a group that both have → the hint.
INSTEAD: dict[str, str] = {
    "switch": _SWITCH,
    "assume": _SWITCH,
    "token": _TOKENS,
    "sso-tokens": _TOKENS,
    "generate": _PROFILES,
    "populate": _PROFILES,
    "sso generate": _ROLES,
    "sso populate": _ROLES,
    "credentials": "one command each: awsvault-py add NAME, list, import, rotate NAME, remove NAME",
    "credential-process": "to print credentials for credential_process: awsvault-py export PROFILE",
    "cache": "to show the cached sessions: awsvault-py status; to delete them: awsvault-py clear",
    "refresh": "awsvault-py refreshes sessions before they expire; to fetch one now: awsvault-py export --fresh PROFILE",
    "server": _SERVER,
    "proxy": _SERVER,
    "settings": "settings are in config.toml (docs/reference/configuration.md); to check them: awsvault-py doctor",
    "browser": "to choose the browser: awsvault-py login --browser NAME PROFILE",
    "migrate-backend": "to move the keys of aws-vault into the vault: awsvault-py import --aws-vault",
    "aws-vault": "to move its keys into the vault: awsvault-py import --aws-vault",
    "granted": "to move its keys into the vault: awsvault-py import --granted",
    "sts": "to show the AWS identity of a profile: awsvault-py whoami PROFILE",
    "uninstall": "to leave awsvault-py: docs/how-to/leave.md",
    "configure": "to store a key: awsvault-py add NAME; to write its profiles: awsvault-py setup",
}
