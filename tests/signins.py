"""Sign-ins to Identity Center for tests, with a place of the stand-in."""

from __future__ import annotations

import os
import sys

from vault.secret import Secret
from vault.signin.record import AccessToken, ClientRecord, SignInPlace, SignInRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.fakes.aws import StandIn
    from tests.home import Home

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


def config(url: str = START_URL) -> str:
    """A section, a profile of its role, and one in the older form."""
    return (
        f"[sso-session corp]\nsso_region = us-east-1\nsso_start_url = {url}\nsso_registration_scopes = sso:account:access\n"
        "[profile dev]\nregion = us-east-1\nsso_session = corp\nsso_account_id = 222222222222\n"
        "sso_role_name = DeveloperRole\n"
        f"[profile older]\nregion = us-east-1\nsso_region = us-east-1\nsso_start_url = {url}\n"
        "sso_account_id = 222222222222\nsso_role_name = DeveloperRole\n"
    )


def use_identity_center(home: Home, aws: StandIn) -> None:
    """A vault, the profiles of ``config``, and their role at the stand-in."""
    aws.world.assign("222222222222", "DeveloperRole")
    home.config(config())
    home.make_vault()


def use_roles(home: Home, aws: StandIn, count: int) -> list[str]:
    """The names of ``count`` profiles in the home's config, each of a role of its own at the stand-in."""
    names = [f"Role{number}" for number in range(count)]
    aws.world.assign("222222222222", *names)
    profiles = [
        f"[profile {name}]\nregion = us-east-1\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = {name}\n"
        for name in names
    ]
    home.config(config() + "".join(profiles))
    return names


def browser(home: Home, *, wait: bool = False, gate: str = "") -> str:
    """The command of a browser that goes where it is sent, and writes a line for each page that it was started with.

    ``wait``: it does not end. ``gate``: it goes nowhere before this file is there.
    """
    path = os.path.join(home.root, "browser.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "import os, sys, time, urllib.request\n"
            f"open({visits_path(home)!r}, 'a').write(sys.argv[1] + '\\n')\n"
            f"while {gate!r} and not os.path.exists({gate!r}): time.sleep(0.05)\n"
            "opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))\n"
            "opener.open(sys.argv[1], timeout=50).read()\n" + ("time.sleep(3600)\n" if wait else "")
        )
    return f"{sys.executable} {path} %s"


def visits_path(home: Home) -> str:
    return os.path.join(home.root, "visits")


def visits(home: Home) -> list[str]:
    """The URLs that browsers were started with."""
    try:
        with open(visits_path(home), encoding="utf-8") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []
