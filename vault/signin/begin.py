"""Signing in: registers this program unless it is registered, lets the user confirm, and seals the tokens.

Of several commands for one place, one opens a browser, and the others use its sign-in or end with its error. Prints nothing.
"""

from __future__ import annotations

from contextlib import suppress

from vault import errors, limits
from vault.aws import sso_oidc, sso_start_url
from vault.aws.sso_oidc import ClientRegistration, SignInRefused
from vault.signin import flows
from vault.signin.attempt import SignInAttempt
from vault.signin.record import AccessToken, ClientRecord, SignInRecord
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.sso_oidc import SignInTokens
    from vault.context import Context
    from vault.signin.flows import Opens
    from vault.signin.key import SignInAccess
    from vault.signin.sealed import SignIns
    from vault.signin.target import SignInTarget

NO_CLIENT = ("invalid_client", "unauthorized_client")
_WRONG_PLACE = ("invalid_client_metadata", "invalid_request")


def sign_in(
    context: Context,
    sign_ins: SignIns,
    target: SignInTarget,
    *,
    device: bool,
    opens: Opens | None,
    tell: Callable[[str], None],
    agree: Callable[[], None] | None = None,
    since: float | None = None,
    access: SignInAccess | None = None,
) -> SignInRecord:
    """Sign in and store the sign-in, or return that of another process that began meanwhile, or after ``since``.

    ``agree`` is called before this process asks AWS, and raises an error if the user does not want to sign in. ``access`` opens
    the sign-ins again if the vault gets new keys meanwhile.

    Errors: those of ``agree``, Declined, Refused, ConfigError (AWS does not know the place), Unreachable, Untrusted, StorageError.
    """
    now, before = int(context.clock.time()), sign_ins.read(target.place)
    seen, _ = sign_ins.attempt(target.place)
    with sign_ins.lock_question(
        target.place,
        deadline=context.new_deadline(limits.SIGN_IN_WAIT),
        waiting=lambda: tell(f"Waiting for another awsvault-py to sign in to {safe(target.place.name)}."),
    ):
        found = sign_ins.read(target.place)
        if found is not None and _by_another(before, found, since=since):
            return found
        this, last = sign_ins.attempt(target.place)
        if this != seen and last is not None and last.failure is not None:
            raise last.failure  # of the sign-in that this process waited for
        if agree is not None:
            agree()
        client = _kept(found, target, device=device, now=now, last=last)
        start_url = sso_start_url.at_aws(
            target.place.start_url,
            place=target.origin,
            deadline=context.new_deadline(limits.START_URL_TIME),
            ca_bundle=target.oidc.ca_bundle,
        )
        if client is not None:
            try:
                return _signed_in(
                    context, sign_ins, target, client, start_url, opens=opens, tell=tell, access=access
                )
            except SignInRefused as error:
                if error.code not in NO_CLIENT:
                    raise _explained(error, target) from None
        try:
            client = sso_oidc.register(
                target.oidc,
                start_url=start_url,
                scopes=target.scopes,
                deadline=context.new_deadline(),
                device=device,
            )
            return _signed_in(
                context, sign_ins, target, client, start_url, opens=opens, tell=tell, access=access
            )
        except SignInRefused as error:
            raise _explained(error, target) from None


def check_host(target: SignInTarget) -> None:
    """Untrusted if the tokens would go to a host that is neither AWS's own nor trusted: before any prompt."""
    target.oidc.trusted("it would receive the tokens of your sign-in")


def _by_another(before: SignInRecord | None, found: SignInRecord, *, since: float | None) -> bool:
    """Whether another process signed in while this one waited, or after ``since``."""
    if found.access is None:
        return False
    if since is not None and found.began >= int(since):
        return True
    return before is None or before.access is None or before.began != found.began


def client_of(record: SignInRecord) -> ClientRegistration:
    """The registration in the form of the calls."""
    client = record.client
    return ClientRegistration(client.client_id, client.secret, client.expires, record.scopes, client.device)


def access_of(tokens: SignInTokens, *, now: float) -> AccessToken:
    """The access token as it is stored."""
    return AccessToken(token=tokens.access_token, issued=int(now), expires=tokens.expires)


def _kept(
    found: SignInRecord | None,
    target: SignInTarget,
    *,
    device: bool,
    now: int,
    last: SignInAttempt | None,
) -> ClientRegistration | None:
    """The registration of an earlier sign-in, if it can be used for this one."""
    if found is None or found.scopes != target.scopes or found.client.device != device:
        return None
    if last is not None and last.client_id == found.client.client_id and not last.answered:
        return None  # the last browser did not come back: AWS may have forgotten it
    return client_of(found) if found.client.expires - now > limits.SIGN_IN_CLIENT_LEAST else None


def _signed_in(
    context: Context,
    sign_ins: SignIns,
    target: SignInTarget,
    client: ClientRegistration,
    start_url: str,
    *,
    opens: Opens | None,
    tell: Callable[[str], None],
    access: SignInAccess | None,
) -> SignInRecord:
    attempt = SignInAttempt(client.client_id, answered=client.device)
    sign_ins.write_attempt(target.place, attempt)
    try:
        if client.device:
            tokens = flows.by_device(context, target, client, start_url, tell=tell)
        else:
            tokens = flows.by_browser(context, target, client, opens=opens, tell=tell)
    except errors.Error as error:
        answered = client.device or not isinstance(error, flows.Unconfirmed)
        with suppress(errors.Error):
            sign_ins.write_attempt(target.place, attempt._replace(answered=answered, failure=error))
        raise
    now = context.clock.time()
    found = SignInRecord(
        place=target.place,
        scopes=client.scopes,
        client=ClientRecord(
            client_id=client.client_id,
            secret=client.client_secret,
            expires=client.expires,
            device=client.device,
        ),
        began=int(now),
        access=access_of(tokens, now=now),
        refresh=tokens.refresh_token,
    )
    _store(context, sign_ins, found, access)
    return found


def _store(context: Context, sign_ins: SignIns, found: SignInRecord, access: SignInAccess | None) -> None:
    """Write the sign-in under the key that the vault has then. Its tokens came once and cannot be fetched again."""
    while True:
        with sign_ins.lock_key(deadline=context.new_deadline()):
            if access is None or not access.key_changed():
                with sign_ins.lock(found.place, deadline=context.new_deadline()):
                    sign_ins.write(found)
                    sign_ins.write_attempt(found.place, None)
                return
        sign_ins = access.reopen()  # outside of the lock: it may prompt


def _explained(error: SignInRefused, target: SignInTarget) -> errors.Error:
    if error.code in _WRONG_PLACE:
        return errors.ConfigError(
            f"{target.origin}: AWS does not know this start URL in {target.place.region}: {error.message}",
            hint="check sso_start_url and sso_region: AWS knows a start URL in one region only",
        )
    return error
