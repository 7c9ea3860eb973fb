"""docs/how-to/denied.md: a role is refused, the user mails what explain --live prints, and the administrator puts it in place."""

from __future__ import annotations

import json

from tests.fakes import policies
from tests.home import failed
from tests.unit.inspect import denials


def mail(home):
    """What the user sends: the document of the refused link."""
    done = home.run("explain", "target", "--live", "--json")
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)


def test_the_administrator_gets_the_two_policies_by_mail(home, aws):
    """First the caller's side is refused, then the role's. After each mail one more side passes, and in the end the export."""
    home.scenario()
    home.make_vault()
    denials.denies_identity(home, aws.world, denials.HERE)
    aws.world.roles[denials.HERE].trusts = ("arn:aws:iam::333333333333:root",)
    failed(home.run("export", "target"), 7, "AccessDenied")

    asked = mail(home)
    policies.attach(aws.world, aws.world.user("yourself"), asked["identity_policy"])
    asked = mail(home)
    policies.trust(aws.world, aws.world.roles[denials.HERE], asked["trust_statement"])

    assert home.run("explain", "target", "--live").returncode == 0
    # --fresh: a refusal is remembered for five seconds
    assert home.export("target", "--fresh")["AccessKeyId"] in aws.world.sessions
