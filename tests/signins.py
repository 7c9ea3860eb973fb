"""Sign-ins to Identity Center for tests, with a place of the stand-in."""

from __future__ import annotations

from vault.secret import Secret
from vault.signin.record import AccessToken, ClientRecord, SignInPlace, SignInRecord

BEGAN = 1_700_000_000
START_URL = "https://example.awsapps.com/start"


def place(
    session: str | None = "corp", *, start_url: str = START_URL, region: str = "us-east-1"
) -> SignInPlace:
    return SignInPlace(session=session, start_url=start_url, region=region)


def sign_in(at: SignInPlace | None = None, **more: object) -> SignInRecord:
    """A sign-in of an hour that can be refreshed."""
    given = {
        "place": at if at is not None else place(),
        "scopes": ("sso:account:access",),
        "client": ClientRecord(
            client_id="client", secret=Secret("the client's secret"), expires=BEGAN + 90 * 86_400
        ),
        "began": BEGAN,
        "access": AccessToken(token=Secret("an access token"), issued=BEGAN, expires=BEGAN + 3600),
        "refresh": Secret("a refresh token"),
        **more,
    }
    return SignInRecord(**given)  # type: ignore[arg-type]
