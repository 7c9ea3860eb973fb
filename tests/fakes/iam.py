"""Identity and access management: users and their access keys."""

from __future__ import annotations

from typing import Any

from tests.fakes import auth, iamroles, mfadevices
from tests.fakes.iamcommon import gone, named_user, page, user_fields
from tests.fakes.refusal import Refusal, invalid_client_token
from tests.fakes.xmlanswer import when

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.model import AccessKey, Caller, User
    from tests.fakes.world import World

KEYS_A_USER = 2


def get_user(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    user = named_user(world, caller, parameters, "GetUser", session_of_user_will_do=True)
    return {"User": user_fields(user)}


def create_access_key(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    user = named_user(world, caller, parameters, "CreateAccessKey")
    if len(world.keys_of(user)) >= KEYS_A_USER:
        raise Refusal(409, "LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {KEYS_A_USER}")
    key = world.add_key(user)
    key.valid_from = key.created + world.new_key_delay
    key.steady_from = key.valid_from + world.new_key_flapping
    fields = {
        "UserName": user.name,
        "AccessKeyId": key.id,
        "Status": key.status,
        "SecretAccessKey": key.secret,
        "CreateDate": when(key.created),
    }
    return {"AccessKey": fields}


def update_access_key(world: World, caller: Caller, parameters: dict[str, str]) -> None:
    key = _key(world, named_user(world, caller, parameters, "UpdateAccessKey"), parameters["AccessKeyId"])
    key.status = parameters["Status"]


def delete_access_key(world: World, caller: Caller, parameters: dict[str, str]) -> None:
    key = _key(world, named_user(world, caller, parameters, "DeleteAccessKey"), parameters["AccessKeyId"])
    del world.keys[key.id]


def list_access_keys(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    user = named_user(world, caller, parameters, "ListAccessKeys")
    items = [
        {"UserName": user.name, "AccessKeyId": key.id, "Status": key.status, "CreateDate": when(key.created)}
        for key in world.keys_of(user)
    ]
    return page("AccessKeyMetadata", items, parameters)


def get_access_key_last_used(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    key = world.keys.get(parameters["AccessKeyId"])
    if key is None:
        raise gone(f"The Access Key with id {parameters['AccessKeyId']} cannot be found.")
    user = world.users[key.user]
    auth.authorize(caller, "iam:GetAccessKeyLastUsed", f"user {user.name}")
    used = {
        "LastUsedDate": when(key.last_used) if key.last_used is not None else None,
        "ServiceName": key.last_service,
        "Region": key.last_region,
    }
    return {"UserName": user.name, "AccessKeyLastUsed": used}


def _key(world: World, user: User, key_id: str) -> AccessKey:
    key = world.keys.get(key_id)
    if key is None or key.user != user.arn:
        raise gone(f"The Access Key with id {key_id} cannot be found.")
    return key


def guarded(action: Callable[..., Any]) -> Callable[..., Any]:
    """IAM refuses the credentials of GetFederationToken, and of a GetSessionToken call that was made without MFA."""

    def call(world: World, caller: Caller, parameters: dict[str, str]) -> Any:
        if caller.session is not None and caller.session.kind != "role" and not caller.mfa:
            raise invalid_client_token(full_stop=False)
        return action(world, caller, parameters)

    return call


ACTIONS: dict[str, Callable[..., Any]] = {
    name: guarded(action)
    for name, action in {
        "GetUser": get_user,
        "CreateAccessKey": create_access_key,
        "UpdateAccessKey": update_access_key,
        "DeleteAccessKey": delete_access_key,
        "ListAccessKeys": list_access_keys,
        "GetAccessKeyLastUsed": get_access_key_last_used,
        **mfadevices.ACTIONS,
        **iamroles.ACTIONS,
    }.items()
}
