"""add and init at a terminal: what the user is asked, what is shown, and what Ctrl-C leaves."""

from __future__ import annotations

import json
import os

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import COMMAND, PASSPHRASE, failed
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")


def listed(home):
    return {e["name"]: e for e in json.loads(home.run("list", "--json").stdout)["entries"]}


def vault_bytes(home):
    with open(home.file("vault.avlt"), "rb") as file:
        return file.read()


def test_a_first_add_at_a_terminal(home):
    """Passphrase twice, key, secret unseen, device, seed unseen; then the profile."""
    person = Terminal(home, "add", "dev")
    person.new_passphrase()
    person.answers("Access key ID for dev: ", KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET)
    person.answers("(Enter for none): ", SERIAL)
    person.answers("type codes instead): ", SEED)
    person.profiles()
    assert person.ends() == 0
    assert f"credential_process = {COMMAND} export dev" in person.shown
    assert not os.path.exists(home.config_path)
    assert SECRET not in person.shown
    assert SEED not in person.shown
    assert PASSPHRASE not in person.shown


def test_mistakes_at_a_terminal_are_asked_again(home):
    """Each wrong shape is named and asked for once more."""
    person = Terminal(home, "add", "dev")
    person.answers("New passphrase: ", "short")
    person.sees("5 characters")
    person.new_passphrase()
    person.answers("Access key ID for dev: ", "ASIAIOSFODNN7EXAMPLE")
    person.sees("this key is temporary")
    person.answers("Access key ID for dev: ", KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET[:20] + " " + SECRET[20:])
    person.sees("spaces or line breaks")
    person.answers("Secret access key (not shown): ", f"  {SECRET}\u00a0 ")  # a paste brings these along
    person.answers("(Enter for none): ", SERIAL.replace(":mfa/", ":user/"))
    person.sees("is the ARN of a user")
    person.answers("(Enter for none): ", "")
    person.profiles()
    assert person.ends() == 0
    assert listed(home)["dev"]["mfa"] == "none"


def test_a_wrong_secret_is_asked_for_again_by_itself(home, aws):
    """AWS is asked as soon as id and secret are there; nothing else that was typed is asked for a second time."""
    person = Terminal(home, "add", "dev")
    person.new_passphrase()
    person.answers("Access key ID for dev: ", KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET[:-1])
    person.sees("not the secret of " + KEY_ID)
    person.sees("39 characters")
    person.answers("Secret access key (not shown): ", SECRET[:-1] + "x")
    person.sees("not the secret of " + KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET)
    person.answers("(Enter for none): ", SERIAL.replace("111111111111", "222222222222"))
    person.sees("222222222222")
    person.answers("(Enter for none): ", f" {SERIAL} ")
    person.answers("type codes instead): ", "123 456")
    person.sees("an MFA code of 6 digits")
    person.answers("type codes instead): ", SEED)
    person.profiles()
    assert person.ends() == 0
    assert person.shown.count("New passphrase: ") == person.shown.count("Access key ID for") == 1
    assert "123 456" not in person.shown
    assert aws.calls.actions() == [*["GetCallerIdentity"] * 3, "GetSessionToken"]
    assert listed(home)["dev"]["mfa"] == "stored"


def test_a_wrong_id_is_asked_for_again_by_itself(home, aws):
    """The secret is kept; after three keys that AWS refuses the command ends, and nothing is stored."""
    person = Terminal(home, "add", "dev")
    person.new_passphrase()
    person.answers("Access key ID for dev: ", "AKIANOBODYNOBEXAMPLE")
    person.answers("Secret access key (not shown): ", SECRET)
    person.sees("an active key AKIANOBODYNOBEXAMPLE")
    person.answers("Access key ID for dev: ", KEY_ID)
    person.answers("(Enter for none): ", "")
    person.profiles()
    assert person.ends() == 0
    assert person.shown.count("Secret access key") == 1
    person = Terminal(home, "add", "other", AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers("Access key ID for other: ", KEY_ID)
    for last in "xyz":
        person.answers("Secret access key (not shown): ", SECRET[:-1] + last)
    assert person.ends() == 7
    assert "SignatureDoesNotMatch" in person.shown
    assert set(listed(home)) == {"dev"}


def test_two_passphrases_that_differ_are_asked_again(home):
    """A typing error does not lock the user out of a new vault."""
    person = Terminal(home, "init")
    person.answers("New passphrase: ", PASSPHRASE)
    person.answers("Repeat the new passphrase: ", PASSPHRASE + "x")
    person.sees("the two passphrases differ")
    person.new_passphrase()
    assert person.ends() == 0
    assert listed(home) == {}


QUESTIONS = [
    "New passphrase: ",
    "Repeat the new passphrase: ",
    "Access key ID for dev: ",
    "Secret access key (not shown): ",
    "(Enter for none): ",
    "type codes instead): ",
]


ANSWERS = [PASSPHRASE, PASSPHRASE, KEY_ID, SECRET, SERIAL]


@pytest.mark.parametrize("at", range(len(QUESTIONS)))
def test_ctrl_c_at_any_question_leaves_nothing(home, at):
    """Interrupted at each question of a first add: exit 130, the terminal echoes, no vault, no traceback."""
    person = Terminal(home, "add", "dev")
    for question, answer in zip(QUESTIONS[:at], ANSWERS[:at], strict=True):
        person.answers(question, answer)
    assert person.interrupts(QUESTIONS[at]) == 130
    assert "Traceback" not in person.shown
    assert not os.path.exists(home.file("vault.avlt"))


@pytest.mark.parametrize(
    ("arguments", "question"),
    [(("add", "dev"), "Passphrase: "), (("list",), "Passphrase: "), (("remove", "shared-services"), "Passphrase: "),
     (("mfa", "add", "shared-services"), "Passphrase: "), (("otp", "shared-services"), "Passphrase: ")],
)  # fmt: skip
def test_ctrl_c_at_the_passphrase_changes_nothing(home, arguments, question):
    """The vault's bytes are the same afterwards."""
    home.make_vault()
    before = vault_bytes(home)
    assert Terminal(home, *arguments).interrupts(question) == 130
    assert vault_bytes(home) == before


def test_nobody_to_choose_a_passphrase(home):
    """Exit 3, with the ways to give one: there is no vault yet that `unlock` could open."""
    for command in (("init",), ("add", "dev", "--stdin")):
        done = home.run(
            *command,
            stdin=json.dumps({"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}),
            AWSVAULT_PASSPHRASE=None,
        )
        failed(done, 3, "no passphrase for the new vault", "at a terminal", "AWSVAULT_PASSPHRASE_FILE")
    assert not os.path.exists(home.file("vault.avlt"))


def test_a_key_whose_file_stays_is_stored_after_a_plain_question(home, tmp_path):
    """The file holds more than keys: nothing is said to change, and nothing does."""
    path = tmp_path / "keys.csv"
    text = f"User name,Access key ID,Secret access key\nwork,{KEY_ID},{SECRET}\ncolleague,,\n"
    path.write_text(text)
    path.chmod(0o600)
    home.make_vault()
    person = Terminal(home, "import", "--csv", str(path), "--no-verify", AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.sees("colleague: " + str(path) + ": row 3 has no complete key, so the file will not be removed")
    person.answers("Store these keys? ", "y")
    person.answers("(Enter for none): ", "")  # the role of the key that was stored, and its profile
    person.answers("Region (Enter for us-east-1): ", "")
    person.answers("[Y/n] ", "n")
    assert person.ends() == 1
    assert "in plaintext: colleague" in person.shown
    assert path.read_text() == text
    assert "Taken out" not in person.shown
    assert set(listed(home)) == {"shared-services", "work"}


def test_a_weak_second_passphrase_is_taken_with_a_word(home):
    """It opens the vault like the first; how weak it is the person is told."""
    home.make_vault()
    person = Terminal(home, "slots", "add", "passphrase", AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.new_passphrase("password1234")
    person.sees("The second passphrase now unlocks the vault.")
    person.sees("passphrase is weak: ")
    assert person.ends() == 0
    assert home.run("list", AWSVAULT_PASSPHRASE="password1234").returncode == 0


@pytest.mark.parametrize("at", range(3))
def test_ctrl_c_before_the_key_is_stored_says_that_nothing_was(home, at):
    """At the new passphrase, the ID and the device."""
    person = Terminal(home, "add", "dev")
    questions = [("New passphrase: ", ""), ("Access key ID for dev: ", KEY_ID), ("(Enter for none): ", "")]
    if at:
        person.new_passphrase()
    if at > 1:
        person.answers(*questions[1])
        person.answers("Secret access key (not shown): ", SECRET)
    assert person.interrupts(questions[at][0]) == 130
    assert person.shown.endswith("Nothing was stored.\r\n")
    assert not os.path.exists(home.file("vault.avlt"))


def test_a_replaced_key_keeps_its_device_on_enter(home):
    """The prompt names the device that Enter keeps, and its seed stays."""
    key = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, "MfaSerial": SERIAL, "MfaSeed": SEED}
    assert home.run("add", "dev", "--stdin", stdin=json.dumps(key)).returncode == 0
    person = Terminal(home, "add", "--replace", "dev", AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers("Access key ID for dev: ", KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET)
    person.answers(f"(Enter to keep {SERIAL}): ", "")
    person.profiles()
    assert person.ends() == 0, person.shown
    assert listed(home)["dev"]["mfa"] == "stored"
