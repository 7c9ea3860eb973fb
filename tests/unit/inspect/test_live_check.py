"""explain --live runs the links of a chain: what is called, what a cached MFA session saves, and that nothing is kept."""

from __future__ import annotations

import os
import sys

import pytest

from tests.fakes import webidentity
from tests.fakes.example import DEVELOPER, ISSUER, SERIAL
from tests.unit.conftest import on_disk
from tests.unit.inspect import denials
from tests.unit.inspect.denials import check
from vault import errors
from vault.credentials.request import Request
from vault.inspect import live_check
from vault.inspect.live_check import Cost


def files(home):
    """Every file of awsvault-py with its size and the time of its last change, without locks and the ledger of codes."""
    found = {}
    for at, _, names in os.walk(home.awsvault_home):
        if os.path.basename(at) in ("state", "run"):
            continue
        for name in names:
            status = os.stat(os.path.join(at, name))
            found[os.path.join(at, name)] = (status.st_size, status.st_mtime_ns)
    return found


def results(report):
    return [(link.type, link.result, link.cached) for link in report.links]


def test_everything_passes(desk, aws):
    """Every link is fetched, in order, and no call is made beside them."""
    report, cost = check(desk, "dev")
    assert cost == Cost("dev", 2, 1, cached=False, provider=False)
    assert results(report) == [("session-token", "passed", False), ("assume-role", "passed", False)]
    assert report.links[1].role_arn == DEVELOPER
    assert report.refusal is None
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]
    assert all(0 < link.expires - desk.clock.time() <= 43_200 for link in report.links)


def test_the_mfa_session_may_come_from_the_cache(desk, aws):
    """Then the check needs no code, and says so before."""
    desk.ask("dev")
    aws.calls.clear()
    report, cost = check(desk, "dev")
    assert cost == Cost("dev", 1, 0, cached=True, provider=False, again_codes=1)
    assert results(report) == [("session-token", "passed", True), ("assume-role", "passed", False)]
    assert aws.calls.actions() == ["AssumeRole"]


def test_a_cached_mfa_session_that_aws_no_longer_accepts(desk, aws):
    """It was revoked meanwhile: the check starts again with a new one, and costs what was said for that case."""
    desk.ask("dev")
    aws.world.sessions.clear()
    aws.calls.clear()
    report, cost = check(desk, "dev")
    assert len(aws.calls) == cost.sts + 2
    assert len(aws.calls.codes()) == cost.codes + cost.again_codes
    assert results(report) == [("session-token", "passed", False), ("assume-role", "passed", False)]


def test_nothing_is_kept(desk, home, aws):
    """No session, no alias, no marker of a failure, no record in the log; the next export calls AWS as before."""
    denials.denies_trust(home, aws.world, denials.FAR)
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write(
            f"[profile fine]\nregion = us-east-1\nrole_arn = {DEVELOPER}\nsource_profile = shared-services\n"
        )
    before = files(home)
    for profile in ("fine", "target"):
        check(desk, profile)
    assert files(home) == before
    assert on_disk(desk.context().env, "fine") is None
    aws.calls.clear()
    assert desk.ask("fine").asked_aws
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]


def test_nothing_is_called_if_the_user_declines(desk, aws):
    """The cost is known without a call."""

    def decline(_cost):
        raise errors.Declined("cancelled")

    with pytest.raises(errors.Declined):
        live_check.check(desk.context(), Request("dev"), agree=decline)
    assert not list(aws.calls)


def test_a_chain_stops_at_the_first_link_that_is_refused(desk, home, aws):
    """Later links are not run."""
    denials.config(home, DEVELOPER)
    last = "[profile last]\nrole_arn = arn:aws:iam::222222222222:role/Hop3\nsource_profile = middle\n"
    middle = "[profile middle]\nrole_arn = arn:aws:iam::222222222222:role/Hop2\nsource_profile = target\n"
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write(middle + last)
    report, cost = check(desk, "last")
    assert (cost.sts, cost.codes) == (4, 1)
    assert [link.result for link in report.links] == ["passed", "passed", "refused", "not-run"]
    assert (report.refusal.link, report.refusal.call.principal) == (3, DEVELOPER)


def test_a_key_without_links(desk, home, aws):
    """GetCallerIdentity tells whether AWS accepts it."""
    home.config("[profile keys]\nregion = us-east-1\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
                "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n")  # fmt: skip
    report, cost = check(desk, "keys")
    assert (cost.sts, cost.codes) == (1, 0)
    assert (report.links, report.identity) == ((), "arn:aws:iam::111111111111:user/yourself")
    assert aws.calls.actions() == ["GetCallerIdentity"]


def test_a_long_role_without_a_code_takes_the_fallback(desk, home, aws):
    """As an export does: through the key's session, for an hour. Here that session is cached."""
    desk.ask("shared-services")
    long = "arn:aws:iam::222222222222:role/LongRole"
    denials.config(home, long, "duration_seconds = 7200")
    assert [link.type for link in check(desk)[0].links] == ["assume-role"]  # the stored seed gives a code
    aws.calls.clear()
    done = home.run("mfa", "remove", SERIAL, "--yes")
    assert done.returncode == 0, done.stderr
    desk.k_main = None
    report, _ = check(desk)
    assert results(report) == [("session-token", "passed", True), ("assume-role", "passed", False)]
    assert aws.calls.codes() == []


def test_a_profile_with_a_fault_is_not_run(desk, home, aws):
    """The fault is reported as for an export."""
    denials.config(home, DEVELOPER, "external_id = x")
    with pytest.raises(errors.ConfigError):
        check(desk)
    assert not list(aws.calls)


def test_confirmation_is_kept(desk, home, aws):
    """A guard rail that needs the user's yes applies here too."""
    denials.config(home, DEVELOPER, "awsvault_confirm = always")
    with pytest.raises(errors.Declined):
        check(desk)
    assert not list(aws.calls)


def test_guard_rails_narrow_the_call(desk, home, aws):
    """The policy that an export would send is sent, because it may be the cause."""
    denials.config(home, DEVELOPER, "awsvault_read_only = yes")
    assert check(desk)[0].refusal is None
    (call,) = aws.calls.of("AssumeRole")
    assert call.parameters["PolicyArns.member.1.arn"].endswith("ReadOnlyAccess")


def test_guard_rails_that_cannot_be_kept(desk, home, aws):
    """A key without a role cannot be read-only: declined before any call, as an export is."""
    home.config(denials.SOURCE + "awsvault_read_only = yes\n")
    with pytest.raises(errors.Declined):
        check(desk, "shared-services")
    assert not list(aws.calls)


def refused_source(home, aws, way):
    """The profile ``source`` gets credentials from elsewhere, where they are refused."""
    top = "[profile target]\nregion = us-east-1\nrole_arn = arn:aws:iam::222222222222:role/Hop\nsource_profile = source\n"
    if way == "web-identity":
        with open(f"{home.root}/token", "w", encoding="utf-8") as file:
            file.write(webidentity.make(aws.world, issuer=ISSUER, subject="nobody"))
        lines = f"role_arn = {denials.HERE}\nweb_identity_token_file = {home.root}/token\n"
        aws.world.add_role(denials.HERE, trusts=(f"oidc:{ISSUER}",), subject="somebody")
    else:
        lines = f"credential_process = {sys.executable} -c print(1)\n"
    home.config(f"{top}[profile source]\nregion = us-east-1\n{lines}")


def test_a_web_identity_that_is_refused(desk, home, aws):
    """AWS's words and the hint of an export; nothing else is called."""
    refused_source(home, aws, "web-identity")
    report, cost = check(desk)
    (cause,) = report.refusal.diagnosis.causes
    assert (report.refusal.link, cause.kind, cause.side) == (1, "other", "unknown")
    assert "AssumeRoleWithWebIdentity" in cause.found
    assert aws.calls.actions() == ["AssumeRoleWithWebIdentity"]
    assert (cost.sts, cost.codes, cost.provider) == (2, 0, True)


def test_a_source_process_without_credentials_is_an_error(desk, home, aws):
    """As for an export: AWS has refused nothing."""
    refused_source(home, aws, "process")
    with pytest.raises(errors.Error) as caught:
        check(desk)
    assert not isinstance(caught.value, errors.Refused)
    assert not list(aws.calls)
