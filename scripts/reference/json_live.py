"""What scripts/make-reference says about the JSON of explain --live (see json_output.py)."""

from __future__ import annotations

from scripts.reference.json_types import (
    ALWAYS,
    BOOLEAN,
    NUMBER,
    OBJECT,
    OBJECTS,
    TEXT,
    TEXTS,
    TIME,
    Rows,
    one_of,
)

_REFUSED = "if a link is refused"
LIVE: dict[str, Rows] = {
    "explain PROFILE --live": {
        "profile": (TEXT, ALWAYS, "its whole name"),
        "passed": (BOOLEAN, ALWAYS, "whether AWS refused nothing"),
        "links": (OBJECTS, ALWAYS, "the calls of the chain, in order"),
        "links[].type": (
            one_of("source", "session-token", "assume-role"),
            ALWAYS,
            "credentials from outside the vault; GetSessionToken; AssumeRole",
        ),
        "links[].role_arn": (TEXT, "for `assume-role`", ""),
        "links[].result": (
            one_of("passed", "refused", "not-run"),
            ALWAYS,
            "`not-run`: an earlier link was refused",
        ),
        "links[].cached": (BOOLEAN, ALWAYS, "whether the session came from the cache"),
        "links[].expires": (TIME, "if `passed`, for a session", "the expiry of the session, which was not kept"),
        "identity": (TEXT, "for a key without links", "its ARN"),
        "refused_link": (NUMBER, _REFUSED, "its number, counted from 1"),
        "code": (TEXT, _REFUSED, "AWS's error code, such as `AccessDenied`"),
        "answer": (TEXT, _REFUSED, "AWS's message"),
        "caller": (TEXT, "if known", "the ARN of the identity that was refused"),
        "side": (
            one_of("caller", "role", "profile", "organization", "session", "account", "unknown"),
            "if known",
            "the side of all causes",
        ),
        "certain": (BOOLEAN, _REFUSED, "whether all `causes` hold; otherwise it is one of them, or several"),
        "causes": (OBJECTS, _REFUSED, ""),
        "causes[].cause": (
            one_of(
                "identity-policy", "identity-deny", "permissions-boundary", "trust-policy", "trust-deny",
                "trust-condition", "role-missing", "mfa-missing", "mfa-device", "mfa-code", "external-id",
                "session-name", "source-identity", "session-tags", "duration", "organization-policy",
                "session-policy", "endpoint-policy", "region-off", "other",
            ),
            ALWAYS,
            "",
        ),
        "causes[].side": (
            one_of("caller", "role", "profile", "organization", "session", "account", "unknown"),
            ALWAYS,
            "who refuses, or where it is set",
        ),
        "causes[].found": (TEXT, ALWAYS, "what is wrong"),
        "causes[].change": (TEXT, ALWAYS, "what to do"),
        "unread": (TEXTS, _REFUSED, "what AWS did not let the caller read"),
        "identity_policy": (OBJECT, "if it may help", "an IAM policy for the caller's user or role"),
        "trust_statement": (OBJECT, "if it may help", "a statement for the role's trust policy"),
    },
}  # fmt: skip
