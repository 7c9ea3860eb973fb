"""How a sync reaches the bucket: where it is, which credentials sign, and how its file opens. Prints nothing.

The environment's credentials come first, so that a user can sync for one run by others than the profile's, which AWS may refuse.
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws.connections import ConnectionPool
from vault.aws.fetched import check_fields, json_object
from vault.credentials import obtain, planned
from vault.credentials.request import Request
from vault.http.target import parse_target
from vault.keys.service_endpoints import chosen_region
from vault.machines import without_vault
from vault.profiles import aws_files
from vault.profiles.chain import NamedSource, StaticKeys, VaultKey
from vault.profiles.credential_variables import session_token_in
from vault.profiles.endpoints import partition_of
from vault.remote import join
from vault.s3 import address
from vault.s3.boto_s3 import S3Client
from vault.store import vault
from vault.store.slots.recovery import read_code
from vault.sync.local import BucketPlace
from vault.text import safe
from vault.unlocking.keys import OpenedKeys
from vault.upkeep.secret_prompt import open_with_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.credentials import Credentials
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.context import Context
    from vault.keys.endpoint_trust import EndpointTrust
    from vault.profiles.aws_files import Setting
    from vault.remote.judge import Ask
    from vault.s3.boto_s3 import S3Object
    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.store.opened import Opened
    from vault.system.clock import Deadline

_REASON = "it would get the sealed vault, and requests that the key or session signs"
_BY_ENVIRONMENT = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for this run"
_FOR_THE_REMOTE = ", or trust it for this remote: --trust-endpoint"


def place_of(
    context: Context,
    url: str,
    *,
    profile: str | None = None,
    endpoint: str | None = None,
    region: str | None = None,
    kms: str | None = None,
) -> BucketPlace:
    """What the user named, checked. The region is that of --region, else of the environment or the profile. Usage, ConfigError."""
    found = address.parse(url)
    if region is None:
        config = aws_files.load(context.env, home=context.paths.home)
        region = chosen_region(context, None if profile is None else config.profile(profile))
    region = region or partition_of("").region
    place = BucketPlace(url=found.url, endpoint=endpoint, region=region, profile=profile, kms=kms)
    _endpoint(context, place)
    if kms is not None:
        address.check_kms_key(kms, region=region)
    return place


def check_trust(context: Context, place: BucketPlace, trust: EndpointTrust) -> None:
    """Untrusted if the host is not AWS's own and the user has not said in writing that it is theirs."""
    trust.check(_endpoint(context, place), reason=_REASON, hint=_FOR_THE_REMOTE)


def client(
    context: Context, place: BucketPlace, credentials: Credentials, *, deadline: Deadline | None = None
) -> S3Client:
    """S3 where the remote is. Its endpoint was trusted when the remote was added. ``deadline``: of a sync that nobody waits for.
    ConfigError.
    """
    at = _endpoint(context, place)
    to = parse_target(at.url)
    trusted = () if to is None or place.endpoint is None else (to.host,)
    return S3Client(
        credentials,
        endpoint=at._replace(
            trusted_hosts=(*at.trusted_hosts, *trusted),
            pool=ConnectionPool(),
            ca_bundle=_ca_bundle(context, place),
        ),
        deadline=deadline or context.with_deadline(limits.REMOTE_MOST).deadline,
        kms_key=place.kms or "",
    )


def bucket(
    context: Context, place: BucketPlace, credentials: Credentials, *, deadline: Deadline | None = None
) -> S3Object:
    """The object that machines share."""
    return client(context, place, credentials, deadline=deadline).object(address.parse(place.url))


def credentials_for(
    context: Context, place: BucketPlace, opened: Opened | None, *, ask: bool = True
) -> Credentials:
    """The environment's credentials, else the profile's. ``opened``: this machine's vault, if it has one. ``ask``: the user may be
    asked to confirm, or for a touch.

    Errors: ConfigError if there are none, and those of an export.
    """
    env = context.env
    if env.get("AWS_ACCESS_KEY_ID"):
        fields = {
            "AccessKeyId": env["AWS_ACCESS_KEY_ID"],
            "SecretAccessKey": env.get("AWS_SECRET_ACCESS_KEY"),
            "SessionToken": session_token_in(env),
            "Expiration": env.get("AWS_CREDENTIAL_EXPIRATION"),
        }
        return check_fields(fields, what="the environment", now=context.clock.time()).credentials
    profile = place.profile or env.get("AWS_PROFILE")
    if not profile:
        raise errors.ConfigError(
            f"there are no credentials for {safe(place.url)}",
            hint="name a profile by --profile, or "
            + (without_vault.BY_ENVIRONMENT if opened is None else _BY_ENVIRONMENT),
        )
    if opened is None:
        line = without_vault.credentials_line(context, profile)
    else:
        keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
        line = obtain.issue(
            context, Request(profile, ask=ask, programs=ask), keys, planned.load(context)
        ).line
    what = f"profile {safe(profile)}"
    return check_fields(json_object(line, what=what), what=what, now=context.clock.time()).credentials


def source_key(context: Context, place: BucketPlace, opened: Opened) -> str:
    """The ID of the access key with which ``credentials_for`` starts, "" if it is none that is known here. Calls nothing.

    Errors: NotFound, ConfigError.
    """
    env = context.env
    profile = place.profile or env.get("AWS_PROFILE")
    if env.get("AWS_ACCESS_KEY_ID") or not profile:
        return env.get("AWS_ACCESS_KEY_ID", "")
    keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
    match planned.chain_of(context, planned.load(context).config, profile, keys).source:
        case VaultKey(entry=name):
            found = keys.entry(name)
            return found.credentials.access_key_id if found is not None else ""
        case StaticKeys(access_key_id=key_id):
            return key_id
        case NamedSource(name="Environment"):
            return env.get("AWS_ACCESS_KEY_ID", "")
        case _:
            return ""


def ask_for_key(context: Context, place: BucketPlace, *, tell: Callable[[str], None]) -> Ask:
    """How the user opens the bucket's file if its key is not the known one. Meanwhile there is nothing to tell."""
    note = f"The key of {safe(place.url)} was replaced, or is another one. Type the passphrase that opens it."

    def ask(found: VaultFile) -> Secret:
        tell("")
        return typed_key(context, found, note=note)[0]

    return ask


def typed_key(
    context: Context, found: VaultFile, *, note: str, or_typed: bool = False
) -> tuple[Secret, Secret | None]:
    """K_remote by what the user types, and the passphrase; None if it was a recovery code. WrongPassphrase, Locked.

    ``or_typed``: the environment's passphrase may be that of this machine's vault alone.
    """

    def open_with(typed: Secret) -> tuple[Secret, Secret | None]:
        turn = vault.kdf_turn(context.paths, context.new_deadline())
        return join.by_typed(found, typed, turn=turn), typed if read_code(typed) is None else None

    opening: Callable[[Secret], tuple[Secret, Secret | None]] = open_with
    return open_with_secret(context, opening, note=note, or_typed=or_typed)


def _ca_bundle(context: Context, place: BucketPlace) -> Setting | None:
    """The profile's ca_bundle, which verifies every call of the profile. ConfigError."""
    name = place.profile or context.env.get("AWS_PROFILE")
    if not name:
        return None
    profile = aws_files.load(context.env, home=context.paths.home).profile(name)
    return None if profile is None else profile.get("ca_bundle")


def _endpoint(context: Context, place: BucketPlace) -> ServiceEndpoint:
    return address.endpoint(
        place.region or partition_of("").region,
        url=place.endpoint,
        place="--endpoint-url" if place.endpoint is not None else "",
        allow_http=context.settings.allow_http,
        trusted_hosts=context.settings.trusted_hosts,
    )
