"""The sign-in to IAM Identity Center, call by call, live."""

import json
import math
import time

import pytest

from tests.patience import PATIENCE
from tests.unit.aws.recorder import Recorder
from tests.unit.aws.sign_ins import REDIRECT, SCOPES, START_URL, VERIFIER, authorize, endpoint, sign_in
from vault import errors, limits
from vault.aws import sso_oidc
from vault.aws.sso_oidc import ClientRegistration, SignInRefused
from vault.secret import Secret
from vault.system.clock import Deadline

HOUR = 3600
CLIENT = ClientRegistration("client", Secret("client-secret"), 2**40, SCOPES)


@pytest.fixture
def deadline():
    return Deadline.after(PATIENCE)


def registered(aws, deadline, **more):
    given = {"start_url": START_URL, "scopes": SCOPES, **more}
    return sso_oidc.register(endpoint(aws.url), deadline=deadline, **given)


def begun(aws, deadline, **more):
    """A registration and a device code."""
    client = registered(aws, deadline, device=True, **more)
    return client, sso_oidc.begin_device(endpoint(aws.url), client, start_url=START_URL, deadline=deadline)


def of_code(aws, deadline, client, code, **changed):
    given = {"code": Secret(code), "verifier": Secret(VERIFIER), "redirect_uri": REDIRECT, **changed}
    return sso_oidc.token_of_code(endpoint(aws.url), client, deadline=deadline, **given)


def of_device(aws, deadline, client, device):
    return sso_oidc.token_of_device(endpoint(aws.url), client, device, deadline=deadline)


def refreshed(aws, deadline, client, token):
    return sso_oidc.refreshed(endpoint(aws.url), client, token, deadline=deadline)


class TestByBrowser:
    def test_tokens(self, aws, deadline):
        """The code that the browser brings gives an access token of an hour and a refresh token."""
        client, found = sign_in(aws, deadline)
        assert abs(client.expires - time.time() - 90 * 24 * HOUR) < 60
        assert abs(found.expires - time.time() - HOUR) < 60
        assert aws.world.sso.may_use(found.access_token.reveal_text(), time.time())
        assert found.refresh_token is not None

    def test_state_comes_back(self, aws, deadline):
        """Whatever its characters."""
        assert authorize(aws, registered(aws, deadline), state="a+b/c=&d é")["state"] == "a+b/c=&d é"

    def test_sign_in_without_scopes(self, aws, deadline):
        """Eight hours, and no refresh."""
        _, found = sign_in(aws, deadline, scopes=())
        assert found.refresh_token is None
        assert abs(found.expires - time.time() - 8 * HOUR) < 60

    def test_code_is_valid_once(self, aws, deadline):
        """The second use is invalid_grant."""
        client = registered(aws, deadline)
        code = authorize(aws, client)["code"]
        of_code(aws, deadline, client, code)
        with pytest.raises(SignInRefused, match="refused CreateToken: invalid_grant") as caught:
            of_code(aws, deadline, client, code)
        assert (caught.value.code, caught.value.exit_code) == ("invalid_grant", 7)

    @pytest.mark.parametrize(
        "changed",
        [{"verifier": Secret("x" * 43)}, {"redirect_uri": "http://127.0.0.1:1/oauth/callback"}],
        ids=["verifier", "redirect"],
    )
    def test_code_of_another_program(self, aws, deadline, changed):
        """A code is worth nothing without its verifier and its redirect URI."""
        client = registered(aws, deadline)
        with pytest.raises(SignInRefused, match="invalid_grant"):
            of_code(aws, deadline, client, authorize(aws, client)["code"], **changed)

    def test_refusal_in_the_browser(self, aws, deadline):
        """The browser brings an error and no code."""
        aws.world.sso.person = "no"
        assert authorize(aws, registered(aws, deadline)) == {"error": "access_denied", "state": "a state"}

    def test_expired_client(self, aws, deadline):
        """invalid_client, which AWS answers with 401."""
        aws.world.sso.client_life = -1
        with pytest.raises(SignInRefused) as caught:
            of_code(aws, deadline, registered(aws, deadline), "a code")
        assert caught.value.code == "invalid_client"


class TestByDevice:
    def test_tokens(self, aws, deadline):
        """After the yes of the user."""
        client, device = begun(aws, deadline)
        assert device.user_code in device.complete_url
        assert abs(device.expires - time.time() - 600) < 60
        assert of_device(aws, deadline, client, device).refresh_token is not None

    @pytest.mark.parametrize(
        ("person", "life", "code"),
        [("away", 600, "authorization_pending"), ("no", 600, "access_denied"), ("away", 0, "expired_token")],
    )
    def test_no_yes(self, aws, deadline, person, life, code):
        """Not yet, no, and too late are different codes."""
        client, device = begun(aws, deadline)
        aws.world.sso.person = person
        for each in aws.world.sso.devices.values():
            each.ends = time.time() + life
        with pytest.raises(SignInRefused) as caught:
            of_device(aws, deadline, client, device)
        assert caught.value.code == code

    def test_asking_too_often(self, aws, deadline):
        """slow_down is for anyone who asks again before the interval is over."""
        aws.world.sso.person, aws.world.sso.interval = "away", 30
        client, device = begun(aws, deadline)
        assert device.interval == 30
        codes = []
        for _ in range(2):
            with pytest.raises(SignInRefused) as caught:
                of_device(aws, deadline, client, device)
            codes.append(caught.value.code)
        assert codes == ["authorization_pending", "slow_down"]

    def test_client_of_the_browser_cannot_use_a_device(self, aws, deadline):
        """AWS restricts a client to the grants that it registered."""
        client = registered(aws, deadline)
        with pytest.raises(SignInRefused, match="unauthorized_client"):
            sso_oidc.begin_device(endpoint(aws.url), client, start_url=START_URL, deadline=deadline)

    def test_wrong_start_url(self, aws, deadline):
        """The hint names the two settings."""
        aws.world.sso.start_urls = {"https://other.example/start"}
        with pytest.raises(
            SignInRefused, match="refused StartDeviceAuthorization: invalid_request"
        ) as caught:
            begun(aws, deadline)
        assert "sso_start_url and sso_region" in caught.value.hint
        with pytest.raises(SignInRefused, match="refused RegisterClient: invalid_client_metadata"):
            registered(aws, deadline)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"deviceCode": None}, "deviceCode"),
            ({"userCode": "AB\x1b[31mCD"}, "userCode"),
            ({"userCode": "A" * (limits.MAX_USER_CODE + 1)}, "userCode"),
            ({"verificationUri": "javascript:alert(1)"}, "verificationUri"),
            ({"verificationUri": "http://corp.example/device"}, "verificationUri"),
            ({"verificationUri": "https://aws@evil.example/"}, "verificationUri"),
            ({"verificationUri": "https://[::1/"}, "verificationUri"),
            ({"verificationUri": "--incognito"}, "verificationUri"),
            ({"verificationUriComplete": "file:///etc/passwd"}, "verificationUriComplete"),
            ({"verificationUriComplete": None}, "verificationUriComplete"),
            ({"expiresIn": 0}, "expiresIn"),
            ({"expiresIn": True}, "expiresIn"),
            ({"expiresIn": limits.MAX_SIGN_IN + 1}, "expiresIn"),
            ({"interval": "1"}, "interval"),
            ({"interval": 3600}, "interval"),
        ],
    )
    def test_unusable_answers(self, deadline, change, field):
        """A page that is none, a code with escapes, times without end: nothing of it reaches the browser or the terminal."""
        good = {
            "deviceCode": "d", "userCode": "ABCD-EFGH", "verificationUri": "https://corp.example/#/device",
            "verificationUriComplete": "https://corp.example/#/device?user_code=ABCD-EFGH", "expiresIn": 600,
        }  # fmt: skip
        with Recorder(bodies=[json.dumps(good).encode(), json.dumps(good | change).encode()]) as oidc:
            to = endpoint(oidc.url)
            found = sso_oidc.begin_device(to, CLIENT, start_url=START_URL, deadline=deadline)
            assert (found.url, found.interval) == (good["verificationUri"], limits.DEVICE_INTERVAL)
            with pytest.raises(errors.Unreachable, match=f"answered without a valid {field}$"):
                sso_oidc.begin_device(to, CLIENT, start_url=START_URL, deadline=deadline)

    def test_page_without_the_code(self, deadline):
        """Where AWS gives no page with the code filled in, the plain page is both."""
        body = {
            "deviceCode": "d",
            "userCode": "A",
            "verificationUri": "https://corp.example/",
            "expiresIn": 600,
        }
        with Recorder(bodies=[json.dumps(body).encode()]) as oidc:
            found = sso_oidc.begin_device(endpoint(oidc.url), CLIENT, start_url=START_URL, deadline=deadline)
        assert found.complete_url == found.url == "https://corp.example/"


class TestRefresh:
    def test_refresh_tokens_are_valid_once(self, aws, deadline):
        """Each refresh gives the next token; the old one is invalid_grant."""
        client, first = sign_in(aws, deadline)
        second = refreshed(aws, deadline, client, first.refresh_token)
        assert second.access_token != first.access_token
        assert refreshed(aws, deadline, client, second.refresh_token).expires > time.time()
        with pytest.raises(SignInRefused, match="invalid_grant"):
            refreshed(aws, deadline, client, first.refresh_token)

    def test_answer_without_a_new_one_keeps_the_old(self, aws, deadline):
        """It is valid again for the next refresh."""
        aws.world.sso.rotates = False
        client, first = sign_in(aws, deadline)
        assert refreshed(aws, deadline, client, first.refresh_token).refresh_token == first.refresh_token

    def test_end_of_the_sign_in(self, aws, deadline):
        """When the portal session is over, refresh tokens are too."""
        client, first = sign_in(aws, deadline)
        aws.world.sso.expire_sign_ins()
        with pytest.raises(SignInRefused, match="invalid_grant") as caught:
            refreshed(aws, deadline, client, first.refresh_token)
        assert caught.value.hint == "sign in again"

    def test_lost_answer_is_not_asked_for_again(self, aws, deadline):
        """A second try with a token that is valid once would end the sign-in: the caller decides."""
        client, first = sign_in(aws, deadline)
        aws.faults.add("CreateToken", "cut-after")
        with pytest.raises(errors.Unreachable) as caught:
            refreshed(aws, deadline, client, first.refresh_token)
        assert caught.value.sent
        assert aws.calls.count("CreateToken") == 2  # the sign-in's and this one


class TestAnswers:
    @pytest.mark.parametrize(("fault", "status"), [("error-500", 500), ("throttle-429", 429)])
    def test_registration_is_tried_again(self, aws, deadline, fault, status):
        """Once; if the answer stays, exit 8 names it."""
        aws.faults.add("RegisterClient", fault)
        assert registered(aws, deadline).client_id
        aws.faults.add("RegisterClient", fault, times=None)
        with pytest.raises(errors.Unreachable, match=f"RegisterClient answered {status}$"):
            registered(aws, deadline)

    @pytest.mark.parametrize("body", [b"<html>busy</html>", b"[]", b"[" * 100_000, b'{"no": "error"}'])
    def test_not_from_aws(self, deadline, body):
        """A web filter's page, and JSON that is not in AWS's form."""
        with (
            Recorder(statuses=["403 No"], bodies=[body]) as oidc,
            pytest.raises(errors.Unreachable) as caught,
        ):
            sso_oidc.refreshed(endpoint(oidc.url), CLIENT, Secret("r"), deadline=deadline)
        assert caught.value.code == "WrongAnswer"
        assert caught.value.message.startswith("IAM Identity Center: CreateToken: 127.0.0.1:")

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"error": "a\x1b[2J"}, "a\\x1b[2J"),
            ({"error": 1, "message": "no"}, "400"),
            ({"__type": "x"}, "400"),
        ],
    )
    def test_odd_refusals(self, deadline, body, code):
        """Whatever a refusal contains, it is one, and reaches no terminal raw."""
        with (
            Recorder(statuses=["400 Bad"], bodies=[json.dumps(body).encode()]) as oidc,
            pytest.raises(SignInRefused) as caught,
        ):
            sso_oidc.refreshed(endpoint(oidc.url), CLIENT, Secret("r"), deadline=deadline)
        assert caught.value.code == code
        assert caught.value.message.isprintable()

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"accessToken": None}, "a valid accessToken"),
            ({"accessToken": "two\nlines"}, "a valid accessToken"),
            ({"accessToken": "x" * (limits.MAX_SESSION_TOKEN + 1)}, "a valid accessToken"),
            ({"refreshToken": ""}, "a valid refreshToken"),
            ({"expiresIn": -1}, "a valid expiresIn"),
            ({"expiresIn": 3600.0}, "a valid expiresIn"),
            ({"tokenType": "mac"}, "not a bearer token"),
            ({"tokenType": 5}, "not a bearer token"),
        ],
    )
    def test_unusable_tokens(self, deadline, change, said):
        """What cannot be sent in a header, or has no end, is not taken."""
        body = {"accessToken": "a", "refreshToken": "r2", "expiresIn": 3600, "tokenType": "Bearer", **change}
        with (
            Recorder(bodies=[json.dumps(body).encode()]) as oidc,
            pytest.raises(errors.Unreachable, match=said) as caught,
        ):
            sso_oidc.refreshed(endpoint(oidc.url), CLIENT, Secret("r"), deadline=deadline)
        assert caught.value.code == "WrongAnswer"

    def test_registration_without_end(self, aws, deadline):
        """A client's time is cut, so that it is registered again within a year."""
        aws.world.sso.client_life = 10 * limits.MAX_SIGN_IN
        assert abs(registered(aws, deadline).expires - time.time() - limits.MAX_SIGN_IN) < 60

    def test_no_secret_in_a_message(self, aws, deadline):
        """Of the client or of a token."""
        client, first = sign_in(aws, deadline)
        secrets = [first.refresh_token.reveal_text(), client.client_secret.reveal_text()]
        aws.world.sso.clients.clear()
        with pytest.raises(SignInRefused) as caught:
            refreshed(aws, deadline, client, first.refresh_token)
        for each in secrets:
            assert each not in f"{caught.value} {caught.value.hint} {client!r} {first!r} {list(aws.calls)}"


def test_tokens_go_only_to_trusted_hosts(aws, deadline):
    """A configured host that is not AWS's own gets no call, and no browser is sent there."""
    to = endpoint(aws.url, trusted=())
    device = sso_oidc.DeviceCode(
        Secret("d"), "A", "https://corp.example/", "https://corp.example/", math.inf, 1
    )
    asking = [
        lambda: sso_oidc.register(to, start_url=START_URL, scopes=SCOPES, deadline=deadline),
        lambda: sso_oidc.begin_device(to, CLIENT, start_url=START_URL, deadline=deadline),
        lambda: sso_oidc.token_of_device(to, CLIENT, device, deadline=deadline),
        lambda: sso_oidc.refreshed(to, CLIENT, Secret("r"), deadline=deadline),
        lambda: sso_oidc.authorize_url(
            to, CLIENT, redirect_uri=REDIRECT, state="s", challenge="c", scopes=SCOPES
        ),
    ]
    for ask in asking:
        with pytest.raises(errors.Untrusted, match="it would receive the tokens of your sign-in") as caught:
            ask()
        assert caught.value.message.startswith(
            f"config:8: endpoint {aws.url} is not AWS's own for Identity Center's sign-in"
        )
    assert not list(aws.calls)


def test_page_of_the_sign_in():
    """At AWS's host of the region, with PKCE and each scope."""
    to = endpoint("https://oidc.eu-west-1.amazonaws.com", trusted=())
    found = sso_oidc.authorize_url(
        to, CLIENT, redirect_uri=REDIRECT, state="s", challenge="c", scopes=("sso:account:access", "other")
    )
    assert found == (
        "https://oidc.eu-west-1.amazonaws.com/authorize?response_type=code&client_id=client"
        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A49152%2Foauth%2Fcallback&state=s&code_challenge=c"
        "&code_challenge_method=S256&scopes=sso%3Aaccount%3Aaccess%20other"
    )
