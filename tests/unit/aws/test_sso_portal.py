"""Users who signed in with `aws sso login`: Identity Center's portal, live."""

import json
import time

import pytest

from tests.fakes.example import SSO_TOKEN
from tests.unit.aws.provider_context import GOOD, context, source_of, token_of_the_cli
from tests.unit.aws.recorder import Recorder
from vault import errors, limits
from vault.aws import providers
from vault.secret import Secret


class TestIdentityCenter:
    SESSION = """\
[profile a]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = {role}
[sso-session corp]
sso_region = us-east-1
sso_start_url = https://corp.example/start
"""
    LEGACY = """\
[profile a]
sso_account_id = 222222222222
sso_role_name = {role}
sso_region = us-east-1
sso_start_url = https://corp.example/start
"""

    def signed_in(self, tmp_path, key, *, token=SSO_TOKEN, ends="2999-01-01T00:00:00Z", **more):
        """The file that the AWS CLI writes after `aws sso login`."""
        token_of_the_cli(tmp_path, key, token=token, ends=ends, **more)

    def source(self, aws, text, role_name="PortalRole"):
        return source_of(text.format(role=role_name), env={"AWS_ENDPOINT_URL_SSO": aws.url})

    @pytest.mark.parametrize(("text", "key"), [(SESSION, "corp"), (LEGACY, "https://corp.example/start")])
    def test_both_forms(self, aws, tmp_path, text, key):
        """The CLI's token, found by session or by start URL, gives the role's credentials."""
        self.signed_in(tmp_path, key)
        found = providers.fetch(self.source(aws, text), context(tmp_path, {}))
        assert found.account_id == "222222222222"
        assert found.credentials.token is not None
        assert found.expiration > time.time() + 3000

    @pytest.mark.parametrize(("newer", "count"), [(None, 1), (SSO_TOKEN, 2)])
    def test_a_sign_in_meanwhile_gives_the_credentials(self, aws, tmp_path, newer, count):
        """Those of the last one are not used: they may be another user's."""

        class Own:
            def current(self, _source):
                return Secret(SSO_TOKEN)

            def of_newer_sign_in(self, _source):
                return Secret(newer) if newer is not None else None

        given = context(tmp_path, {})._replace(access_tokens=Own())
        assert providers.fetch(self.source(aws, self.SESSION), given).credentials.token is not None
        assert [call.action for call in aws.calls] == ["GetRoleCredentials"] * count

    @pytest.mark.parametrize(
        "ends", ["2999-01-01T00:00:00UTC", "2999-01-01T00:00:00 UTC", "2999-01-01T00:00:00+00:00"]
    )
    def test_other_forms_of_a_time(self, aws, tmp_path, ends):
        """Older versions of the CLI write UTC instead of Z."""
        self.signed_in(tmp_path, "corp", ends=ends)
        assert providers.fetch(self.source(aws, self.SESSION), context(tmp_path, {})).credentials.token

    @pytest.mark.parametrize(
        ("text", "hint"),
        [(SESSION, "awsvault-py sso login corp"), (LEGACY, "awsvault-py sso login a")],
    )
    def test_not_signed_in(self, aws, tmp_path, text, hint):
        """Without a token, the hint is the command that signs in, for the form in use."""
        with pytest.raises(errors.Refused, match="not signed in") as caught:
            providers.fetch(self.source(aws, text), context(tmp_path, {}))
        assert hint in caught.value.hint

    @pytest.mark.parametrize(
        ("text", "key", "hint"),
        [
            (SESSION, "corp", "run: awsvault-py sso login corp"),
            (LEGACY, "https://corp.example/start", "run: awsvault-py sso login a"),
        ],
    )
    def test_expired_sign_in(self, aws, tmp_path, text, key, hint):
        """The AWS CLI's refresh token is the CLI's: it may be valid once. An error names the command, without any call."""
        self.signed_in(
            tmp_path, key, ends="2020-01-01T00:00:00Z", refreshToken="r", clientId="c", clientSecret="s"
        )
        (file,) = (tmp_path / ".aws/sso/cache").iterdir()
        before = file.read_bytes()
        with pytest.raises(errors.Refused, match="the sign-in has expired") as caught:
            providers.fetch(self.source(aws, text), context(tmp_path, {}))
        assert caught.value.hint == hint
        assert not list(aws.calls)
        assert file.read_bytes() == before

    def test_revoked_token(self, aws, tmp_path):
        """The same hint as for an expired one."""
        self.signed_in(tmp_path, "corp", token="another")
        with pytest.raises(errors.Refused, match="no longer accepts") as caught:
            providers.fetch(self.source(aws, self.SESSION), context(tmp_path, {}))
        assert "awsvault-py sso login" in caught.value.hint

    def test_role_without_access(self, aws, tmp_path):
        """A role that the user may not have is named. Signing in again would not help."""
        self.signed_in(tmp_path, "corp")
        with pytest.raises(errors.Refused, match="role NoRole in account 222222222222") as caught:
            providers.fetch(self.source(aws, self.SESSION, "NoRole"), context(tmp_path, {}))
        assert "login" not in caught.value.hint
        assert caught.value.hint.endswith(": awsvault-py setup --sso corp --prune")

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"accessToken": 1, "expiresAt": "x"}'])
    def test_broken_token_file(self, aws, tmp_path, content):
        """Whatever the CLI's file contains, the result is one of our errors."""
        self.signed_in(tmp_path, "corp")
        for path in (tmp_path / ".aws/sso/cache").iterdir():
            path.write_text(content)
        with pytest.raises(errors.Error):
            providers.fetch(self.source(aws, self.SESSION), context(tmp_path, {}))

    def test_token_with_invalid_characters(self, aws, tmp_path):
        """A token with a line break or non-ASCII characters is not sent."""
        for token in ("two\nlines", "é", "x" * (limits.MAX_SESSION_TOKEN + 1)):
            self.signed_in(tmp_path, "corp", token=token)
            with pytest.raises(errors.Refused, match="has no valid token"):
                providers.fetch(self.source(aws, self.SESSION), context(tmp_path, {}))
        assert not list(aws.calls)

    @pytest.mark.parametrize(
        ("fault", "times"), [("throttle-429", 3), ("error-503", 1), ("cut-before", 1), ("cut-after", 1)]
    )
    def test_a_portal_that_fails_for_a_moment_is_asked_again(self, aws, tmp_path, monkeypatch, fault, times):
        """It takes 20 requests a second of all programs together, so a throttled one is no failure yet."""
        monkeypatch.setattr(limits, "SSO_BACKOFF", 0.01)
        self.signed_in(tmp_path, "corp")
        aws.faults.add("GetRoleCredentials", fault, times=times)
        assert providers.fetch(self.source(aws, self.SESSION), context(tmp_path, {})).credentials.token
        assert len(list(aws.calls)) == times + 1

    @pytest.mark.parametrize("status", ["500 Broken", "503 Busy", "429 Slow"])
    def test_portal_that_fails(self, tmp_path, monkeypatch, status):
        """The error names the portal and its status; the sign-in is still valid."""
        monkeypatch.setattr(limits, "SSO_BACKOFF", 0.01)
        self.signed_in(tmp_path, "corp")
        said = b'{"message": "busy", "__type": "TooManyRequestsException"}'
        with (
            Recorder(statuses=[status] * limits.SSO_TRIES, bodies=[said]) as portal,
            pytest.raises(errors.Unreachable) as caught,
        ):
            providers.fetch(self.source(portal, self.SESSION), context(tmp_path, {}))
        assert caught.value.message == f"config:2: IAM Identity Center answered {status[:3]}"

    def test_unreachable_portal(self, tmp_path):
        """The error names the line of the profile."""
        self.signed_in(tmp_path, "corp")
        source = source_of(self.SESSION.format(role="R"), env={"AWS_ENDPOINT_URL_SSO": "http://127.0.0.1:9"})
        with pytest.raises(
            errors.Unreachable, match=r"config:2: IAM Identity Center: cannot connect to 127\.0\.0\.1:9"
        ):
            providers.fetch(source, context(tmp_path, {}))

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (None, "answered without credentials"),
            ({"expiration": None}, "answered without an expiry"),
            ({"expiration": "soon"}, "answered without an expiry"),
            ({"expiration": True}, "answered without an expiry"),
            ({"expiration": limits.MAX_MILLISECONDS + 1}, "answered without an expiry"),
            ({"expiration": 1_000}, "expired or have no session token"),
            ({"sessionToken": None}, "expired or have no session token"),
        ],
    )
    def test_unusable_answers_of_the_portal(self, tmp_path, change, said):
        """Credentials without an expiry, expired, or without a session token."""
        self.signed_in(tmp_path, "corp")
        given = {
            "accessKeyId": GOOD["AccessKeyId"], "secretAccessKey": GOOD["SecretAccessKey"], "sessionToken": "t",
            "expiration": 32_472_144_000_000,
        }  # fmt: skip
        body = json.dumps({} if change is None else {"roleCredentials": {**given, **change}}).encode()
        with Recorder(bodies=[body]) as portal, pytest.raises(errors.Unreachable, match=said) as caught:
            providers.fetch(self.source(portal, self.SESSION), context(tmp_path, {}))
        assert caught.value.code == "WrongAnswer"
        assert GOOD["SecretAccessKey"] not in caught.value.message

    @pytest.mark.parametrize(
        ("env", "place"),
        [
            ({"AWS_ENDPOINT_URL_SSO": "{url}"}, "AWS_ENDPOINT_URL_SSO"),
            ({"AWS_ENDPOINT_URL": "{url}"}, "AWS_ENDPOINT_URL"),
            ("services = s\n[services s]\nsso =\n  endpoint_url = {url}\n", "config:8"),
            ("endpoint_url = {url}\n", "config:5"),
        ],
        ids=["sso", "all", "services", "profile"],
    )
    def test_access_token_goes_only_to_trusted_hosts(self, aws, tmp_path, env, place):
        """It opens every role of the sign-in: exit 6 names the place and the host, and nothing is sent."""
        text = self.SESSION.format(role="PortalRole")
        if isinstance(env, str):
            text, env = text.replace("[sso-session", env.format(url=aws.url) + "[sso-session"), {}
        source = source_of(text, env={name: value.format(url=aws.url) for name, value in env.items()})
        for trusted in ((), ("127.0.0.1:1", "portal.sso.us-east-1.amazonaws.com")):
            with pytest.raises(errors.Untrusted, match="it would receive the access token") as caught:
                providers.fetch(source, context(tmp_path, {}, trusted=trusted))
            assert caught.value.message.startswith(f"{place}: endpoint {aws.url}")
        assert not list(aws.calls)
        self.signed_in(tmp_path, "corp")
        assert providers.fetch(source, context(tmp_path, {})).credentials.token

    def test_portal_is_https(self):
        """Without a configured URL the portal is AWS's own, in the session's region and partition."""
        source = source_of(self.SESSION.format(role="R").replace("us-east-1", "cn-north-1"))
        assert source.portal == "https://portal.sso.cn-north-1.amazonaws.com.cn"
