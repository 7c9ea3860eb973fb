"""A sign-in to IAM Identity Center as a value, and its sealed JSON to and from it (format.md 7). Pure. No error quotes a value."""

from __future__ import annotations

from vault import limits
from vault.frozen import dataclass, field, replace
from vault.secret import Secret
from vault.store import strict_json
from vault.store.padding import pad, unpad
from vault.store.strict_json import Json, JsonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.chain import Sso

_KNOWN = ("v", "session", "start_url", "region", "scopes", "began", "client", "access", "refresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPlace:
    """Where a user signs in. ``session`` is the name of the ``sso-session`` section, None without one."""

    session: str | None
    start_url: str
    region: str

    @classmethod
    def of(cls, source: Sso) -> SignInPlace:
        """The place of a profile."""
        return cls(session=source.session, start_url=source.start_url, region=source.region.lower())

    @property
    def name(self) -> str:
        """What users and the AWS CLI call it: the section's name or the start URL."""
        return self.session if self.session is not None else self.start_url

    @property
    def identity(self) -> bytes:
        """What names its file."""
        kind = b"session" if self.session is not None else b"url"
        return kind + b"\0" + self.name.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What the portal takes for the credentials of every role. Times are Unix seconds."""

    token: Secret
    issued: int
    expires: int

    def due(self, now: float) -> bool:
        """Whether it must be refreshed ahead: it expires soon, compared with its TTL."""
        ahead = min(limits.SIGN_IN_AHEAD, (self.expires - self.issued) // 4)
        return self.expires - now <= ahead or self.over(now)

    def over(self, now: float) -> bool:
        """Whether the portal will not take it any more."""
        return self.expires - now <= limits.SIGN_IN_FLOOR


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRecord:
    """The registration of awsvault-py as a client of the place; ``device``: for device codes."""

    client_id: str
    secret: Secret
    expires: int
    device: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRecord:
    """A sign-in. ``access`` and ``refresh`` are None if it is over. ``began``: when the user signed in."""

    place: SignInPlace
    scopes: tuple[str, ...]
    client: ClientRecord
    began: int
    access: AccessToken | None = None
    refresh: Secret | None = None
    unknown: dict[str, Json] = field(default_factory=dict, repr=False)

    def refreshes(self, now: float) -> bool:
        """Whether the access token can be refreshed."""
        return self.access is not None and self.refresh is not None and self.client.expires > now

    def usable(self, now: float) -> bool:
        """Whether exports can use it, as far as is known without AWS."""
        return self.access is not None and (self.refreshes(now) or not self.access.over(now))

    def without_client(self) -> SignInRecord:
        """The record, with a registration that no sign-in uses again: AWS does not know it any more."""
        return replace(self, client=replace(self.client, expires=0))

    def ended(self) -> SignInRecord:
        """The record of a sign-in that is over: only the registration is left."""
        return replace(self, access=None, refresh=None)


def encode(record: SignInRecord) -> bytes:
    """The padded plaintext. JsonError if a text cannot be stored."""
    place, client, access = record.place, record.client, record.access
    value: dict[str, Json] = {
        **record.unknown,
        "v": 1,
        "start_url": place.start_url,
        "region": place.region,
        "scopes": list(record.scopes),
        "began": record.began,
        "client": {
            "id": client.client_id,
            "secret": client.secret.reveal_text(),
            "expires": client.expires,
            **({"device": True} if client.device else {}),
        },
    }
    if place.session is not None:
        value["session"] = place.session
    if access is not None:
        value["access"] = {
            "token": access.token.reveal_text(),
            "issued": access.issued,
            "expires": access.expires,
        }
    if record.refresh is not None:
        value["refresh"] = record.refresh.reveal_text()
    return pad(strict_json.compact(value), step=limits.PAD_MAIN)


def decode(plaintext: bytes) -> SignInRecord:
    """The inverse of ``encode``; JsonError if the plaintext has another form."""
    value = strict_json.object_of(strict_json.parse(unpad(plaintext)), "a sign-in")
    if _integer(value, "v") != 1:
        raise JsonError("the sign-in is not of version 1")
    client = _client(value)
    access = None
    if "access" in value:
        found = _object(value, "access", ("token", "issued", "expires"))
        token = Secret(_text(found, "token"))
        access = AccessToken(
            token=token, issued=_integer(found, "issued"), expires=_integer(found, "expires")
        )
    return SignInRecord(
        place=SignInPlace(
            session=_text(value, "session") if "session" in value else None,
            start_url=_text(value, "start_url"),
            region=_text(value, "region"),
        ),
        scopes=tuple(
            strict_json.text_of(one, "scopes") for one in strict_json.list_of(value.get("scopes"), "scopes")
        ),
        client=client,
        began=_integer(value, "began"),
        access=access,
        refresh=Secret(_text(value, "refresh")) if "refresh" in value else None,
        unknown={key: kept for key, kept in value.items() if key not in _KNOWN},
    )


def _client(value: dict[str, Json]) -> ClientRecord:
    found = strict_json.object_of(value.get("client"), "client")
    device = strict_json.boolean_of(found.get("device", False), "device")
    strict_json.exact_keys(
        {**found, "device": device}, frozenset({"id", "secret", "expires", "device"}), "client"
    )
    return ClientRecord(
        client_id=_text(found, "id"),
        secret=Secret(_text(found, "secret")),
        expires=_integer(found, "expires"),
        device=device,
    )


def _object(value: dict[str, Json], key: str, keys: tuple[str, ...]) -> dict[str, Json]:
    found = strict_json.object_of(value.get(key), key)
    strict_json.exact_keys(found, frozenset(keys), key)
    return found


def _text(value: dict[str, Json], key: str) -> str:
    return strict_json.text_of(value.get(key), key)


def _integer(value: dict[str, Json], key: str) -> int:
    return strict_json.integer_of(value.get(key), key)
