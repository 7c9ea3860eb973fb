"""The access token of a sign-in, refreshed by one process for all. Never opens a browser, prompts or prints.

A refresh token may be valid only once: new tokens are on the disk before they are used. One lock for each sign-in, so however
many roles wait, there is one refresh.
"""

from __future__ import annotations

from vault import errors
from vault.aws import sso_oidc
from vault.aws.sso_oidc import SignInRefused
from vault.aws.sso_portal import signed_out
from vault.frozen import replace
from vault.signin import sealed
from vault.signin.begin import NO_CLIENT, access_of, client_of
from vault.signin.record import SignInPlace
from vault.signin.sealed import SignIns
from vault.signin.target import oidc_of
from vault.system import locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.context import Context
    from vault.profiles.aws_files import Setting
    from vault.profiles.chain import Sso
    from vault.secret import Secret
    from vault.signin.record import SignInRecord
    from vault.system.clock import Deadline
    from vault.unlocking.keys import Keys

_OVER = ("invalid_grant", *NO_CLIENT, "expired_token", "access_denied")


class StoredTokens:
    """The sign-ins of an unlocked vault, for the exports of profiles (vault/aws/provider_inputs, AccessTokens)."""

    def __init__(
        self,
        context: Context,
        keys: Keys,
        *,
        ca_bundle: Setting | None = None,
        refreshed: Callable[[SignInRecord], None] | None = None,
    ) -> None:
        self._context = context
        self._keys = keys
        self._ca_bundle = ca_bundle
        self._note_refresh = refreshed
        self._began: dict[SignInPlace, int] = {}

    def current(self, source: Sso) -> Secret | None:
        """A valid access token; None without a sign-in of awsvault-py's. Errors: Refused (sign in again), Unreachable."""
        sign_ins = self._sign_ins()
        if sign_ins is None:
            return None
        with sign_ins:
            found = sign_ins.read(SignInPlace.of(source))
            if found is not None:
                self._began[found.place] = found.began
            return self._refresher(sign_ins, source).current()

    def of_newer_sign_in(self, source: Sso) -> Secret | None:
        """The access token of a sign-in that the user has made since ``current``; None if there is none."""
        sign_ins = self._sign_ins()
        if sign_ins is None:
            return None
        with sign_ins:
            found = sign_ins.read(SignInPlace.of(source))
            if found is None or found.access is None or found.began == self._began.get(found.place):
                return None
            return found.access.token

    def after(self, source: Sso, refused: Secret) -> Secret | None:
        """Another token than ``refused``: one that another process has refreshed meanwhile, otherwise a refreshed one."""
        sign_ins = self._sign_ins()
        if sign_ins is None:
            return None
        with sign_ins:
            return self._refresher(sign_ins, source).after(refused)

    def _sign_ins(self) -> SignIns | None:
        """The sign-ins, if there are files and a key. Most users have neither, and the agent is not asked."""
        if not sealed.any_file(self._context.paths):
            return None
        key = self._keys.sso_key()
        if key is None:
            return None
        return SignIns.open(self._context.paths, key=key, vault_id=self._keys.vault_id)

    def _refresher(self, sign_ins: SignIns, source: Sso) -> Refresher:
        settings = self._context.settings
        endpoint = oidc_of(
            source,
            allow_http=settings.allow_http,
            trusted_hosts=settings.trusted_hosts,
            ca_bundle=self._ca_bundle,
        )
        place = SignInPlace.of(source)
        deadline, refreshed = self._context.deadline, self._note_refresh
        refresher = Refresher(sign_ins, place, endpoint, deadline=deadline, refreshed=refreshed)
        return refresher.saying(lambda why: signed_out(source, why))


class Refresher:
    """One sign-in, its file and its endpoint. ``refreshed`` is told of each refresh, after the lock is free again."""

    def __init__(
        self,
        sign_ins: SignIns,
        place: SignInPlace,
        endpoint: ServiceEndpoint,
        *,
        deadline: Deadline,
        refreshed: Callable[[SignInRecord], None] | None = None,
    ) -> None:
        self._sign_ins = sign_ins
        self._place = place
        self._endpoint = endpoint
        self._deadline = deadline
        self._signed_out: Callable[[str], errors.NotSignedIn] | None = None
        self._note_refresh = refreshed
        self._made: SignInRecord | None = None

    def saying(self, signed_out: Callable[[str], errors.NotSignedIn]) -> Self:
        """``signed_out`` makes the error of a sign-in that is over, from the reason."""
        self._signed_out = signed_out
        return self

    def current(self) -> Secret | None:
        """A valid token. Near its end one process refreshes it, and the others use it; at its end the others wait."""
        found = self._sign_ins.read(self._place)
        if found is None:
            return None
        if found.access is None:
            raise self._over("the sign-in is over")
        now = self._now()
        if not found.access.due(now):
            return found.access.token
        if found.access.over(now):
            return self._waited(refused=None)
        if found.refresh is None:
            return found.access.token
        return self._ahead(found.access.token)

    def after(self, refused: Secret) -> Secret | None:
        """Another token than ``refused``."""
        return self._waited(refused=refused)

    def _now(self) -> float:
        return self._deadline.clock.time()

    def _ahead(self, token: Secret) -> Secret:
        """The token, refreshed if no other process does that. It is still valid, so a failure costs nothing."""
        try:
            held = self._sign_ins.try_lock(self._place)
            if held is None:
                return token
            with held:
                found = self._refreshed(refused=None)
            self._tell()
        except errors.Error:
            return token
        return found or token

    def _waited(self, *, refused: Secret | None) -> Secret | None:
        try:
            held = self._sign_ins.lock(self._place, deadline=self._deadline)
        except locks.Busy:
            raise errors.Unreachable(
                "IAM Identity Center: another process is still refreshing the sign-in",
                hint="run the command again; if this continues, look for a hanging awsvault-py process",
            ) from None
        with held:
            found = self._refreshed(refused=refused)
        self._tell()
        return found

    def _tell(self) -> None:
        if self._made is not None and self._note_refresh is not None:
            self._note_refresh(self._made)
        self._made = None

    def _refreshed(self, *, refused: Secret | None) -> Secret | None:
        """The token of the sign-in as it is now, refreshed if it must be. The caller holds the lock."""
        found = self._sign_ins.read(self._place)
        if found is None:
            return None  # the user logged out meanwhile
        if found.access is None:
            raise self._over("the sign-in is over")
        now, usable = self._now(), found.access.token != refused
        if usable and not found.access.due(now):
            return found.access.token
        if usable and found.refresh is None and not found.access.over(now):
            return found.access.token
        if found.refresh is None or found.client.expires <= self._now():
            raise self._over("the sign-in has expired")
        return self._by_aws(found, found.refresh, refused=refused)

    def _by_aws(self, found: SignInRecord, refresh: Secret, *, refused: Secret | None) -> Secret:
        self._sign_ins.reserve(found)  # on a full disk, the refresh token is not used up
        try:
            tokens = sso_oidc.refreshed(self._endpoint, client_of(found), refresh, deadline=self._deadline)
        except SignInRefused as error:
            if error.code not in _OVER:
                raise
            known = found if error.code not in NO_CLIENT else found.without_client()
            if found.access is not None and (found.access.token == refused or found.access.over(self._now())):
                known = known.ended()  # the other processes need not ask
            if known is not found:
                self._sign_ins.write(known)
            raise self._over("AWS no longer accepts the sign-in") from None
        access = access_of(tokens, now=self._now())
        kept = tokens.refresh_token if tokens.refresh_token is not None else refresh
        made = replace(found, access=access, refresh=kept)
        self._sign_ins.write(made)
        self._made = made
        return access.token

    def _over(self, why: str) -> errors.Error:
        if self._signed_out is not None:
            return self._signed_out(why)
        return errors.Refused(f"IAM Identity Center: {why}", code="SignedOut")
