"""A program of before there were slots of hardware: it skips those of a vault and keeps them."""

from __future__ import annotations

import json

import pytest

from tests.clients.earlier_program import program_before, run_earlier
from tests.fakes.example import SECRET
from tests.fakes.key_user import TypingUser
from tests.fakes.security_key import SoftKey
from tests.unit.unlocking.test_hardware import NOBODY, context, opened
from vault.hardware.security_key import SecurityKey
from vault.store import vault
from vault.store.slots.fido2 import Fido2Slot
from vault.system.paths import from_env
from vault.upkeep import slots

pytestmark = pytest.mark.usefixtures("unmeasured")

KEY = {"AccessKeyId": "AKIAI44QH8DHBEXAMP04", "SecretAccessKey": SECRET}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """The folder of the earlier program."""
    return program_before("vault/hardware", tmp_path_factory.mktemp("earlier"))


def test_it_edits_the_vault_by_the_passphrase_and_both_devices_still_open_it(home, tpm, earlier):
    """Also what it added; its list has the two slots as those of a later version."""
    home.scenario()
    home.make_vault()
    home.settings("")  # no setting that the earlier program does not know
    home.env["AWSVAULT_TPM"] = tpm.place
    plugged = [SecurityKey(SoftKey())]
    key = Fido2Slot(TypingUser("1234", "1234"), find=lambda: plugged)
    slots.add_tpm(context(home), opened(home))
    slots.append(context(home), opened(home), key)
    before = vault.read_header(from_env(home.env)).slots

    assert run_earlier(earlier, home, "slots", "list").count("helper") == 2
    assert json.loads(run_earlier(earlier, home, "export", "dev"))["AccountId"] == "222222222222"
    run_earlier(earlier, home, "add", "later", "--stdin", "--no-verify", stdin=json.dumps(KEY))

    assert vault.read_header(from_env(home.env)).slots == before
    assert "later" in vault.open_with(from_env(home.env), key).payload.entries
    assert home.run("list", **NOBODY).returncode == 0
    assert home.export("later", "--no-session", **NOBODY)["AccessKeyId"] == KEY["AccessKeyId"]
