"""Proof that a seed is the one of the user's device, before it is stored: AWS takes one of its codes for a session.

The session is kept for the first export, which then needs no code. The code counts as used. Prints nothing.
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws import credential_json, service_errors, sts
from vault.aws.credentials import Credentials
from vault.cache.entries import Cached
from vault.credentials.cached import open_cache
from vault.credentials.mfa_code import wait_text
from vault.credentials.planned import chain_of, load, planned
from vault.keys.service_endpoints import sts_endpoint
from vault.mfa import ledger
from vault.profiles.chain import SessionToken
from vault.profiles.values import account_of
from vault.records import NamedTuple
from vault.system.files import Folder
from vault.text import safe
from vault.unlocking.keys import OpenedKeys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vault.aws.credentials import Session
    from vault.context import Context
    from vault.keys.key_input import NewKey
    from vault.mfa.codes import Seed
    from vault.mfa.ledger import Code
    from vault.store.vault import Opened


class SeedProof(NamedTuple):
    """The session that the code gave and the code's time step; or why there was none, although the code was not wrong."""

    session: Session | None = None
    step: int | None = None
    unproved: str = ""


class SeedProver:
    """Proves the seed of one new key. ``opened`` is the vault if it exists: then the code is taken from its ledger."""

    def __init__(self, context: Context, name: str, opened: Opened | None) -> None:
        self._context = context
        self._name = name
        self._opened = opened
        self.proof: SeedProof | None = None

    def prove(self, key: NewKey) -> None:
        """Ask AWS for a session with a code of ``key.seed``.

        Usage if AWS does not accept two codes of it in a row, Refused if the device is not this user's.
        """
        skew, after = 0.0, None
        for last in (False, True):
            try:
                code = self._take(key, skew=skew, after=after)
                session = self._session(key, code.text)
            except errors.Refused as error:
                if error.code == service_errors.MFA_SERIAL:
                    raise
                if error.code != service_errors.MFA_CODE:
                    self.proof = SeedProof(unproved=error.message)
                    return
                if last:
                    raise errors.Usage(
                        f"AWS does not accept the codes of this seed for {safe(key.mfa_serial or '')}",
                        hint="paste the whole seed of this device, or press Enter to type codes instead",
                    ) from None
                skew = self._skew(error)
                after = code.step
            except errors.Unreachable as error:
                self.proof = SeedProof(unproved=error.message)
                return
            else:
                self.proof = SeedProof(session, code.step)
                return

    def _session(self, key: NewKey, code: str) -> Session:
        return sts.get_session_token(
            Credentials(key.access_key_id, key.secret),
            duration=self._context.settings.session_duration,
            serial=key.mfa_serial,
            code=code,
            endpoint=sts_endpoint(self._context, self._name),
            deadline=self._context.new_deadline(),
            subject=self._name,
        )

    def _skew(self, refusal: errors.Refused) -> float:
        """How far AWS's clock is ahead, if that matters."""
        skew = refusal.date - self._context.clock.time() if refusal.date is not None else 0.0
        return skew if limits.CLOCK_SKEW_WARN < abs(skew) <= limits.CLOCK_SKEW_MOST else 0.0

    def _take(self, key: NewKey, *, skew: float, after: int | None) -> Code:
        if key.seed is None or key.mfa_serial is None:
            raise errors.Internal("a proof without a seed")
        context, waiting = self._context, self._waiting()
        if self._opened is None:  # nothing may be written yet, and no other process has the seed
            return ledger.first_code(
                key.seed, clock=context.clock, deadline=context.new_deadline(limits.CODE_PROOF), skew=skew,
                after=after, waiting=waiting,
            )  # fmt: skip
        with Folder.open(context.paths.state, create=True) as folder:
            return ledger.Ledger(folder, serial=key.mfa_serial, key=self._opened.ledger_key).take(
                key.seed, clock=context.clock, deadline=context.new_deadline(limits.CODE_PROOF),
                most=limits.CODE_PROOF, skew=skew or None, after=after, waiting=waiting,
            )  # fmt: skip

    def _waiting(self) -> Callable[[float], None]:
        shown: list[float] = []

        def show(left: float) -> None:
            if not shown:
                self._context.interaction.tell(wait_text(left, "another MFA code, to verify the seed"))
            shown.append(left)

        return show

    def mark(self, opened: Opened, serial: str, seed: Seed) -> None:
        """Count the code as used in the ledger of a vault that did not exist when it was sent."""
        if self._opened is None and self.proof is not None and self.proof.step is not None:
            with Folder.open(self._context.paths.state, create=True) as folder:
                ledger.Ledger(folder, serial=serial, key=opened.ledger_key).mark(
                    self.proof.step, seed, clock=self._context.clock, deadline=self._context.new_deadline()
                )

    def keep(self, opened: Opened, serial: str, profiles: Iterable[str]) -> None:
        """Keep the session for these profiles, where an export would ask for the same one."""
        session = self.proof.session if self.proof is not None else None
        if session is None:
            return
        context = self._context
        session = session._replace(account_id=account_of(serial))
        keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
        config = load(context).config
        kept = Cached(session.issued, session.expiration, credential_json.of_session(session))
        with open_cache(context, keys) as cache:
            for profile in profiles:
                try:
                    alternatives = planned(
                        context, chain_of(context, config, profile, keys), keys
                    ).alternatives()
                except errors.Error:  # the next export reports it
                    continue
                link, digest = alternatives[0][0] if alternatives and alternatives[0] else (None, b"")
                asked = context.settings.session_duration
                if (
                    isinstance(link, SessionToken)
                    and link.entry == self._name
                    and (link.mfa_serial, link.duration) == (serial, asked)
                ):
                    cache.put(digest, kept)
