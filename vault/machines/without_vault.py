"""The credentials of a profile on a machine that has no vault yet: a key in AWS's files, Identity Center by the AWS CLI's sign-in,
another program. Nothing is kept: what the session cache gets opens with no key.
"""

from __future__ import annotations

from vault import errors
from vault.credentials import obtain, planned
from vault.credentials.request import Request
from vault.mfa.ledger import Code
from vault.profiles.chain import VaultKey
from vault.signin import needed
from vault.store.boxes import new_key
from vault.text import safe
from vault.unlocking.inventory import Contents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.secret import Secret
    from vault.system.clock import Deadline
    from vault.unlocking.keys import CodeWait, SourceKey

_CODE_LASTS = 30.0  # seconds
BY_ENVIRONMENT = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for this run, or download the object and run: awsvault-py init --from FILE"


def credentials_line(context: Context, profile: str) -> bytes:
    """What an export of ``profile`` would print. ConfigError if it needs a key of a vault; and the errors of an export."""
    profiles = planned.load(context)
    chain = needed.chain_without_vault(profiles.config, profile, env=context.env)
    if isinstance(chain.source, VaultKey):
        raise errors.ConfigError(
            f"profile {safe(profile)} needs the key {safe(chain.source.entry)} of the vault, which this machine does not have yet",
            hint=BY_ENVIRONMENT,
        )
    try:
        return obtain.issue(context, Request(profile, ask=True), NoVaultKeys(context), profiles).line
    except errors.NotSignedIn as error:  # sso login would create another vault
        error.hint = f"sign in with the AWS CLI: aws sso login --profile {safe(profile)}; or {BY_ENVIRONMENT}"
        raise


class NoVaultKeys:
    """Keys (vault/unlocking/keys) where there is no vault: no entry, no seed, and a cache key that nobody keeps."""

    def __init__(self, context: Context) -> None:
        self.vault_id = bytes(16)
        self.cache_key = new_key()
        self._clock = context.clock

    def newest_cache_key(self) -> Secret:
        """The same one."""
        return self.cache_key

    def has_entry(self, _name: str) -> bool:
        """There is none."""
        return False

    def entry(self, _name: str) -> SourceKey | None:
        """None."""
        return None

    def contents(self) -> Contents:
        """Nothing."""
        return Contents((), frozenset())

    def sso_key(self) -> Secret | None:
        """None: there is no sign-in of awsvault-py's."""
        return None

    def take_code(self, _serial: str, _wait: CodeWait) -> Code | None:
        """None: there is no seed."""
        return None

    def note_code(self, _serial: str, text: str, *, deadline: Deadline) -> Code:  # noqa: ARG002  # as Keys has it
        """The code, without a ledger: there was no export that could have used it."""
        return Code(text, None, self._clock.time() + _CODE_LASTS)

    def open_strict(self, _key: Secret) -> None:
        """There is no strict seed."""

    def close(self) -> None:
        """Nothing to release."""
