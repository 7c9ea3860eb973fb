"""The accounts that the stand-in plays: everything a test may look at or turn, under one lock."""

from __future__ import annotations

import base64
import secrets
import threading
from typing import Any

from tests.fakes import example
from tests.fakes.identitycenter import IdentityCenter
from tests.fakes.model import AccessKey, Clock, Device, Role, Session, User

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# With which requests a key in its flapping time is known; starts with a hit, so that one good answer proves nothing.
FLAPPING = (True, False, True, True, False, False, True, False)


def new_id(prefix: str, length: int = 16) -> str:
    return prefix + "".join(secrets.choice(KEY_ALPHABET) for _ in range(length))


class World:
    """Users, keys, devices, roles and sessions of some accounts, and the knobs of their services."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.users: dict[str, User] = {}  # by ARN, as all below
        self.keys: dict[str, AccessKey] = {}  # by id
        self.devices: dict[str, Device] = {}  # by serial
        self.roles: dict[str, Role] = {}
        self.sessions: dict[str, Session] = {}  # by id
        self.issuers: dict[str, str] = {}  # OIDC issuer -> HMAC key
        self.disabled_regions: set[tuple[str, str]] = set()  # (account, region)
        self.only_region: str | None = None  # the region this endpoint serves; None: any
        self.new_key_delay = 0.0  # seconds until a new key is known anywhere
        self.new_key_flapping = 0.0  # seconds after that in which it is known only sometimes
        self.flapping = FLAPPING
        self.role_seconds: float | None = None  # how long a role's session lasts, whatever was asked for
        self.max_skew = 900.0  # seconds; AWS's
        self.gives_reasons = True  # whether a refused AssumeRole names the kind of policy that refuses
        self.service_control: dict[
            str, list[str]
        ] = {}  # account -> service control policies that deny, as JSON
        self.packed_most = (
            1024  # bytes of packed session policies; AWS does not describe its form, here it is compressed
        )
        self.sso = IdentityCenter()
        self.metadata_role: str | None = None  # ARN of the instance's role
        self.metadata_tokens: dict[str, float] = {}  # IMDSv2 token -> end
        self.container_role: str | None = None
        self.container_token: str | None = None
        self.signin_tokens: dict[str, tuple[str, float]] = {}  # sign-in token -> key id of the session, end

    @classmethod
    def example(cls) -> World:
        """The accounts of the README: shared-services, dev and prod."""
        world = cls()
        example.fill(world)
        return world

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> World:
        """A world from `{"users":[…],"roles":[…],"knobs":{…}}`; each item holds the arguments of add_user, add_role."""
        world = cls()
        for user in value.get("users", ()):
            world.add_user(**user)
        for role in value.get("roles", ()):
            world.add_role(**role)
        for name, knob in value.get("knobs", {}).items():
            if name not in {
                "only_region",
                "new_key_delay",
                "new_key_flapping",
                "max_skew",
                "packed_most",
                "metadata_role",
                "container_role",
                "container_token",
                "issuers",
            }:
                raise ValueError(f"no such knob: {name}")
            setattr(world, name, knob)
        return world

    def now(self) -> float:
        return self.clock.now()

    # --- building

    def add_user(
        self,
        name: str,
        *,
        account: str = "111111111111",
        key: Iterable[str] | None = None,
        seed: str | None = None,
        serial: str | None = None,
        algorithm: str = "SHA1",
        path: str = "/",
        **policy: Any,
    ) -> User:
        """A user, with an access key `(id, secret)` and an enabled device if `seed` is given."""
        user = User(name=name, account=account, user_id=new_id("AIDA", 17), path=path, created=self.now())
        for field, value in policy.items():
            setattr(user, field, set(value) if field == "denied" else value)
        self.users[user.arn] = user
        if key is not None:
            key_id, secret = key
            self.add_key(user, key_id=key_id, secret=secret)
        if seed is not None:
            self.add_device(
                serial or f"arn:aws:iam::{account}:mfa/{name}", seed=seed, user=user, algorithm=algorithm
            )
        return user

    def add_key(self, user: User, *, key_id: str | None = None, secret: str | None = None) -> AccessKey:
        """A key that is good at once; CreateAccessKey's own keys obey the knobs."""
        key = AccessKey(
            id=key_id or new_id("AKIA"), secret=secret or new_secret(), user=user.arn, created=self.now()
        )
        self.keys[key.id] = key
        return key

    def add_device(
        self, serial: str, *, seed: str, user: User | None = None, algorithm: str = "SHA1"
    ) -> Device:
        device = Device(serial=serial, seed=seed, algorithm=algorithm)
        if user is not None:
            device.user, device.enabled = user.arn, self.now()
        self.devices[serial] = device
        return device

    def add_role(self, arn: str, **fields: Any) -> Role:
        fields["trusts"] = tuple(fields.get("trusts", ()))
        fields["denied"] = set(fields.get("denied", ()))
        role = Role(arn=arn, role_id=new_id("AROA", 17), **fields)
        self.roles[arn] = role
        return role

    def assign(self, account: str, *names: str, account_name: str = "") -> None:
        """Roles of Identity Center that the person who signs in may take; made where there are none."""
        self.sso.names.setdefault(account, account_name or f"account-{account}")
        for name in names:
            if (arn := f"arn:aws:iam::{account}:role/{name}") not in self.roles:
                self.add_role(arn, trusts=("sso.amazonaws.com",))
            self.sso.assigned.setdefault(account, {})[name] = None

    def add_session(
        self, *, kind: str, account: str, arn: str, user_id: str, seconds: float, **more: Any
    ) -> Session:
        now = self.now()
        if kind == "role" and self.role_seconds is not None:
            seconds = self.role_seconds
        # 48 + 216 bytes: as long as a real session token, and with the characters that quoting gets wrong (+ / =).
        token = "FwoGZXIvYXdzE+/" + base64.b64encode(secrets.token_bytes(217)).decode()
        session = Session(
            key_id=new_id("ASIA"),
            secret=new_secret(),
            token=token,
            kind=kind,
            account=account,
            arn=arn,
            user_id=user_id,
            issued=now,
            expires=now + seconds,
            **more,
        )
        self.sessions[session.key_id] = session
        return session

    # --- looking

    def user(self, name: str, account: str = "111111111111") -> User:
        for user in self.users.values():
            if user.name == name and user.account == account:
                return user
        raise KeyError(name)

    def keys_of(self, user: User) -> list[AccessKey]:
        return [key for key in self.keys.values() if key.user == user.arn]

    def devices_of(self, user: User) -> list[Device]:
        return [device for device in self.devices.values() if device.user == user.arn]

    def code(self, serial: str | None = None, *, steps: int = 0) -> str:
        """The code that the device shows now, or `steps` steps later (negative: earlier)."""
        device = self.devices[serial or next(iter(self.devices))]
        return device.code(device.step(self.now()) + steps)

    @staticmethod
    def new_seed() -> str:
        """64 characters of base32, as AWS gives."""
        return base64.b32encode(secrets.token_bytes(40)).decode()

    @staticmethod
    def new_token() -> str:
        """An opaque token of a metadata service or the sign-in page."""
        return secrets.token_urlsafe(42)

    # --- turning

    def expire(self, key_id: str | None = None) -> int:
        """Ends one session, or all of them, now; returns how many."""
        with self.lock:
            chosen = [s for s in self.sessions.values() if key_id in (None, s.key_id)]
            for session in chosen:
                session.expires = min(session.expires, self.now() - 1)
            return len(chosen)


def new_secret() -> str:
    return base64.b64encode(secrets.token_bytes(30)).decode()
