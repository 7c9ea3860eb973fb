"""login: the address for every partition, what AWS refuses, and the one-time page."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.home import SCENARIO, failed
from tests.patience import PATIENCE
from vault.aws import console
from vault.errors import Usage
from vault.profiles.session_policy import read_only_policy
from vault.run.browser_handoff import Handoff
from vault.secret import Secret
from vault.system.clock import Deadline

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


@pytest.mark.parametrize(
    ("partition", "region", "signin", "page"),
    [
        ("aws", "eu-west-1", "signin.aws.amazon.com", "eu-west-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "signin.amazonaws.cn", "cn-north-1.console.amazonaws.cn"),
        (
            "aws-us-gov",
            "us-gov-west-1",
            "signin.amazonaws-us-gov.com",
            "us-gov-west-1.console.amazonaws-us-gov.com",
        ),
        ("aws-iso", "us-iso-east-1", "signin.c2shome.ic.gov", "console.c2shome.ic.gov"),
        ("aws-iso-b", "us-isob-east-1", "signin.sc2shome.sgov.gov", "console.sc2shome.sgov.gov"),
        ("aws-iso-e", "eu-isoe-west-1", "signin.csphome.adc-e.uk", "console.csphome.adc-e.uk"),
        ("aws-iso-f", "us-isof-south-1", "signin.csphome.hci.ic.gov", "console.csphome.hci.ic.gov"),
        (
            "aws-eusc",
            "eusc-de-east-1",
            "eusc-de-east-1.signin.amazonaws-eusc.eu",
            "eusc-de-east-1.console.amazonaws-eusc.eu",
        ),
    ],
)
def test_each_partition_has_its_hosts(partition, region, signin, page):
    """Sign-in and pages of one partition never lead to another's."""
    assert console.federation_url(partition, region=region, configured=None) == f"https://{signin}/federation"
    assert console.page(partition, region=region) == f"https://{page}/console/home?region={region}"


def test_every_partition_that_resolution_knows_has_a_console():
    """A partition added to the endpoints without a console would be a KeyError for its users."""
    from vault.profiles.endpoints import PARTITIONS

    assert {p.name for p in PARTITIONS} == set(console.SITES)


@pytest.mark.parametrize(
    "path", ["", "s3", "//evil.example/", "/a b", "/a\nb", "/\u00e9", "https://evil.example/"]
)
def test_a_path_that_is_none_is_refused(path):
    """--path stays on the console's host."""
    with pytest.raises(Usage):
        console.page("aws", region="us-east-1", path=path)


@pytest.mark.parametrize("service", ["", "S3", "s3/../x", "s3?x", "-x", "a" * 65])
def test_a_service_that_is_none_is_refused(service):
    """--service is one word."""
    with pytest.raises(Usage):
        console.page("aws", region="us-east-1", service=service)


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


@pytest.mark.parametrize("region", ["aws-global", "us-east-1-fips"])
def test_a_pseudo_region_has_no_console(home, region):
    """The page is in the region that the name stands for."""
    with open(home.config_path, encoding="utf-8") as file:
        text = file.read()
    home.config(text.replace("us-west-2", region))
    done = home.run("login", "dev", "--print", "--service", "s3")
    destination = parse_qs(urlsplit(done.stdout.strip()).query)["Destination"]
    assert destination == ["https://us-east-1.console.aws.amazon.com/s3/home?region=us-east-1"]


def test_the_session_goes_in_the_body(home, aws):
    """No address, which proxies write down, holds the session's keys."""
    assert home.run("login", "dev", "--print").returncode == 0
    call = next(c for c in aws.calls if c.action == "getSigninToken")
    assert "Session" in call.parameters
    assert "SessionDuration" not in call.parameters


def test_a_path_is_kept(home):
    """--path leads to exactly that page."""
    done = home.run("login", "dev", "--print", "--path", "/cloudwatch/home?region=eu-west-1#logsV2:")
    destination = parse_qs(urlsplit(done.stdout.strip()).query)["Destination"][0]
    assert destination == "https://us-west-2.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:"


def test_the_duration_is_the_sessions_own(home, aws):
    """--duration is the role's session, which the console lasts as long as; a wrong one is usage."""
    assert home.run("login", "dev", "--print", "--duration", "20m").returncode == 0
    assert aws.calls.of("AssumeRole")[0].parameters["DurationSeconds"] == "1200"
    failed(home.run("login", "dev", "--print", "--duration", "1m"), 2, "--duration")


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


def test_a_sign_in_is_logged(home):
    """Use `login`, with the role and until when."""
    assert home.run("login", "dev", "--print").returncode == 0
    (record,) = json.loads(home.run("log", "--json").stdout)["records"]
    assert (record["use"], record["profile"], record["from"]) == ("login", "dev", "sts")


def test_a_wrong_service_is_said_before_any_call(home, aws):
    """Exit 2, and AWS is not asked for a session first."""
    failed(home.run("login", "dev", "--print", "--service", "S 3"), 2, "--service 'S 3'")
    failed(home.run("login", "dev", "--print", "--service", "s3", "--path", "/x"), 2, "--service", "--path")
    assert not list(aws.calls)


def test_an_unknown_profile_is_exit_5(home):
    """With the nearest name."""
    failed(home.run("login", "devv", "--print"), 5, "did you mean dev?")


def test_without_a_browser_the_address_is_written(home):
    """Over ssh there is nothing to open: the address and how long it is good for."""
    done = home.run("login", "dev", DISPLAY=None, WAYLAND_DISPLAY=None, BROWSER=None)
    assert done.returncode == 0
    assert "valid for 15 minutes" in done.stderr
    assert done.stdout.startswith("http://127.0.0.1:")


def test_a_browser_that_is_not_there_is_said(home):
    """Exit 6 names it."""
    failed(home.run("login", "dev", "--browser", "/nonexistent/browser"), 6, "cannot start")


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


def wait_for(path, seconds=PATIENCE):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if path.exists():
            return path.read_text()
        time.sleep(0.1)
    raise AssertionError(f"{path} did not come")


def test_the_browser_gets_no_credentials(home, tmp_path):
    """Its environment has nothing of awsvault-py, and its command line no token."""
    script = tmp_path / "open"
    script.write_text(
        f'#!/bin/sh\nenv > {tmp_path}/env.new; mv {tmp_path}/env.new {tmp_path}/env\nexec curl -s -o /dev/null "$1"\n'
    )
    script.chmod(0o700)
    assert home.run("login", "dev", "--browser", str(script)).returncode == 0
    env = wait_for(tmp_path / "env", 20)
    assert "AWSVAULT_PASSPHRASE" not in env
    assert "AWS_SECRET" not in env


# ── the one-time page ──

TARGET = Secret("https://signin.example/federation?SigninToken=canary")


def fetch(url, *, host=None, path=None, method="GET"):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=PATIENCE)
    connection.putrequest(method, path or parts.path, skip_host=True)
    connection.putheader("Host", host or parts.netloc)
    connection.endheaders()
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("Location")


@pytest.fixture
def page():
    """A one-time page being served, and whether it was fetched."""
    with Handoff(TARGET) as handoff:
        result = []
        thread = threading.Thread(
            target=lambda: result.append(handoff.serve(deadline=Deadline.after(PATIENCE)))
        )
        thread.start()
        yield handoff, result, thread
        thread.join(PATIENCE)


def test_the_page_leads_on_once(page):
    """The first request gets the address; then nobody listens any more."""
    handoff, result, thread = page
    assert fetch(handoff.url) == (303, TARGET.reveal_text())
    thread.join(PATIENCE)
    assert result == [True]


@pytest.mark.parametrize(
    "change",
    [
        {"host": "evil.example"},
        {"host": "localhost:1"},
        {"path": "/"},
        {"path": "/favicon.ico"},
        {"method": "POST"},
    ],
)
def test_others_get_nothing(page, change):
    """Another Host (a rebound name), path or method is 404, and the page waits on for the right one."""
    handoff, _, _ = page
    assert fetch(handoff.url, **change) == (404, None)
    assert fetch(handoff.url) == (303, TARGET.reveal_text())


def test_a_silent_client_does_not_hold_the_page(page):
    """A connection that says nothing is left after a moment."""
    handoff, _, _ = page
    silent = socket.create_connection(("127.0.0.1", urlsplit(handoff.url).port))
    assert fetch(handoff.url) == (303, TARGET.reveal_text())
    silent.close()


def test_another_user_gets_nothing(page):
    """The kernel tells whose connection it is: another uid is hung up on, unread."""
    if os.geteuid() != 0:
        pytest.fail("this test becomes another user, for which it needs to be root")
    handoff, _, _ = page
    code = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*", handoff.url],
        user=65534,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    ).stdout
    assert code == "000"
    assert fetch(handoff.url) == (303, TARGET.reveal_text())
