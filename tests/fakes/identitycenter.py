"""Identity Center's side of the world: who may take which role, what was given out, and the knobs. Answers nothing itself."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field

HOUR = 3600.0
USER_CODE = "BCDFGHJKLMNPQRSTVWXZ"


@dataclass
class SignIn:
    """One consent of the user. All its tokens end with it."""

    ends: float


@dataclass
class Client:
    """A registered program. `grants` None: any grant, as it named none."""

    secret: str
    ends: float
    scopes: tuple[str, ...]
    grants: tuple[str, ...] | None
    redirects: tuple[str, ...]


@dataclass
class Device:
    """A device that waits for its token. `answer`: "", "yes", "no", "used"."""

    client: str
    user_code: str
    ends: float
    interval: float
    answer: str = ""
    polled: float = -math.inf


@dataclass
class Code:
    """What the browser brought home: good once, for who knows the challenge's verifier."""

    client: str
    challenge: str
    redirect: str
    ends: float


@dataclass
class IdentityCenter:
    """`person`: "yes" (at once), "no" (at once), "away" (never answers) or "browser" (on the page, with its buttons)."""

    person: str = "yes"
    page: str = (
        "https://device.sso.us-east-1.amazonaws.com/"  # where a code is typed; "" for this stand-in's own
    )
    own_start_url: str = "https://d-1234567890.awsapps.com/start"  # where a company's own name leads
    start_urls: set[str] | None = None  # those that this region knows; None: any
    client_life: float = 90 * 24 * HOUR
    device_life: float = 600.0
    interval: float = 1.0
    code_life: float = 300.0
    token_life: float = HOUR  # of an access token that can be refreshed
    fixed_life: float = 8 * HOUR  # of one without scopes
    session_life: float = 8 * HOUR
    rotates: bool = True  # a refresh token is good once, and the answer has the next one
    rate: float | None = None  # requests a second to the portal in all, as many at once; None: no limit
    credentials_life: float = HOUR

    assigned: dict[str, dict[str, None]] = field(default_factory=dict)  # account -> role names in their order
    names: dict[str, str] = field(default_factory=dict)  # account -> its name
    clients: dict[str, Client] = field(default_factory=dict)  # by id
    devices: dict[str, Device] = field(default_factory=dict)  # by device code
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, tuple[float, SignIn]] = field(
        default_factory=dict
    )  # access token -> its end, its sign-in
    refresh: dict[str, tuple[str, SignIn]] = field(
        default_factory=dict
    )  # refresh token -> client id, its sign-in
    pages: dict[str, list[str]] = field(default_factory=dict)  # next_token -> the list that it goes on with
    _level: float = 0.0  # of the bucket: requests that are not yet forgotten
    _seen: float = 0.0

    def give_access(self, token: str, *, ends: float = math.inf, sign_in: SignIn | None = None) -> None:
        self.access[token] = ends, sign_in or SignIn(math.inf)

    def may_use(self, token: str, now: float) -> bool:
        ends, sign_in = self.access.get(token, (0.0, SignIn(0.0)))
        return now < min(ends, sign_in.ends)

    def end(self, token: str) -> None:
        """Ends the sign-in of an access token, with all that it gave."""
        self.access[token][1].ends = -math.inf

    def expire_access(self) -> int:
        """Ends each access token now; refresh tokens stay good. Returns how many."""
        for token, (_, sign_in) in self.access.items():
            self.access[token] = -math.inf, sign_in
        return len(self.access)

    def expire_sign_ins(self) -> None:
        """The portal session of everyone is over."""
        for _, sign_in in (*self.access.values(), *self.refresh.values()):
            sign_in.ends = -math.inf

    def new_user_code(self) -> str:
        letters = "".join(secrets.choice(USER_CODE) for _ in range(8))
        return f"{letters[:4]}-{letters[4:]}"

    def spills(self, now: float) -> bool:
        """Whether one more request is too much for the bucket; if not, it is counted."""
        if self.rate is None:
            return False
        self._level = max(0.0, self._level - (now - self._seen) * self.rate)
        self._seen = now
        if self._level + 1 > self.rate:
            return True
        self._level += 1
        return False
