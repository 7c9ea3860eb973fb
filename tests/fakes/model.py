"""What the stand-in's world is made of: users, keys, devices, roles, sessions. Values only, no rules."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field

from tests.fakes import codes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    """The stand-in's own time in Unix seconds: the machine's plus an offset, or one frozen moment."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.frozen: float | None = None

    def now(self) -> float:
        return (time.time() if self.frozen is None else self.frozen) + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += seconds

    def freeze(self, at: float | None = None) -> None:
        """Stops at `at` (default: now)."""
        self.frozen = self.now() if at is None else at
        self.offset = 0.0

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """No time passes in the block: a code stays good, however long the one who types it takes."""
        self.frozen, before = self.now() - self.offset, self.frozen
        try:
            yield
        finally:
            self.frozen = before


@dataclass(slots=True)
class AccessKey:
    id: str
    secret: str
    user: str  # the user's ARN
    status: str = "Active"
    created: float = 0.0
    valid_from: float = 0.0  # before this the key is unknown everywhere
    steady_from: float = 0.0  # from valid_from to here it flaps
    uses_while_flapping: int = 0
    last_used: float | None = None
    last_service: str = "N/A"
    last_region: str = "N/A"


@dataclass(slots=True)
class Device:
    serial: str
    seed: str  # base32
    user: str | None = None  # ARN of the user it is enabled for
    algorithm: str = "SHA1"
    digits: int = 6
    period: int = 30
    drift: int = 0  # steps by which the device's clock runs ahead, as a resync found
    last_step: int = -1  # the last step of which a code was accepted
    enabled: float = 0.0

    def code(self, step: int) -> str:
        return codes.code_of_step(self.seed, step, algorithm=self.algorithm, digits=self.digits)

    def step(self, when: float) -> int:
        return int(when // self.period) + self.drift


@dataclass(slots=True)
class User:
    name: str
    account: str
    user_id: str
    path: str = "/"
    created: float = 0.0
    # What the user's identity policy says:
    denied: set[str] = field(default_factory=set)  # actions such as "iam:CreateAccessKey" or "iam:*"
    require_mfa_for_iam: bool = False
    own_device_name_only: bool = False  # devices only as mfa/${aws:username}
    policies: list[str] | None = None  # identity policies as JSON; None: one that allows everything
    revoked_before: float = 0.0  # sessions issued earlier are refused everything

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:user{self.path}{self.name}"


@dataclass(slots=True)
class Role:
    arn: str
    role_id: str
    trusts: tuple[
        str, ...
    ] = ()  # ARNs of users and roles, "arn:…:root" of accounts, "oidc:ISSUER", service names
    mfa: bool = False  # the trust policy asks for aws:MultiFactorAuthPresent
    external_id: str | None = None
    max_session: int = 3600
    allows_tags: bool = False  # sts:TagSession
    allows_source_identity: bool = False  # sts:SetSourceIdentity
    needs_source_identity: bool = False
    needs_user_name: bool = False  # sts:RoleSessionName must be ${aws:username}
    audience: str | None = None  # for oidc trusts
    subject: str | None = None
    denied: set[str] = field(default_factory=set)
    policies: list[str] | None = None  # as of a user
    trust_added: list[str] = field(
        default_factory=list
    )  # statements of the trust policy beside the fields above

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def partition(self) -> str:
        return self.arn.split(":")[1]

    @property
    def name(self) -> str:
        return self.arn.rsplit("/", 1)[1]


@dataclass(slots=True)
class Session:
    """Temporary credentials. `kind` is "session" (GetSessionToken), "federation" or "role"."""

    key_id: str
    secret: str
    token: str
    kind: str
    account: str
    arn: str
    user_id: str
    issued: float
    expires: float
    user: str | None = None
    role: str | None = None
    mfa: bool = False
    chained: bool = False  # given to a caller that held a session itself
    source_identity: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    transitive: dict[str, str] = field(default_factory=dict)
    policies: tuple[str, ...] = ()  # documents and ARNs; without any, a role's session has none


@dataclass(slots=True)
class Caller:
    """Who signed a request, as AWS sees it."""

    key_id: str
    account: str
    arn: str
    user_id: str
    region: str
    user: User | None = None
    role: Role | None = None
    session: Session | None = None

    @property
    def long_term(self) -> bool:
        return self.session is None

    @property
    def mfa(self) -> bool:
        return self.session is not None and self.session.mfa

    @property
    def holder(self) -> User | Role | None:
        """Whose identity policies count: the role's in a session of it, else the user's."""
        return self.role or self.user

    @property
    def denied(self) -> set[str]:
        return self.holder.denied if self.holder is not None else set()
