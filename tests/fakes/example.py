"""The example world: one user with MFA in shared-services, roles in dev and prod, and one role for each rule."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.fakes.world import World

SHARED, DEV, PROD = "111111111111", "222222222222", "333333333333"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SERIAL = f"arn:aws:iam::{SHARED}:mfa/yourself"
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", the seed of RFC 6238's own vectors
DEVELOPER = f"arn:aws:iam::{DEV}:role/DeveloperRole"
READ_ONLY = f"arn:aws:iam::{PROD}:role/ReadOnlyRole"
ISSUER, ISSUER_KEY = "https://oidc.example", "an-example-issuers-signing-key"
SSO_TOKEN = "example-sso-access-token"
HOPS = 8


def role(name: str, account: str = DEV) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def fill(world: World) -> None:
    """Users: yourself (MFA), colleague (no device), robot (no device, may not use IAM)."""
    home = (f"arn:aws:iam::{SHARED}:root",)
    world.add_user("yourself", account=SHARED, key=(KEY_ID, SECRET), seed=SEED, serial=SERIAL)
    world.add_user(
        "colleague", account=SHARED, key=("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")
    )
    world.add_user(
        "robot",
        account=SHARED,
        denied={"iam:*"},
        key=("AKIAROBOTROBOEXAMPLE", "robotXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    )
    world.add_role(DEVELOPER, trusts=home, mfa=True)
    world.add_role(READ_ONLY, trusts=home, mfa=True)
    world.add_role(role("LongRole"), trusts=home, mfa=True, max_session=43200)
    world.add_role(role("LongOpenRole"), trusts=home, max_session=43200)
    world.add_role(role("OpenRole"), trusts=home)
    world.add_role(role("team/PathRole"), trusts=home)
    world.add_role(role("PartnerRole"), trusts=home, external_id="example-external-id")
    world.add_role(
        role("TaggedRole"),
        trusts=(*home, role("TaggedRole")),
        mfa=False,
        allows_tags=True,
        allows_source_identity=True,
    )
    world.add_role(role("NamedRole"), trusts=home, allows_source_identity=True, needs_source_identity=True)
    world.add_role(role("ClosedRole"), trusts=(f"arn:aws:iam::{PROD}:root",))
    world.add_role(role("Hop1"), trusts=home, mfa=True, max_session=43200)
    for hop in range(2, HOPS + 1):
        world.add_role(role(f"Hop{hop}"), trusts=(role(f"Hop{hop - 1}"),), max_session=43200)
    world.issuers[ISSUER] = ISSUER_KEY
    world.add_role(
        role("WebRole"), trusts=("oidc:" + ISSUER,), audience="sts.amazonaws.com", subject="repo:example"
    )
    world.assign(DEV, "PortalRole", account_name="dev")
    world.sso.give_access(SSO_TOKEN)
    world.add_role(role("InstanceRole"), trusts=("ec2.amazonaws.com",))
    world.add_role(role("TaskRole"), trusts=("ecs-tasks.amazonaws.com",))
    world.add_role(
        role("FromInstanceRole"),
        trusts=(role("InstanceRole"), role("TaskRole"), role("PortalRole"), role("WebRole")),
    )
    world.metadata_role, world.container_role = role("InstanceRole"), role("TaskRole")
    world.container_token = "example-container-token"
