"""What setup --source-only changes, and what it skips or warns of."""

from __future__ import annotations

from tests.fakes.example import SERIAL
from tests.unit.migrate.files import US, after, setup
from vault.migrate import setup_source_only

ROLE = "arn:aws:iam::222222222222:role/DeveloperRole"
OTHER = "arn:aws:iam::111111111111:mfa/other"


def test_source_only_skips_what_it_cannot_do_with_a_reason():
    """A profile without a key in the vault, a broken one, and a key that assumes its own role."""
    config = (
        f"[profile elsewhere]\ncredential_process = /opt/tool\n[profile broken]\nrole_arn = {ROLE}\n"
        f"[profile work]\nrole_arn = {ROLE}\nsource_profile = work\n"
    )
    run = setup(config)
    left = dict(setup_source_only.run(run, []).skipped)
    assert left["elsewhere"] == "another program provides its credentials (config:2)"
    assert "neither source_profile nor credential_source" in left["broken"]
    assert left["work"] == "it assumes a role with its own key; set it up without --source-only"
    assert after(run)[0] == config


def test_source_only_gives_a_named_key_its_profile():
    """A key that no profile uses is set up if it is named, and otherwise not."""
    config = "[profile other]\nregion = x\n"
    run = setup(config)
    assert setup_source_only.run(run, ["work"]).done == ["work"]
    assert after(run)[0] == config + f"\n[profile work]\ncredential_process = {US} export work\n"
    run = setup(config)
    setup_source_only.run(run, [])
    assert after(run)[0] == config


def test_source_only_warns_of_what_the_session_cannot_do():
    """Another device, and more than an hour: both stay as they are, with a warning."""
    config = (
        f"[profile work]\nmfa_serial = {SERIAL}\n"
        f"[profile far]\nrole_arn = {ROLE}\nsource_profile = work\nmfa_serial = {OTHER}\nduration_seconds = 7200\n"
    )
    run = setup(config)
    plan = setup_source_only.run(run, [])
    assert plan.done == ["work"]
    assert plan.warnings[0] == "profile far names another MFA device; not changed"
    assert plan.warnings[1].startswith("profile far: duration_seconds is 7200, ")
    assert f"mfa_serial = {OTHER}\n" in after(run)[0]


def test_a_role_on_a_role_is_left_to_the_role_below():
    """Only the role that the key assumes loses its device to the key's session."""
    config = (
        f"[profile work]\n[profile near]\nrole_arn = {ROLE}\nsource_profile = work\nmfa_serial = {SERIAL}\n"
        f"[profile far]\nrole_arn = {ROLE}\nsource_profile = near\n"
    )
    run = setup(config)
    setup_source_only.run(run, [])
    assert after(run)[0] == (
        f"[profile work]\ncredential_process = {US} export work\nmfa_serial = {SERIAL}\n"
        f"[profile near]\nrole_arn = {ROLE}\nsource_profile = work\n"
        f"[profile far]\nrole_arn = {ROLE}\nsource_profile = near\n"
    )
