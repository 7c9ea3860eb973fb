"""A sign-in to IAM Identity Center as a row of a table and as JSON, for ``sso`` and ``status``."""

from __future__ import annotations

from vault.cli.terminal import local, rfc3339, without_absent
from vault.signin.record import SignInPlace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from vault.profiles.aws_files import Config
    from vault.signin.record import SignInRecord
    from vault.signin.target import SignInTarget


def valid_until(found: SignInRecord) -> str:
    """Until when the access token is valid, and whether it is refreshed."""
    if found.access is None:
        return ""
    return local(found.access.expires) + (", refreshed" if found.refresh is not None else "")


def place_json(place: SignInTarget | SignInRecord) -> dict[str, Any]:
    """Where it is."""
    at = place.place
    return without_absent({"session": at.session, "start_url": at.start_url, "region": at.region})


def sections_json(config: Config, *, known: Collection[SignInPlace]) -> list[dict[str, Any]]:
    """The ``sso-session`` sections whose place is not ``known``, as sign-ins that there are not."""
    found = []
    for name, section in config.sso_sessions.items():
        values = {key: value.value for key, value in section.properties.items()}
        row = {
            "session": name,
            "start_url": values.get("sso_start_url"),
            "region": values.get("sso_region"),
            "signed_in": False,
        }
        url, region = values.get("sso_start_url", ""), values.get("sso_region", "").lower()
        if SignInPlace(session=name, start_url=url, region=region) not in known:
            found.append(without_absent(row))
    return found


def json_row(found: SignInRecord, *, now: float) -> dict[str, Any]:
    """docs/reference/json.md has the fields."""
    access, refreshes, signed_in = found.access, found.refreshes(now), found.usable(now)
    return {
        **place_json(found),
        "signed_in": signed_in,
        **(
            without_absent(
                {
                    "began": rfc3339(found.began),
                    "token_expires": rfc3339(access.expires),
                    "refreshes": refreshes,
                }
            )
            if access is not None and signed_in
            else {}
        ),
    }
