"""The sign-in as a role: the session that it is for, and the hosts that get it."""

from __future__ import annotations

import http.client
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.home import SCENARIO, failed
from tests.patience import PATIENCE
from vault.aws import console
from vault.profiles.session_policy import read_only_policy
from vault.secret import Secret

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


def test_print_gives_an_address_that_signs_in(home, aws):
    """The address alone on stdout; asked for, it is the page of the role."""
    done = home.run("login", "dev", "--print", "--service", "s3")
    assert done.returncode == 0, done.stderr
    url = urlsplit(done.stdout.strip())
    query = parse_qs(url.query)
    assert query["Destination"] == ["https://us-west-2.console.aws.amazon.com/s3/home?region=us-west-2"]
    connection = http.client.HTTPConnection(url.netloc, timeout=PATIENCE)
    connection.request("GET", f"{url.path}?{url.query}")
    page = connection.getresponse().read().decode()
    connection.close()
    assert "<dd id=role>DeveloperRole" in page
    assert "<dd id=account>222222222222" in page


def test_the_session_goes_in_the_body(home, aws):
    """No address, which proxies write down, holds the session's keys."""
    assert home.run("login", "dev", "--print").returncode == 0
    call = next(c for c in aws.calls if c.action == "getSigninToken")
    assert "Session" in call.parameters
    assert "SessionDuration" not in call.parameters


def test_the_session_is_a_new_one(home, aws):
    """A console session that ends in five minutes is no use: a new role session is fetched, whatever is cached."""
    home.export("dev")
    assert home.run("login", "dev", "--print").returncode == 0
    assert len(aws.calls.of("AssumeRole")) == 2


def test_guard_rails_hold_for_the_console(home, aws):
    """awsvault_read_only and awsvault_max_duration narrow what the browser is signed in with; --write lifts the first."""
    home.config(
        SCENARIO.replace(
            "[profile dev]\n", "[profile dev]\nawsvault_read_only = yes\nawsvault_max_duration = 15m\n"
        )
    )
    assert home.run("login", "dev", "--print", "--duration", "4h").returncode == 0
    assert home.run("login", "dev", "--print", "--write").returncode == 0
    narrowed, whole = aws.calls.of("AssumeRole")
    assert narrowed.parameters["PolicyArns.member.1.arn"] == read_only_policy("aws")
    assert "PolicyArns.member.1.arn" not in whole.parameters
    assert {narrowed.parameters["DurationSeconds"], whole.parameters["DurationSeconds"]} == {"900"}


@pytest.mark.parametrize(
    "how",
    [
        {"AWS_ENDPOINT_URL_SIGNIN": "{url}"},
        {"AWS_ENDPOINT_URL": "{url}", "AWS_ENDPOINT_URL_SIGNIN": None},
        "services = local\n[services local]\nsignin =\n  endpoint_url = {url}\n",
        "endpoint_url = {url}\n",
    ],
    ids=["signin", "all", "services", "profile"],
)
def test_a_session_goes_to_no_host_that_nobody_named(home, aws, how):
    """Key, secret and token would go there whole: exit 6 names host and place, before AWS is asked for anything."""
    home.settings("", trusted=())
    env = {"AWS_ENDPOINT_URL": None, "AWS_ENDPOINT_URL_STS": aws.url}
    if isinstance(how, str):
        home.config(SCENARIO.replace("[profile prod]", how.format(url=aws.url) + "\n[profile prod]"))
        place = f"{home.config_path}:"
    else:
        env |= {name: value and value.format(url=aws.url) for name, value in how.items()}
        place = next(name for name, value in how.items() if value) + ":"
    host = aws.url.partition("://")[2]
    failed(home.run("login", "dev", "--print", **env), 6, place, aws.url, f'trusted_hosts = ["{host}"]')
    assert not list(aws.calls)


def test_allow_http_and_loopback_are_no_trust(home, aws):
    """A host that plain http may reach is not one that may have a session."""
    home.settings('allow_http = ["127.0.0.1"]\n', trusted=())
    failed(home.run("login", "dev", "--print"), 6, "trusted_hosts")


def test_a_trusted_host_is_said(home, aws):
    """config.toml lists it, with or without its port: it gets the session, and stderr says which host that is."""
    host = aws.url.partition("://")[2]
    for listed in (host, "127.0.0.1"):
        home.settings("", trusted=(listed,))
        done = home.run("login", "dev", "--print")
        assert done.returncode == 0, done.stderr
        assert f"{host} (AWS_ENDPOINT_URL)" in done.stderr
    home.settings("", trusted=("127.0.0.1:1", "other.example"))
    failed(home.run("login", "dev", "--print"), 6, host)


def test_awss_own_sign_in_is_not_mentioned(home, aws, monkeypatch):
    """The partition's own host needs no list: nothing is said, and there the session goes."""
    asked = []

    def answer(_credentials, *, endpoint, **_):
        asked.append(endpoint.trusted("").host)
        return Secret("token")

    monkeypatch.setattr(console, "signin_token", answer)
    home.settings("", trusted=())
    env = {"AWS_ENDPOINT_URL": None, "AWS_ENDPOINT_URL_STS": aws.url}
    done = home.run("login", "dev", "--print", **env)
    assert (done.returncode, done.stderr) == (0, "")
    done = home.run(
        "login", "dev", "--print", AWS_ENDPOINT_URL_SIGNIN="https://us-east-2.signin.aws.amazon.com", **env
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert asked == ["signin.aws.amazon.com", "us-east-2.signin.aws.amazon.com"]
