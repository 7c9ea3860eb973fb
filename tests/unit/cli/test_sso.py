"""sso login, logout and status, with a browser and a stand-in: what the user sees, and what is left behind."""

from __future__ import annotations

import json
import os
import re
import time

import pytest

from tests.fakes.example import SSO_TOKEN
from tests.home import PASSPHRASE, failed
from tests.signins import START_URL, browser, config, visits
from tests.unit.inspect.chains import KEYS
from tests.vaults import soon
from vault.cache.audit_log import AuditLog
from vault.credentials import audit
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env

pytestmark = pytest.mark.usefixtures("unmeasured")

ROLE = ("222222222222", "DeveloperRole")


@pytest.fixture
def home(home, aws):
    home.config(config())
    aws.world.assign(*ROLE)
    home.make_vault()
    return home


def login(home, *more, name=("corp",), **env):
    return home.run("sso", "login", *name, "--browser", browser(home), *more, **env)


def signed_in(home, *more, **env):
    done = login(home, *more, **env)
    assert done.returncode == 0, done.stderr
    return done


def actions(aws):
    return [call.action for call in aws.calls]


def usable(aws):
    """The access tokens that the portal takes, but for the one that the stand-in always has."""
    found = [token for token in aws.world.sso.access if token != SSO_TOKEN]
    assert found
    return [token for token in found if aws.world.sso.may_use(token, aws.world.now())]


def names(home):
    folder = home.file("signins")
    return sorted(name for name in os.listdir(folder) if not name.endswith((".lock", ".ask")))


def test_login_by_browser_seals_the_sign_in(home, aws):
    """One register, one token, one file, and an answer for scripts. The URL on the command line shows no state."""
    found = json.loads(signed_in(home, "--json").stdout)
    assert (found["session"], found["signed_in"], found["refreshes"]) == ("corp", True, True)
    assert actions(aws) == ["RegisterClient", "Authorize", "CreateToken"]
    assert len(names(home)) == 1
    (visit,) = visits(home)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}", visit)


def test_an_export_uses_the_sign_in(home, aws):
    """Of the section, and of no other place; the role is cached."""
    signed_in(home)
    aws.calls.clear()
    assert home.export("dev")["AccountId"] == ROLE[0]
    assert home.export("dev")["AccountId"] == ROLE[0]
    assert actions(aws) == ["GetRoleCredentials"]
    failed(home.run("export", "older"), 7, "not signed in", "awsvault-py sso login older")


def test_an_export_right_after_the_sign_in_works(home):
    """Although one has failed a moment ago: other failures are repeated from memory for some seconds."""
    failed(home.run("export", "dev"), 7, "not signed in")
    signed_in(home)
    assert home.export("dev")["AccountId"] == ROLE[0]


def test_login_by_a_profile_signs_in_at_its_place(home):
    """A profile with a section shares its sign-in; one in the older form has its own."""
    assert "Signed in to corp." in signed_in(home, name=("dev",)).stderr
    assert login(home, name=("older",)).returncode == 0
    assert len(names(home)) == 2
    assert home.export("older")["AccountId"] == ROLE[0]


def test_login_makes_the_vault(home):
    """A vault that has sign-ins only."""
    for name in ("vault.avlt", "vault.avlt.bak1"):
        os.unlink(home.file(name))
    done = signed_in(home)
    assert "Created the vault" in done.stderr
    assert home.export("dev")["AccountId"] == ROLE[0]


def test_login_by_device_code(home, aws):
    """The code and the warning are shown; nothing is opened."""
    done = home.run("sso", "login", "--device", BROWSER=browser(home))
    assert done.returncode == 0, done.stderr
    assert re.search(r"only if you started this sign-in: [A-Z]{4}-[A-Z]{4}\n", done.stderr)
    assert "?user_code=" in done.stderr
    assert visits(home) == []
    assert home.export("dev")["AccountId"] == ROLE[0]


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({"SSH_CONNECTION": "a b"}, "SSH"),
        ({"WSL_DISTRO_NAME": "d"}, "WSL"),
        ({"container": "lxc"}, "container"),
    ],
)
def test_where_a_browser_cannot_come_back_the_device_code_is_used(home, env, why):
    """By itself, and it says why."""
    done = home.run("sso", "login", BROWSER=browser(home), **env)
    assert done.returncode == 0, done.stderr
    assert re.search(f"Using a device code, because .*{why}", done.stderr)
    assert visits(home) == []


def test_a_refusal_in_the_browser_is_the_users_no(home, aws):
    """Both ways."""
    aws.world.sso.person = "no"
    for more in (("--browser", browser(home)), ("--device",)):
        done = home.run("sso", "login", *more)
        assert done.returncode == 10
        assert "refused in the browser" in done.stderr
    assert names(home) == []


def test_a_wrong_start_url_names_both_lines(home, aws):
    """AWS knows a start URL in one region only."""
    aws.world.sso.start_urls = {"https://another.awsapps.com/start"}
    done = login(home)
    assert done.returncode == 6
    assert "config:2 and" in done.stderr
    assert "config:3:" in done.stderr
    assert "one region only" in done.stderr
    assert visits(home) == []


def test_a_browser_that_cannot_be_started_leaves_the_page(home):
    """The page to open is shown, and the wait goes on; here nobody opens it."""
    process = home.start("sso", "login", "--browser", "/nonexistent/browser")
    try:
        seen = b""
        while b"/authorize?" not in seen:
            seen += os.read(process.stderr.fileno(), 4096)
        assert b"Open this page on this machine: http" in seen
    finally:
        process.kill()
        process.communicate()


def test_a_browser_that_does_not_end_holds_nothing_up(home):
    """Some browsers run in the foreground until their window is closed."""
    done = home.run("sso", "login", "--browser", browser(home, wait=True))
    assert done.returncode == 0, done.stderr


def test_ten_logins_at_once_open_one_browser(home, aws):
    """One asks, the others use its sign-in."""
    gate = os.path.join(home.root, "gate")
    command = browser(home, gate=gate)
    running = [home.start("sso", "login", "corp", "--browser", command) for _ in range(10)]
    said = [process.stderr.readline() for process in running]
    assert (
        sorted(line.startswith(b"Waiting for another awsvault-py") for line in said) == [False] + [True] * 9
    )
    with open(gate, "wb"):
        pass
    done = [(process.communicate()[1], process.returncode) for process in running]
    assert [code for _, code in done] == [0] * 10, done
    assert len(visits(home)) == 1
    assert actions(aws).count("CreateToken") == 1


def test_ten_logins_at_once_end_with_one_no(home, aws):
    """They waited for the sign-in that the user refused: no other tab opens."""
    aws.world.sso.person = "no"
    gate = os.path.join(home.root, "gate")
    command = browser(home, gate=gate)
    running = [home.start("sso", "login", "corp", "--browser", command) for _ in range(10)]
    for process in running:
        process.stderr.readline()
    with open(gate, "wb"):
        pass
    done = [(process.communicate()[1], process.returncode) for process in running]
    assert [code for _, code in done] == [10] * 10, done
    assert all(b"the sign-in was refused in the browser" in said for said, _ in done)
    assert len(visits(home)) == 1
    assert login(home).returncode == 10  # a later one asks again
    assert len(visits(home)) == 2


def test_a_second_login_signs_in_again_with_the_same_registration(home, aws):
    """The client is registered once in 90 days."""
    signed_in(home)
    signed_in(home)
    assert len(visits(home)) == 2
    assert actions(aws).count("RegisterClient") == 1


def test_a_client_that_aws_forgot_is_registered_again(home, aws):
    """Within one command."""
    assert home.run("sso", "login", "--device").returncode == 0
    aws.world.sso.clients.clear()
    done = home.run("sso", "login", "--device")
    assert done.returncode == 0, done.stderr
    assert actions(aws).count("RegisterClient") == 2


def test_a_host_that_is_not_trusted_gets_nothing(home, aws):
    """Before a prompt and before a browser."""
    home.settings("", trusted=())
    done = login(home)
    assert done.returncode == 6
    assert "trusted_hosts" in done.stderr
    assert (actions(aws), visits(home)) == ([], [])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("login", "nobody"), 5, "hint: name an sso-session (corp, half) or a profile"),
        (("login", "plain"), 2, "does not use IAM Identity Center"),
        (("login", "corp", "--device", "--no-browser"), 2, "give only one of"),
        (("logout", "corp", "--all"), 2, "not both"),
        (("logout", "nobody"), 5, "no sso-session or profile 'nobody'"),
        (("login", "half"), 6, "config:19: sso-session half lacks sso_region"),
        (("login",), 2, "several sso-sessions"),
    ],
)
def test_mistakes_on_the_command_line(home, words, code, said):
    more = f"[profile plain]\n{KEYS}[sso-session half]\nsso_start_url = https://x.awsapps.com/start\n"
    home.config(config() + more)
    failed(home.run("sso", *words), code, said)


@pytest.mark.parametrize(
    ("text", "words", "code", "said"),
    [
        (None, (), 2, ("config does not exist", "run: aws configure sso-session; or")),
        ("", (), 2, ("config has no sso-session", "run: aws configure sso-session; or")),
        ("", ("corp",), 5, ("no sso-session or profile 'corp'", "or write a section [sso-session corp]")),
        ("older", (), 2, ("config has no sso-session", "hint: run: awsvault-py sso login older\n")),
    ],
)
def test_hints_without_a_section_lead_on(home, text, words, code, said):
    """To the AWS CLI's command or the lines to write; or to the profile that can sign in."""
    if text is None:
        os.unlink(home.config_path)
    else:
        home.config("[profile older]" + config().partition("[profile older]")[2] if text else "")
    failed(home.run("sso", "login", *words), code, *said)


def test_the_section_that_the_hint_names_is_enough(home):
    """For a user without the AWS CLI; the scope that gives a refresh token is the default."""
    home.config(f"[sso-session corp]\nsso_start_url = {START_URL}\nsso_region = us-east-1\n")
    assert json.loads(signed_in(home, "--json").stdout)["refreshes"]


def test_status_shows_each_session(home):
    """Signed in or not, and until when the token is valid."""
    before = json.loads(home.run("sso", "status", "--json").stdout)["sessions"]
    assert [(one["session"], one["signed_in"]) for one in before] == [("corp", False)]
    signed_in(home)
    (one,) = json.loads(home.run("sso", "status", "--json").stdout)["sessions"]
    ends = time.mktime(time.strptime(one["token_expires"], "%Y-%m-%dT%H:%M:%SZ"))
    began = time.mktime(time.strptime(one["began"], "%Y-%m-%dT%H:%M:%SZ"))
    assert (one["signed_in"], abs(ends - began - 3600) < 60) == (True, True)
    shown = home.run("sso", "status").stdout
    assert shown.startswith("corp\tyes\t")


def test_status_knows_that_the_section_names_another_place(home):
    """Exports are not signed in there. The sign-in at the earlier place is still one."""
    signed_in(home)
    home.config(config("https://another.awsapps.com/start"))
    done = home.run("sso", "status", "--json")
    found = {one["start_url"]: one["signed_in"] for one in json.loads(done.stdout)["sessions"]}
    assert found == {"https://example.awsapps.com/start": True, "https://another.awsapps.com/start": False}
    assert "To sign in: awsvault-py sso login corp" in home.run("sso", "status").stderr
    assert home.run("sso", "logout", "corp").returncode == 0
    assert names(home) == []


def test_status_of_a_locked_vault_is_an_error_only_if_there_is_a_file(home):
    """lock forgets the key: nothing but the sealed file is left."""
    locked = {"AWSVAULT_PASSPHRASE": None}
    assert home.run("sso", "status", **locked).returncode == 0
    signed_in(home)
    failed(home.run("sso", "status", **locked), 3, "locked")
    assert home.run("lock").returncode == 0
    failed(home.run("export", "dev"), 3, "locked")


def test_logout_ends_the_sign_in_everywhere(home, aws):
    """At AWS, the file, and the cached roles; the next export says what to do."""
    signed_in(home)
    home.export("dev")
    done = home.run("sso", "logout", "--json")
    assert done.returncode == 0, done.stderr
    (ended,) = json.loads(done.stdout)["sessions"]
    assert (ended["session"], ended["ended_at_aws"]) == ("corp", True)
    assert "stay valid until they expire" in done.stderr
    assert names(home) == []
    assert not usable(aws)
    failed(home.run("export", "dev"), 7, "not signed in", "awsvault-py sso login corp")
    assert "There was no sign-in." in home.run("sso", "logout").stderr


def test_logout_with_an_expired_token_refreshes_it_first(home, aws):
    """The access token ends long before the sign-in does."""
    signed_in(home)
    aws.world.sso.expire_access()
    done = home.run("sso", "logout", "--json")
    assert json.loads(done.stdout)["sessions"][0]["ended_at_aws"]
    assert actions(aws)[-3:] == ["Logout", "CreateToken", "Logout"]


def test_logout_makes_the_agent_forget_the_roles(home, aws):
    """It answers exports from memory, for hours after the sign-in has ended."""
    home.env.pop("AWSVAULT_AGENT")
    signed_in(home)
    assert home.run("unlock").returncode == 0
    home.settle()
    home.export("dev")
    aws.calls.clear()
    home.export("dev", AWSVAULT_PASSPHRASE=None)
    assert actions(aws) == []
    assert home.run("sso", "logout").returncode == 0
    failed(home.run("export", "dev"), 7, "not signed in")


def test_logout_without_aws_deletes_the_file_and_says_so(home, aws):
    """Nothing usable is left here, whatever AWS answers."""
    signed_in(home)
    aws.faults.add("Logout", "error-503", times=None)
    done = home.run("sso", "logout", "--json")
    assert done.returncode == 8
    assert not json.loads(done.stdout)["sessions"][0]["ended_at_aws"]
    assert "AWS could not be notified" in done.stderr
    assert names(home) == []


def test_logout_of_a_session_that_the_config_does_not_name_any_more(home):
    """Its name is known from the file."""
    signed_in(home)
    home.config("")
    done = home.run("sso", "logout", "corp")
    assert (done.returncode, names(home)) == (0, []), done.stderr


@pytest.mark.parametrize("words", [("export", "dev"), ("sso", "status"), ("sso", "logout")])
def test_an_unsafe_folder_is_an_error_and_not_signed_out(home, aws, words):
    """The sign-in goes on at AWS, and an export would use the AWS CLI's token, which may be another user's."""
    signed_in(home)
    os.chmod(home.file("signins"), 0o755)
    failed(home.run(*words), 6, "signins is open to other users", "chmod 700")
    assert usable(aws)


def test_logout_all_deletes_files_that_no_key_opens(home):
    """Those of a restored vault, for example."""
    signed_in(home)
    foreign = os.path.join(home.file("signins"), "0" * 40)
    with open(foreign, "wb"):
        pass
    assert home.run("sso", "logout", "--all").returncode == 0
    assert names(home) == []


def test_panic_logs_out(home, aws):
    """At AWS too."""
    signed_in(home)
    done = home.run("panic", "--yes", "--trust-endpoint")
    assert "Deleted 1 sign-in to" in done.stderr
    opened = vault.open_with_passphrase(from_env(home.env), Secret(PASSPHRASE), deadline=soon())
    with AuditLog.open(home.file("log"), cache_key=opened.cache_key, vault_id=opened.vault_id) as log:
        uses = [audit.decode(record).use for record in log.newest(9)]
    assert sorted(uses) == ["sign-in", "sign-out"]
    assert not usable(aws)
    assert actions(aws).index("UpdateAccessKey") < actions(aws).index(
        "Logout"
    )  # keys last longer, and the portal may hang
    assert names(home) == []
