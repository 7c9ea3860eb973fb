"""`import` as a command: keys out of the plaintext into the vault, proved first, and put back by --undo."""

from __future__ import annotations

import json
import os

import pytest

from tests.fakes.example import KEY_ID, SECRET, SERIAL
from tests.home import failed

pytestmark = pytest.mark.usefixtures("inside")

OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
GONE_ID, GONE = "AKIAGONEGONEGEXAMPLE", "goneGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEYS"


def keys(name, key_id=KEY_ID, secret=SECRET):
    return f"[{name}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"


@pytest.fixture
def plaintext_home(home):
    """A home as `aws configure` leaves it: the key in plaintext, a role on it."""
    home.config(
        "[profile shared-services]\nregion = us-east-1\n\n[profile dev]\nrole_arn = arn:aws:iam::222222222222:role/DeveloperRole\n"
        f"source_profile = shared-services\nmfa_serial = {SERIAL}\n"
    )
    credentials(home, "# mine\n" + keys("shared-services"))
    return home


def credentials(home, text, name="credentials"):
    path = os.path.join(os.path.dirname(home.config_path), name)
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(text)
    return path


def read(home, name):
    with open(os.path.join(os.path.dirname(home.config_path), name), encoding="utf-8") as file:
        return file.read()


def logged(home):
    done = home.run("log", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["records"]


def names(home):
    return [line.split("\t")[0] for line in home.run("list").stdout.splitlines()]


def test_the_key_is_proved_stored_and_taken_out(plaintext_home, aws):
    """One command: the vault is made, the file holds no key, the profiles call us, the device is known."""
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 0, done.stderr
    assert read(plaintext_home, "credentials") == "# mine\n[shared-services]\n"
    assert aws.calls.actions() == ["GetCallerIdentity"]
    assert plaintext_home.run("list").stdout.split("\t")[:4] == [
        "shared-services",
        KEY_ID,
        "111111111111",
        "yourself",
    ]
    assert plaintext_home.export("dev", "--mfa-code", aws.code())["AccountId"] == "222222222222"
    assert SECRET not in done.stdout + done.stderr


def test_nothing_happens_before_the_yes(plaintext_home):
    """No answer is a no: no vault, no change, exit 10; --dry-run asks AWS nothing and ends well."""
    before = read(plaintext_home, "credentials")
    assert plaintext_home.run("import").returncode == 10
    assert not os.path.exists(plaintext_home.file("vault.avlt"))
    dry = plaintext_home.run("import", "--dry-run")
    assert dry.returncode == 0
    assert dry.stdout == (
        "shared-services: credential_process added; aws_access_key_id, aws_secret_access_key removed\n"
        "dev: credential_process added; role_arn and source_profile get the prefix awsvault_\n"
    )
    whole = plaintext_home.run("import", "--dry-run", "--diff").stdout
    assert "-aws_secret_access_key = (hidden)" in whole
    assert "dev:" not in whole
    assert (read(plaintext_home, "credentials"), os.path.exists(plaintext_home.file("vault.avlt"))) == (
        before,
        False,
    )


FIDO = SERIAL.replace(":mfa/yourself", ":u2f/user/yourself/key-AB12")


def test_a_device_that_gives_no_codes_is_told_before_the_question_and_its_way_out_works(plaintext_home, aws):
    """STS takes no code of a FIDO key: the import says which line names it, and the hint's virtual device ends it."""
    plaintext_home.config(f"[profile shared-services]\nregion = us-east-1\nmfa_serial = {FIDO}\n")
    dry = plaintext_home.run("import", "--dry-run")
    assert dry.returncode == 0
    assert "config:3" in dry.stderr
    assert "FIDO" in dry.stderr
    assert plaintext_home.run("import", "--yes").returncode == 0
    failed(
        plaintext_home.run("export", "shared-services"), 6, "config:4", "FIDO", "mfa enroll shared-services"
    )
    failed(plaintext_home.run("export", "shared-services", "--mfa-code", "123456"), 6, "FIDO")
    assert "FIDO" in plaintext_home.run("explain", "shared-services").stdout
    done = plaintext_home.run("mfa", "enroll", "shared-services", "--yes")
    assert done.returncode == 0, done.stderr
    assert "config:4" in done.stderr
    serial = next(serial for serial in aws.world.devices if serial not in (SERIAL, FIDO))
    plaintext_home.config(f"[profile shared-services]\nregion = us-east-1\nmfa_serial = {serial}\n")
    assert plaintext_home.run("export", "shared-services").returncode == 0


def test_undo_puts_both_files_back(plaintext_home):
    """To the byte and the mode; the record has no key in plaintext, and the vault keeps its copy."""
    before = read(plaintext_home, "config"), read(plaintext_home, "credentials")
    plaintext_home.run("import", "--yes")
    for folder, _, files in os.walk(plaintext_home.awsvault_home):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                assert SECRET.encode() not in file.read()
    done = plaintext_home.run("import", "--undo", "--yes")
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert (read(plaintext_home, "config"), read(plaintext_home, "credentials")) == before
    assert names(plaintext_home) == ["shared-services"]
    assert plaintext_home.run("import", "--yes").returncode == 0
    assert read(plaintext_home, "credentials") == "# mine\n[shared-services]\n"


def test_keys_that_undo_puts_back_into_files_are_logged(plaintext_home):
    """Long-lived keys leave the vault in plaintext: the log says which, and where they are."""
    plaintext_home.run("import", "--yes")
    assert plaintext_home.run("import", "--undo", "--dry-run").returncode == 0
    assert logged(plaintext_home) == []
    plaintext_home.run("import", "--undo", "--yes")
    assert [
        (r["use"], r["profile"], r["access_key_id"], r["from"], r["program"]) for r in logged(plaintext_home)
    ] == [("undo", "shared-services", KEY_ID, "key", "credentials")]
    assert plaintext_home.run("log", "--verify").returncode == 0
    shown = plaintext_home.run("log")
    assert "undo" in shown.stdout
    assert SECRET not in shown.stdout


def test_the_record_opens_with_the_vault_only(plaintext_home):
    """Without the passphrase there is no undo, and the record is not a copy of the keys."""
    plaintext_home.run("import", "--yes")
    failed(plaintext_home.run("import", "--undo", "--yes", AWSVAULT_PASSPHRASE=None), 3, "vault is locked")


def test_profiles_that_share_a_key_share_an_entry(plaintext_home, aws):
    """The entry has the name that others build on; the other profile names it."""
    credentials(
        plaintext_home, keys("default") + keys("shared-services") + keys("colleague", OTHER_ID, OTHER)
    )
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 0, done.stderr
    assert names(plaintext_home) == ["colleague", "shared-services"]
    assert aws.calls.count("GetCallerIdentity") == 2
    assert "[default]\ncredential_process = " in read(plaintext_home, "config")
    assert "awsvault_credential = shared-services\n" in read(plaintext_home, "config")
    assert plaintext_home.export("default", "--mfa-code", aws.code())["AccountId"] == "111111111111"


def test_keys_of_the_config_file_are_moved_too(plaintext_home):
    """Keys there are in plaintext as well, whether tools look at them or not."""
    plaintext_home.config(keys("default") + "[profile dev]\nregion = x\n")
    credentials(plaintext_home, "")
    assert plaintext_home.run("import", "--yes").returncode == 0
    assert SECRET not in read(plaintext_home, "config")


def test_a_key_that_some_sdks_would_go_on_with_goes_along(plaintext_home, aws):
    """A second key under the profile in the config file: no tool used it, and none begins to."""
    aws.world.add_user("older", account="111111111111", key=(OTHER_ID, OTHER))
    plaintext_home.config(
        "[profile shared-services]\nregion = us-east-1\n" + keys("x", OTHER_ID, OTHER).partition("\n")[2]
    )
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 0, done.stderr
    assert (
        "shared-services-unused: AKIAI44QH8DHBEXAMPLE, older in 111111111111, used by no profile"
        in done.stderr
    )
    assert OTHER not in read(plaintext_home, "config")
    assert (
        plaintext_home.export("shared-services", "--no-session", "--mfa-code", aws.code())["AccessKeyId"]
        == KEY_ID
    )


def test_a_key_is_not_taken_away_from_before_one_that_aws_refuses(plaintext_home):
    """The stale one stays, and so does the good one: tools would sign with what AWS does not know."""
    plaintext_home.config(
        "[profile shared-services]\nregion = us-east-1\n" + keys("x", GONE_ID, GONE).partition("\n")[2]
    )
    before = read(plaintext_home, "config"), read(plaintext_home, "credentials")
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 7
    assert (read(plaintext_home, "config"), read(plaintext_home, "credentials")) == before
    assert f"would sign with the key {GONE_ID} ({plaintext_home.config_path}:3)" in done.stderr


def test_what_is_no_key_is_left_with_a_reason(plaintext_home):
    """Temporary keys, halves, misshapen ones: named with file and line, and left to the byte."""
    odd = (
        "[temporary]\naws_access_key_id = ASIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\naws_session_token = t\n"
        "[half]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n[swapped]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = AKIAIOSFODNN7EXAMPLE\n"
    )
    credentials(plaintext_home, odd + keys("shared-services"))
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 1
    assert read(plaintext_home, "credentials") == odd + "[shared-services]\n"
    assert "temporary: " in done.stderr
    assert "credentials:2: the key is temporary" in done.stderr
    assert "the key is incomplete" in done.stderr
    assert "begins with AKIA: this looks like an access key ID" in done.stderr
    assert done.stderr.splitlines()[-2].endswith("in plaintext: temporary, half, swapped")


# Forms that AWS's documentation uses: their lengths are not IAM's.
LONG, SHORT_ID = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEYS", "AKIAIOSFODNN7EXAMPL"


@pytest.mark.parametrize(("key_id", "secret"), [(KEY_ID, LONG), (SHORT_ID, SECRET), (KEY_ID, SECRET[:-1])])
def test_lengths_are_for_aws_to_decide(plaintext_home, aws, key_id, secret):
    """What AWS knows is moved, whatever its length; so is what nobody asked AWS about."""
    aws.world.add_user("odd", account="111111111111", key=(key_id, secret))
    credentials(plaintext_home, keys("shared-services", key_id, secret))
    done = plaintext_home.run("import", "--yes", "--dry-run", "--no-verify")
    assert (done.returncode, "Left" in done.stderr) == (0, False)
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 0, done.stderr
    assert secret not in read(plaintext_home, "credentials")


def test_of_a_key_that_aws_does_not_know_the_odd_length_is_said(plaintext_home):
    """Exit 7, and what a paste may have lost."""
    credentials(plaintext_home, keys("shared-services", SHORT_ID, LONG))
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 7
    assert "the ID has 19 characters" in done.stderr
    assert LONG in read(plaintext_home, "credentials")


@pytest.mark.parametrize("more", [(), ("--no-verify",), ("--keep",), ("--dry-run",)])
def test_nothing_but_keys_that_cannot_be_moved_is_no_success(plaintext_home, more):
    """The exit says that a key still stands there."""
    credentials(plaintext_home, "[half]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n")
    done = plaintext_home.run("import", "--yes", *more)
    assert (done.returncode, done.stdout) == (1, "")
    assert "in plaintext: half" in done.stderr


def test_a_key_that_aws_does_not_know_stays_where_it_is(plaintext_home):
    """The others are moved; exit 7 says that one was not."""
    credentials(plaintext_home, keys("gone", GONE_ID, GONE) + keys("shared-services"))
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 7
    assert "error: AWS refused the key of gone, so it was not imported\n" in done.stderr
    assert read(plaintext_home, "credentials") == keys("gone", GONE_ID, GONE) + "[shared-services]\n"
    assert names(plaintext_home) == ["shared-services"]


def test_without_a_network_nothing_is_moved(plaintext_home):
    """A key that cannot be proved is not taken out of its file: exit 8; --no-verify says otherwise."""
    failed(
        plaintext_home.run("import", "--yes", AWS_ENDPOINT_URL="http://127.0.0.1:9"), 8, "cannot be verified"
    )
    assert SECRET in read(plaintext_home, "credentials")
    assert (
        plaintext_home.run("import", "--yes", "--no-verify", AWS_ENDPOINT_URL="http://127.0.0.1:9").returncode
        == 0
    )
    assert SECRET not in read(plaintext_home, "credentials")


def test_another_key_of_the_name_is_not_replaced_unasked(plaintext_home):
    """The vault's entry stays, and so does the file; --replace says otherwise."""
    plaintext_home.make_vault(key_id=OTHER_ID, secret=OTHER, seed=None, serial=None)
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 1
    assert "has another key" in done.stderr
    assert SECRET in read(plaintext_home, "credentials")
    assert plaintext_home.run("import", "--yes", "--replace").returncode == 0
    assert plaintext_home.run("list").stdout.split("\t")[1] == KEY_ID


def test_a_key_that_is_in_the_vault_is_only_taken_out(plaintext_home, aws):
    """`add --from-profile` before: import finishes it, without another question to AWS."""
    plaintext_home.make_vault()
    assert plaintext_home.run("import", "--yes").returncode == 0
    assert len(aws.calls) == 0
    assert read(plaintext_home, "credentials") == "# mine\n[shared-services]\n"
    assert plaintext_home.export("dev")["AccountId"] == "222222222222"


def test_keep_only_stores(plaintext_home):
    """--keep: the key is in the vault and where it was."""
    before = read(plaintext_home, "config"), read(plaintext_home, "credentials")
    assert plaintext_home.run("import", "--yes", "--keep").returncode == 0
    assert (read(plaintext_home, "config"), read(plaintext_home, "credentials")) == before
    assert names(plaintext_home) == ["shared-services"]


def test_without_setup_only_the_keys_go(plaintext_home):
    """--no-setup: the profiles stay in AWS's own form."""
    before = read(plaintext_home, "config")
    assert plaintext_home.run("import", "--yes", "--no-setup").returncode == 0
    assert read(plaintext_home, "config") == before
    assert SECRET not in read(plaintext_home, "credentials")


def test_named_profiles_only(plaintext_home):
    """The others keep their keys."""
    credentials(plaintext_home, keys("shared-services") + keys("colleague", OTHER_ID, OTHER))
    assert plaintext_home.run("import", "shared-services", "--yes").returncode == 0
    assert read(plaintext_home, "credentials") == "[shared-services]\n" + keys("colleague", OTHER_ID, OTHER)
    failed(plaintext_home.run("import", "nobody", "--yes"), 5, "no profile nobody")


def test_a_linked_file_is_stored_from_and_never_written(plaintext_home, tmp_path):
    """The key is in the vault; the lines to take out are shown, and exit 1 says that the user must do it."""
    path = os.path.join(os.path.dirname(plaintext_home.config_path), "credentials")
    os.rename(path, tmp_path / "store")
    os.symlink(tmp_path / "store", path)
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 1
    assert "-aws_secret_access_key = (hidden)" in done.stdout
    assert SECRET in read(plaintext_home, "credentials")
    assert names(plaintext_home) == ["shared-services"]


@pytest.mark.parametrize(
    ("head", "row", "more", "name"),
    [
        ("\ufeffAccess key ID,Secret access key", f"{KEY_ID},{SECRET}", ("--as", "shared-services"), "shared-services"),
        ("User name,Password,Access key ID,Secret access key,Console login link",
         f"yourself,,{KEY_ID},{SECRET},https://111111111111.signin.aws.amazon.com/console", (), "yourself"),
    ],
)  # fmt: skip
def test_the_consoles_csv_is_taken_and_removed(plaintext_home, head, row, more, name):
    """Both forms that the console gives out; --undo brings the file back."""
    text = f"{head}\r\n{row}\r\n"
    path = credentials(plaintext_home, text, "keys.csv")
    with open(path, newline="", encoding="utf-8") as file:
        before = file.read()
    credentials(plaintext_home, "")
    done = plaintext_home.run("import", "--csv", path, *more, "--yes")
    assert done.returncode == 0, done.stderr
    assert not os.path.exists(path)
    assert names(plaintext_home) == [name]
    back = plaintext_home.run("import", "--undo", "--yes")
    assert back.returncode == 0
    assert path in back.stdout
    assert SECRET not in done.stdout + done.stderr + back.stdout + back.stderr
    with open(path, newline="", encoding="utf-8") as file:
        assert file.read() == before


def test_a_csv_by_a_bare_name_is_taken_and_put_back_where_it_was(plaintext_home, tmp_path, monkeypatch):
    """In the folder that one is in; --undo from another one finds it."""
    path = tmp_path / "keys.csv"
    path.write_text(f"Access key ID,Secret access key\n{KEY_ID},{SECRET}\n")
    path.chmod(0o600)
    credentials(plaintext_home, "")
    monkeypatch.chdir(tmp_path)
    done = plaintext_home.run("import", "--csv", "keys.csv", "--as", "joe", "--yes")
    assert done.returncode == 0, done.stderr
    assert not path.exists()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert plaintext_home.run("import", "--undo", "--yes").returncode == 0
    assert SECRET in path.read_text()
    assert os.listdir() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Access key ID,Secret access key\n" + f"{KEY_ID},{SECRET}\n", "does not name the user"),
        ("a,b\n1,2\n", "has no columns"),
        ("", "has no columns"),
        ('Access key ID,"Secret\n', "is not a CSV file"),
    ],
)
def test_a_csv_that_is_not_the_consoles_is_refused(plaintext_home, text, said):
    """Exit 2 with what is missing; no secret in the message."""
    done = plaintext_home.run("import", "--csv", credentials(plaintext_home, text, "keys.csv"), "--yes")
    failed(done, 2, said)
    assert SECRET not in done.stderr
