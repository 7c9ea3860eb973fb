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

from tests.home import failed
from tests.patience import PATIENCE
from vault.aws import console
from vault.errors import Usage
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


@pytest.mark.parametrize("region", ["aws-global", "us-east-1-fips"])
def test_a_pseudo_region_has_no_console(home, region):
    """The page is in the region that the name stands for."""
    with open(home.config_path, encoding="utf-8") as file:
        text = file.read()
    home.config(text.replace("us-west-2", region))
    done = home.run("login", "dev", "--print", "--service", "s3")
    destination = parse_qs(urlsplit(done.stdout.strip()).query)["Destination"]
    assert destination == ["https://us-east-1.console.aws.amazon.com/s3/home?region=us-east-1"]


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
