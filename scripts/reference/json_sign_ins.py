"""What scripts/make-reference says about the JSON of ``sso``; json_output.py has the other commands."""

from __future__ import annotations

from scripts.reference.json_types import ALWAYS, BOOLEAN, NUMBER, OBJECTS, TEXT, TIME, Rows

_PLACE: Rows = {
    "session": (TEXT, "if it has one", "the name of the `sso-session` section"),
    "start_url": (TEXT, ALWAYS, ""),
    "region": (TEXT, ALWAYS, ""),
}
SIGN_IN: Rows = {
    **_PLACE,
    "signed_in": (BOOLEAN, ALWAYS, "whether exports can use it"),
    "began": (TIME, "if `signed_in`", "when the user signed in"),
    "token_expires": (TIME, "if `signed_in`", "the expiry of the access token"),
    "refreshes": (
        BOOLEAN,
        "if `signed_in`",
        "whether the access token is refreshed; otherwise the sign-in ends with it",
    ),
}
LISTED: Rows = {
    **SIGN_IN,
    "start_url": (TEXT, "if the section has it", ""),
    "region": (TEXT, "if the section has it", ""),
}

OF_STATUS = (
    OBJECTS,
    "with `keys`, and without a vault",
    "the sign-ins to IAM Identity Center; without a vault, the `sso-session` sections",
)
SIGN_INS: dict[str, Rows] = {
    "sso login": SIGN_IN,
    "sso status": {
        "sessions": (OBJECTS, ALWAYS, "the stored sign-ins, then the other `sso-session` sections"),
        **{f"sessions[].{name}": row for name, row in LISTED.items()},
    },
    "sso logout": {
        "sessions": (OBJECTS, ALWAYS, "the sign-ins that were deleted here"),
        **{f"sessions[].{name}": row for name, row in _PLACE.items()},
        "sessions[].ended_at_aws": (BOOLEAN, ALWAYS, "whether it has ended at AWS too"),
        "cached_sessions": (NUMBER, ALWAYS, "how many cached sessions of its roles were deleted"),
    },
}
