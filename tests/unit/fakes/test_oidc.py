"""The stand-in's Identity Center through botocore's clients: it refuses what AWS refuses."""

from __future__ import annotations

import http.client

import pytest
from botocore import UNSIGNED

from tests.fakes import example
from tests.patience import PATIENCE
from tests.unit.aws.sign_ins import CHALLENGE, REDIRECT, VERIFIER, get

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
START = "https://corp.example/start"
SCOPE = "sso:account:access"
BROWSER = {
    "grantTypes": ["authorization_code", "refresh_token"],
    "redirectUris": ["http://127.0.0.1/oauth/callback"],
    "issuerUrl": START,
}


@pytest.fixture
def oidc(client):
    return client("sso-oidc", signature_version=UNSIGNED)


@pytest.fixture
def portal(client):
    return client("sso", signature_version=UNSIGNED)


def registered(oidc, **more):
    found = oidc.register_client(clientName="test", clientType="public", **more)
    return {name: found[name] for name in ("clientId", "clientSecret")}


def device_code(oidc, pair):
    return oidc.start_device_authorization(**pair, startUrl=START)["deviceCode"]


def page(aws, pair, **changed):
    given = {
        "response_type": "code", "client_id": pair["clientId"], "redirect_uri": REDIRECT, "state": "s",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", "scopes": SCOPE, **changed,
    }  # fmt: skip
    return get(f"{aws.url}/authorize?" + "&".join(f"{name}={value}" for name, value in given.items()))


def test_credentials_of_a_role(aws, client, portal, refused):
    """The bearer token opens the roles that are assigned."""
    request = {"roleName": "PortalRole", "accountId": example.DEV, "accessToken": example.SSO_TOKEN}
    given = portal.get_role_credentials(**request)["roleCredentials"]
    assert abs(given["expiration"] / 1000 - aws.world.now() - 3600) < 5
    keys = {
        "AccessKeyId": given["accessKeyId"],
        "SecretAccessKey": given["secretAccessKey"],
        "SessionToken": given["sessionToken"],
    }
    assert ":assumed-role/PortalRole/" in client(keys=keys).get_caller_identity()["Arn"]
    with refused(401, "UnauthorizedException"):
        portal.get_role_credentials(**{**request, "accessToken": "else"})
    with refused(403, "ForbiddenException"):
        portal.get_role_credentials(**{**request, "roleName": "OpenRole"})
    assert aws.calls.count("GetRoleCredentials") == 3


def test_sign_in_by_device(oidc, portal, refused):
    """A registered client gets a code, and for it one token, which opens the roles of the person who said yes."""
    pair = registered(oidc)
    with refused(401, "InvalidClientException"):
        oidc.start_device_authorization(clientId=pair["clientId"], clientSecret="else", startUrl=START)
    wanted = {**pair, "grantType": DEVICE, "deviceCode": device_code(oidc, pair)}
    with refused(400, "UnsupportedGrantTypeException"):
        oidc.create_token(**{**wanted, "grantType": "password"})
    token = oidc.create_token(**wanted)
    assert token["expiresIn"] == 8 * 3600
    assert "refreshToken" not in token
    with refused(400, "InvalidGrantException"):
        oidc.create_token(**wanted)
    request = {"roleName": "PortalRole", "accountId": example.DEV, "accessToken": token["accessToken"]}
    assert portal.get_role_credentials(**request)["roleCredentials"]["sessionToken"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"clientType": ""}, "InvalidRequestException"),
        ({"clientType": "confidential"}, "InvalidClientMetadataException"),
        ({"scopes": ["sso:everything"]}, "InvalidScopeException"),
        ({"grantTypes": ["password"]}, "UnsupportedGrantTypeException"),
        ({**BROWSER, "redirectUris": ["http://127.0.0.1/callback"]}, "InvalidRedirectUriException"),
        ({**BROWSER, "redirectUris": ["http://127.0.0.1:80/oauth/callback"]}, "InvalidRedirectUriException"),
        ({**BROWSER, "issuerUrl": ""}, "InvalidRequestException"),
        ({**BROWSER, "issuerUrl": "https://other.example/"}, "InvalidClientMetadataException"),
    ],
)
def test_registrations_that_are_refused(aws, oidc, refused, given, code):
    """Each for its own reason."""
    aws.world.sso.start_urls = {START}
    with refused(400, code):
        oidc.register_client(**{"clientName": "test", "clientType": "public", **given})


def test_sign_in_by_browser(aws, oidc, refused):
    """The page sends the browser home with a code; with the verifier it gives tokens, once."""
    pair = registered(oidc, scopes=[SCOPE], **BROWSER)
    status, location, _ = page(aws, pair)
    assert status == 302
    code = location.removeprefix(f"{REDIRECT}?code=").removesuffix("&state=s")
    wanted = {**pair, "grantType": "authorization_code", "code": code, "redirectUri": REDIRECT}
    token = oidc.create_token(**wanted, codeVerifier=VERIFIER)
    assert token["expiresIn"] == 3600
    again = {**pair, "grantType": "refresh_token", "refreshToken": token["refreshToken"]}
    assert oidc.create_token(**again)["refreshToken"] != token["refreshToken"]
    with refused(400, "InvalidGrantException"):
        oidc.create_token(**again)
    with refused(400, "InvalidGrantException"):
        oidc.create_token(**wanted, codeVerifier=VERIFIER)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"client_id": "else"}, (400, "")),
        ({"redirect_uri": "http://127.0.0.1:1/else"}, (400, "")),
        ({"redirect_uri": "http://evil.example:1/oauth/callback"}, (400, "")),
        ({"code_challenge_method": "plain"}, (302, "error=invalid_request")),
        ({"code_challenge": "short"}, (302, "error=invalid_request")),
        ({"response_type": "token"}, (302, "error=invalid_request")),
        ({"scopes": "codewhisperer:analysis"}, (302, "error=invalid_scope")),
    ],
)
def test_pages_that_are_refused(aws, oidc, changed, said):
    """A wrong client or redirect stays at AWS; the rest is told to the client."""
    status, location, _ = page(aws, registered(oidc, scopes=[SCOPE], **BROWSER), **changed)
    assert status == said[0]
    assert said[1] in location
    assert "code=" not in location


def test_person_at_the_page(aws, oidc):
    """With person "browser", only the page's buttons say yes or no."""
    aws.world.sso.person, aws.world.sso.page = "browser", ""
    pair = registered(oidc, scopes=[SCOPE], **BROWSER)
    assert page(aws, pair)[0] == 200
    assert "error=access_denied" in page(aws, pair, answer="no")[1]
    assert "code=" in page(aws, pair, answer="yes")[1]
    begun = oidc.start_device_authorization(**registered(oidc), startUrl=START)
    assert begun["userCode"] in get(begun["verificationUriComplete"])[2]
    assert get(begun["verificationUriComplete"] + "&answer=yes")[0] == 200
    assert get(begun["verificationUriComplete"])[0] == 400


def test_start_urls(aws):
    """A company's own name leads to AWS's page, for HEAD as for GET, without a body; AWS's page is one."""
    for method in ("HEAD", "GET"):
        connection = http.client.HTTPConnection(aws.url.removeprefix("http://"), timeout=PATIENCE)
        for host, status in (("corp.example", 302), ("d-1234567890.awsapps.com", 200)):
            connection.request(method, "/start", headers={"Host": host})
            with connection.getresponse() as answer:
                assert (answer.status, answer.headers.get("Location")) == (
                    status,
                    "https://d-1234567890.awsapps.com/start" if status == 302 else None,
                )
                assert bool(answer.read()) is (method == "GET" and status == 200)
        connection.close()


def test_device_that_waits(aws, oidc, refused):
    """Pending, too fast, and after five seconds more pending again; then denied, then too late."""
    aws.world.sso.person = "away"
    pair = registered(oidc)
    wanted = {**pair, "grantType": DEVICE, "deviceCode": device_code(oidc, pair)}
    with refused(400, "AuthorizationPendingException"):
        oidc.create_token(**wanted)
    with refused(400, "SlowDownException"):
        oidc.create_token(**wanted)
    aws.world.clock.advance(5)
    with refused(400, "SlowDownException"):
        oidc.create_token(**wanted)
    aws.world.clock.advance(11.1)
    with refused(400, "AuthorizationPendingException"):
        oidc.create_token(**wanted)
    aws.world.sso.person = "no"
    with refused(400, "AccessDeniedException"):
        oidc.create_token(**wanted)
    aws.world.clock.advance(600)
    with refused(400, "ExpiredTokenException"):
        oidc.create_token(**wanted)


def test_ends(aws, oidc, portal, refused):
    """An access token after an hour, a sign-in after eight, a client after ninety days."""
    pair = registered(oidc, scopes=[SCOPE])
    token = oidc.create_token(**pair, grantType=DEVICE, deviceCode=device_code(oidc, pair))
    aws.world.clock.advance(3601)
    with refused(401, "UnauthorizedException"):
        portal.list_accounts(accessToken=token["accessToken"])
    again = {**pair, "grantType": "refresh_token"}
    token = oidc.create_token(**again, refreshToken=token["refreshToken"])
    assert portal.list_accounts(accessToken=token["accessToken"])["accountList"]
    aws.world.clock.advance(7 * 3600)
    with refused(400, "InvalidGrantException"):
        oidc.create_token(**again, refreshToken=token["refreshToken"])
    aws.world.clock.advance(90 * 86400)
    with refused(401, "InvalidClientException"):
        device_code(oidc, pair)


def test_grants_restrict_a_client(aws, oidc, refused):
    """What it did not register for, it does not get; nor does a client get another's token."""
    pair = registered(oidc, scopes=[SCOPE], **BROWSER)
    with refused(400, "UnauthorizedClientException"):
        device_code(oidc, pair)
    other = registered(oidc, scopes=[SCOPE])
    token = oidc.create_token(**other, grantType=DEVICE, deviceCode=device_code(oidc, other))
    with refused(400, "InvalidGrantException"):
        oidc.create_token(**pair, grantType="refresh_token", refreshToken=token["refreshToken"])


def test_lists(aws, portal, refused):
    """Pages as AWS gives them: at most 100 rows, and a next_token that is good for its own list only."""
    for number in range(250):
        aws.world.assign(f"{number:012}", "Reader", "Writer", account_name=f"a{number}")
    given = {"accessToken": example.SSO_TOKEN}
    first = portal.list_accounts(**given, maxResults=100)
    assert len(first["accountList"]) == 100
    assert len(portal.list_accounts(**given)["accountList"]) == 20
    assert first["accountList"][1]["accountName"] == "a0"
    pages = portal.get_paginator("list_accounts").paginate(**given, maxResults=100)
    assert [len(each["accountList"]) for each in pages] == [100, 100, 51]
    rows = portal.list_account_roles(**given, accountId="000000000007", maxResults=1)
    assert rows["roleList"] == [{"roleName": "Reader", "accountId": "000000000007"}]
    with refused(400, "InvalidRequestException"):
        portal.list_account_roles(**given, accountId="000000000008", nextToken=rows["nextToken"])
    with refused(400, "InvalidRequestException"):
        portal.list_accounts(**given, maxResults=101)
    with refused(403, "ForbiddenException"):
        portal.list_account_roles(**given, accountId=example.PROD)


def test_logout(aws, portal, refused):
    """The token is worth nothing afterwards; the role sessions live on."""
    request = {"roleName": "PortalRole", "accountId": example.DEV, "accessToken": example.SSO_TOKEN}
    given = portal.get_role_credentials(**request)["roleCredentials"]
    portal.logout(accessToken=example.SSO_TOKEN)
    with refused(401, "UnauthorizedException"):
        portal.list_accounts(accessToken=example.SSO_TOKEN)
    assert aws.world.sessions[given["accessKeyId"]].expires > aws.world.now()


def test_twenty_requests_a_second(aws, portal, refused):
    """Where the rate is limited: 20 at once, the next when time has passed."""
    aws.world.sso.rate = 20
    given = {"accessToken": example.SSO_TOKEN}
    with aws.world.clock.standing():
        for _ in range(20):
            portal.list_accounts(**given)
        with refused(429, "TooManyRequestsException"):
            portal.get_role_credentials(**given, roleName="PortalRole", accountId=example.DEV)
        aws.world.clock.advance(0.06)
        portal.list_accounts(**given)
        with refused(429, "TooManyRequestsException"):
            portal.list_accounts(**given)
