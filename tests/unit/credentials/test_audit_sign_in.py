"""What the log records of sign-ins to IAM Identity Center: in a form that every version reads."""

from __future__ import annotations

import json
import os

import pytest

from tests.signins import place, use_identity_center
from vault.credentials import audit
from vault.inspect import cloudtrail

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def home(home, aws):
    use_identity_center(home, aws)
    return home


def signed_in(home, **env):
    done = home.run("sso", "login", "corp", "--device", **env)
    assert done.returncode == 0, done.stderr


def records(home):
    return json.loads(home.run("log", "--json").stdout)["records"]


def test_sign_in_refresh_and_sign_out_are_recorded(home, aws, started):
    """Each with the program that asked and the name of the sign-in; what was issued is beside them as ever."""
    signed_in(home)
    aws.world.sso.expire_access()
    home.export("dev")
    home.run("sso", "logout")
    found = records(home)
    assert [one["use"] for one in found] == ["sign-in", "refresh", "export", "sign-out"]
    for one in (found[0], found[1], found[3]):
        assert (one["session"], one["from"], one["profile"]) == ("corp", "sso", "")
        assert "access_key_id" not in one
        assert "role" not in one
        assert one["pid"] == os.getpid()
    assert "expires" in found[0]
    assert "expires" in found[1]
    assert "expires" not in found[3]


def test_one_refresh_is_one_record(home, aws):
    """The processes that waited for it record what they issued, and no refresh."""
    signed_in(home)
    aws.world.sso.expire_access()
    for _ in range(2):
        home.export("dev", "--fresh")
    assert [one["use"] for one in records(home)].count("refresh") == 1


def test_the_table_names_the_sign_in(home):
    signed_in(home)
    row = home.run("log").stdout.split("\t")
    assert row[1:4] == ["sign-in", "", "corp"]
    assert row[5] == "sso"


def test_no_token_is_in_the_log(home, aws):
    """Nor a client's secret."""
    signed_in(home)
    text = json.dumps(records(home))
    assert not any(token in text for token in (*aws.world.sso.access, *aws.world.sso.refresh))


def test_the_log_can_be_off(home):
    home.settings("log = false\n")
    signed_in(home)
    assert records(home) == []


def test_an_older_version_reads_it_as_an_issue_without_a_key():
    """It splits at NUL, takes as many fields as it knows, and puts none of CloudTrail's events beside it."""
    made = audit.Record(*["1"] * 13, session="")._replace(
        use="sign-in", profile="", role="", access_key_id=audit.NO_KEY, expires="", session=place().name
    )
    fields = made.encode().decode().split("\0")
    assert len(fields) == len(audit.Record._fields) - 1
    assert fields[audit.Record._fields.index("role")] == " corp"
    assert audit.decode(made.encode()) == made
    nobody = cloudtrail.TrailEvent(2, "s3:GetObject", *[""] * 8, console=False)
    assert [joined.record for joined in cloudtrail.join([nobody], [made])] == [None]
