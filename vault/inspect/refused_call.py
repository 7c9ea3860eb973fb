"""A call to STS that AWS refused, as a value: who sent it, with what, and where the profile sets that. Pure."""

from __future__ import annotations

from vault.records import NamedTuple

ASSUME_ROLE, TAG_SESSION, SET_SOURCE_IDENTITY = "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"
MFA_KEY, MFA_AGE_KEY = "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"
EXTERNAL_ID_KEY = "sts:ExternalId"
SESSION_NAME_KEY, SOURCE_IDENTITY_KEY = "sts:RoleSessionName", "sts:SourceIdentity"
_SSO_ROLE = "AWSReservedSSO_"


class RefusedCall(NamedTuple):
    """The call of one link. Without ``role_arn`` it is not AssumeRole, and most fields are empty.

    ``caller`` is the ARN that GetCallerIdentity gave, ``principal`` the ARN of its user or role as policies name it; both
    are empty if AWS did not tell. ``path_unknown``: the role's path is missing in ``principal``. ``mfa`` is None if it is
    unknown whether the caller's session has MFA. ``named``: the profile sets the session name. ``tagged``: the session
    gets tags, its own or inherited ones. ``temporary``: a session signed the call. ``duration_place`` and ``serial_place`` are files and lines, or empty.
    """

    role_arn: str = ""
    caller: str = ""
    principal: str = ""
    profile: str = ""
    entry: str = ""
    mfa: bool | None = False
    serial: str | None = None
    serial_place: str = ""
    external_id: str | None = None
    session_name: str = ""
    named: bool = False
    source_identity: str | None = None
    tagged: bool = False
    duration: int = 0
    duration_place: str = ""
    region: str = ""
    temporary: bool = True
    path_unknown: bool = False

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that both sides must allow."""
        more = (TAG_SESSION,) if self.tagged else ()
        return (ASSUME_ROLE, *more, *((SET_SOURCE_IDENTITY,) if self.source_identity else ()))

    @property
    def role_account(self) -> str:
        """The account of the role."""
        return account_of(self.role_arn)

    @property
    def role_name(self) -> str:
        """The role's name without its path."""
        return self.role_arn.rpartition("/")[2]

    @property
    def caller_account(self) -> str:
        """The account of the caller, empty if unknown."""
        return account_of(self.caller)

    @property
    def same_account(self) -> bool:
        """Whether caller and role are in one account, whose IAM the caller can ask about the role."""
        return bool(self.caller_account) and self.caller_account == self.role_account

    @property
    def user(self) -> str | None:
        """The name of the calling IAM user; None for a role or an unknown caller."""
        kind, _, path = self.caller.rpartition(":")[2].partition("/")
        return path.rpartition("/")[2] if kind == "user" and path else None

    @property
    def caller_text(self) -> str:
        """``user yourself`` or ``role Hop1``, for sentences."""
        if self.user is not None:
            return f"user {self.user}"
        name = self.principal.rpartition("/")[2]
        return f"role {name}" if name else "the caller"

    @property
    def by_sso_role(self) -> bool:
        """Whether the caller has a role that IAM Identity Center made."""
        return self.principal.rpartition("/")[2].startswith(_SSO_ROLE)

    def context(self) -> dict[str, str | None]:
        """The condition keys whose values are known; None: the request does not have the key."""
        found: dict[str, str | None] = {
            EXTERNAL_ID_KEY: self.external_id,
            SESSION_NAME_KEY: self.session_name,
            SOURCE_IDENTITY_KEY: self.source_identity,
        }
        if self.mfa is not None:
            held = "true" if self.mfa else "false"
            found[MFA_KEY] = held if self.mfa or self.temporary else None
        if self.principal and not self.path_unknown:
            found["aws:PrincipalArn"] = self.principal
        if self.caller_account:
            found["aws:PrincipalAccount"] = self.caller_account
        if self.caller:
            found["aws:username"] = self.user
        return found


def account_of(arn: str) -> str:
    """The account of an ARN; empty if it has none."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""


def is_path_unknown(caller: str, *, role_arn: str | None) -> bool:
    """Whether ``principal_of`` can only give the role's name, to which a path may belong."""
    name = caller.split(":", 5)[-1].split("/")
    return name[0] == "assumed-role" and (role_arn is None or role_arn.rpartition("/")[2] != name[1])


def principal_of(caller: str, *, role_arn: str | None) -> str:
    """The ARN of the user or role as policies name it. ``role_arn`` is the role of the link before, if it is known."""
    parts = caller.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("assumed-role/"):
        return caller
    name = parts[5].split("/")[1]
    if role_arn is not None and role_arn.rpartition("/")[2] == name:
        return role_arn
    return f"arn:{parts[1]}:iam::{parts[4]}:role/{name}"  # its path is not in the caller's ARN
