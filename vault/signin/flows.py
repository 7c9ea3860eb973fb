"""The two ways to sign in: by a browser on this machine (authorization code with PKCE), and by a device code.

Both end with tokens. Neither stores anything. What the user must read goes to ``tell``.
"""

from __future__ import annotations

import hashlib
import secrets

from vault import errors, limits
from vault.aws import sso_oidc
from vault.aws.sso_oidc import SignInRefused
from vault.crypto.seal import b64u
from vault.secret import Secret
from vault.signin.listener import CallbackListener
from vault.system.clock import Deadline
from vault.system.programs import ProgramFailed
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.sso_oidc import ClientRegistration, SignInTokens
    from vault.context import Context
    from vault.signin.target import SignInTarget

    # Starts a browser with a URL, and returns a function that tells whether it has failed since. ProgramFailed.
    Opens = Callable[[str], Callable[[], bool]]

_SLOWER = 5  # seconds more between two questions after slow_down (RFC 8628, 3.5)
_NOBODY = "nobody confirmed the sign-in in time"


class Unconfirmed(errors.Refused):
    """Nobody confirmed the sign-in in time (7)."""


def by_browser(
    context: Context,
    target: SignInTarget,
    client: ClientRegistration,
    *,
    opens: Opens | None,
    tell: Callable[[str], None],
) -> SignInTokens:
    """Sign in with a browser on this machine. ``opens`` starts it; without it the user opens the page.

    Errors: SignInRefused, Declined (refused in the browser), Refused (nobody confirmed), Unreachable, Untrusted.
    """
    verifier = Secret(secrets.token_urlsafe(48))
    deadline = Deadline.after(limits.SIGN_IN_TIME, clock=context.clock)
    with CallbackListener() as listener:
        url = sso_oidc.authorize_url(
            target.oidc,
            client,
            redirect_uri=listener.redirect_uri,
            state=listener.state.reveal_text(),
            challenge=b64u(hashlib.sha256(verifier.reveal()).digest()),
            scopes=client.scopes,
        )
        listener.opens(url)
        failed = _start(opens, listener.start_url, url, tell=tell)
        found = None
        while found is None and not deadline.expired:
            found = listener.wait(deadline=deadline)
            if failed is not None and failed():
                failed = None
                tell(f"The browser could not be opened. Open this page on this machine: {url}")
    if found is None:
        raise Unconfirmed(_NOBODY, hint="run the command again, or use: awsvault-py sso login --device")
    if found.code is None:
        if found.error == "access_denied":
            raise _declined()
        raise SignInRefused(
            f"the page of IAM Identity Center answered {safe(found.error, limit=80)}",
            code=safe(found.error, limit=80),
        )
    return sso_oidc.token_of_code(
        target.oidc,
        client,
        code=found.code,
        verifier=verifier,
        redirect_uri=listener.redirect_uri,
        deadline=context.new_deadline(),
    )


def _start(
    opens: Opens | None, start_url: str, url: str, *, tell: Callable[[str], None]
) -> Callable[[], bool] | None:
    if opens is not None:
        try:
            failed = opens(start_url)
        except ProgramFailed as error:
            tell(f"{error.message}. Open this page on this machine: {url}")
            return None
        tell(f"Confirm the sign-in in the browser. If it did not open, open this page on this machine: {url}")
        return failed
    tell(f"Open this page in a browser on this machine, and confirm the sign-in: {url}")
    return None


def by_device(
    context: Context,
    target: SignInTarget,
    client: ClientRegistration,
    start_url: str,
    *,
    tell: Callable[[str], None],
) -> SignInTokens:
    """Sign in with a code that the user compares in any browser. ``start_url`` is AWS's. Errors: as for ``by_browser``."""
    device = sso_oidc.begin_device(target.oidc, client, start_url=start_url, deadline=context.new_deadline())
    tell(f"Open {safe(device.complete_url, limit=limits.MAX_SIGN_IN_URL)} in any browser.")
    tell(
        f"Confirm only if the page shows this code, and only if you started this sign-in: {safe(device.user_code)}"
    )
    interval: float = device.interval
    trouble: errors.Unreachable | None = None
    while True:
        left = device.expires - context.clock.time()
        if left <= interval:
            raise trouble or Unconfirmed(_NOBODY, hint="run the command again")
        context.clock.sleep(interval)
        try:
            return sso_oidc.token_of_device(target.oidc, client, device, deadline=context.new_deadline())
        except SignInRefused as error:
            trouble = None
            if error.code == "slow_down":
                interval += _SLOWER
            elif error.code == "access_denied":
                raise _declined() from None
            elif error.code == "expired_token":
                raise Unconfirmed(_NOBODY, hint="run the command again", code=error.code) from None
            elif error.code != "authorization_pending":
                raise
        except errors.Unreachable as error:
            trouble = error
            interval += _SLOWER  # the network may come back while the code is valid


def _declined() -> errors.Declined:
    return errors.Declined(
        "the sign-in was refused in the browser", hint="if that was a mistake, run the command again"
    )
