"""What all actions of IAM share: whose user is meant, pages of a list, the usual refusals."""

from __future__ import annotations

from typing import Any

from tests.fakes import auth
from tests.fakes.refusal import Refusal, denied, validation
from tests.fakes.xmlanswer import when

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.fakes.model import Caller, User
    from tests.fakes.world import World


def gone(message: str) -> Refusal:
    return Refusal(404, "NoSuchEntity", message)


def named_user(
    world: World,
    caller: Caller,
    parameters: dict[str, str],
    action: str,
    *,
    session_of_user_will_do: bool = False,
) -> User:
    """The user that a request is about, after the caller's policy has been asked.

    Without UserName it is the owner of the long-term key that signed; temporary credentials must name the user.
    """
    name = parameters.get("UserName")
    if name is None:
        if caller.user is None or not (caller.long_term or session_of_user_will_do):
            raise validation("Must specify userName when calling with non-User credentials")
        auth.authorize(caller, f"iam:{action}", f"user {caller.user.name}")
        return caller.user
    auth.authorize(caller, f"iam:{action}", f"user {name}")
    for user in world.users.values():
        if user.account == caller.account and user.name.lower() == name.lower():
            return user
    raise gone(f"The user with name {name} cannot be found.")


def own_device_only(caller: Caller, action: str, serial: str) -> None:
    """The knob for a policy whose resource is mfa/${aws:username}."""
    user = caller.user
    if (
        user is not None
        and user.own_device_name_only
        and serial != f"arn:aws:iam::{user.account}:mfa/{user.name}"
    ):
        raise denied(
            caller.arn,
            f"iam:{action}",
            serial,
            why=f"because no identity-based policy allows the iam:{action} action",
        )


def user_fields(user: User) -> dict[str, Any]:
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.user_id,
        "Arn": user.arn,
        "CreateDate": when(user.created),
    }


def page(name: str, items: list[dict[str, Any]], parameters: dict[str, str]) -> dict[str, Any]:
    """One page of a list; the marker is the number of the next item."""
    marker = parameters.get("Marker", "0")
    if not marker.isdigit():
        raise validation("Invalid Marker.")
    start, most = int(marker), int(parameters.get("MaxItems", 100))
    more = start + most < len(items)
    answer: dict[str, Any] = {name: items[start : start + most], "IsTruncated": more}
    if more:
        answer["Marker"] = str(start + most)
    return answer
