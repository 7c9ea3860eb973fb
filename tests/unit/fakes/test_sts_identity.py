"""What a session of the stand-in carries on: source identity, tags, and the claims of an issuer's token."""

from __future__ import annotations

from tests.fakes import example


def assume(sts, role="OpenRole", name="somebody", **more):
    arn = role if role.startswith("arn:") else example.role(role)
    return sts.assume_role(RoleArn=arn, RoleSessionName=name, **more)


def test_source_identity(client, refused):
    """Needs the trust policy's leave, may be required, stays for the whole chain, never changes."""
    with refused(403, "AccessDenied", "sts:SetSourceIdentity"):
        assume(client(), "OpenRole", SourceIdentity="alice")
    with refused(403, "AccessDenied", "sts:AssumeRole"):
        assume(client(), "NamedRole")
    first = assume(client(), "TaggedRole", SourceIdentity="alice")
    assert first["SourceIdentity"] == "alice"
    again = client(keys=first["Credentials"])
    assert assume(again, "TaggedRole")["SourceIdentity"] == "alice"
    with refused(403, "AccessDenied", "sts:SetSourceIdentity"):
        assume(again, "TaggedRole", SourceIdentity="bob")


def test_session_tags(aws, client, refused):
    """Tags need leave; transitive ones follow the chain and cannot be overridden."""
    tags = [{"Key": "Project", "Value": "p1"}, {"Key": "Team", "Value": "t"}]
    with refused(403, "AccessDenied", "sts:TagSession"):
        assume(client(), "OpenRole", Tags=tags)
    first = assume(client(), "TaggedRole", Tags=tags, TransitiveTagKeys=["Project"])
    assert "PackedPolicySize" in first
    again = client(keys=first["Credentials"])
    second = assume(again, "TaggedRole", Tags=[{"Key": "Team", "Value": "other"}])["Credentials"]
    assert aws.world.sessions[second["AccessKeyId"]].tags == {"Project": "p1", "Team": "other"}
    with refused(
        400, "InvalidParameterValue", "conflicts with a transitive tag key from the calling session"
    ):
        assume(again, "TaggedRole", Tags=[{"Key": "project", "Value": "p2"}])
    with refused(400, "InvalidParameterValue", "must be included in the requested tags"):
        assume(client(), "TaggedRole", Tags=tags, TransitiveTagKeys=["Else"])
    with refused(400, "ValidationError", "less than or equal to 50"):
        assume(client(), "TaggedRole", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(51)])


def test_web_identity(aws, client, refused):
    """A good token of the world's issuer opens the role that names issuer, audience and subject; no other does."""
    from botocore import UNSIGNED

    from tests.fakes import webidentity

    sts = client(signature_version=UNSIGNED)

    def ask(role="WebRole", **token):
        fields = {"issuer": example.ISSUER, "subject": "repo:example", **token}
        return sts.assume_role_with_web_identity(
            RoleArn=example.role(role),
            RoleSessionName="ci",
            WebIdentityToken=webidentity.make(aws.world, **fields),
        )

    answer = ask()
    assert client(keys=answer["Credentials"]).get_caller_identity()["Arn"].endswith("assumed-role/WebRole/ci")
    assert aws.calls.of("AssumeRoleWithWebIdentity")[0].parameters["WebIdentityToken"] == "…"
    with refused(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"):
        ask(subject="repo:other")
    with refused(403, "AccessDenied", "Not authorized"):
        ask("OpenRole")
    with refused(400, "InvalidIdentityToken", "Incorrect token audience"):
        ask(audience="else")
    with refused(400, "ExpiredTokenException", "Token expired"):
        ask(seconds=-5)
    for token in ("abcd", webidentity.make(aws.world, issuer=example.ISSUER, subject="x") + "x"):
        with refused(400, "InvalidIdentityToken"):
            sts.assume_role_with_web_identity(
                RoleArn=example.role("WebRole"), RoleSessionName="ci", WebIdentityToken=token
            )
