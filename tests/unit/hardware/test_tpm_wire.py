"""The bytes of TPM commands: templates, selections, response codes."""

from __future__ import annotations

import pytest

from vault.hardware import tpm_wire
from vault.hardware.tpm_wire import TpmAnswer, sized, u16, u32
from vault.system.tpm_device import TpmUnavailable


class Scripted:
    """A device that gives these answers, one after the other."""

    def __init__(self, *codes):
        self.codes = list(codes)
        self.pauses = 0

    def transmit(self, _command):
        return u16(0x8001) + u32(10) + u32(self.codes.pop(0))

    def pause(self):
        self.pauses += 1


def test_the_root_key_is_tcg_s():
    """The template that other programs use, byte for byte, so that all of them mean one key."""
    assert tpm_wire.ROOT_TEMPLATE.hex() == (
        "0023000b00030472000000060080004300100003001000200000000000000000000000000000000000000000000000000000000000000000"
        "00200000000000000000000000000000000000000000000000000000000000000000"
    )


def test_a_sealed_key_has_one_form():
    """With a policy and without; each other attribute, and a missing or longer part, is another form."""
    plain = tpm_wire.sealed_template(b"") + sized(bytes(32))
    bound = tpm_wire.sealed_template(bytes(32)) + sized(bytes(32))
    assert plain[:12].hex() == "0008000b000004520000" + "0010"
    assert tpm_wire.is_sealed_key(plain, with_policy=False)
    assert tpm_wire.is_sealed_key(bound, with_policy=True)
    assert not tpm_wire.is_sealed_key(plain, with_policy=True)
    assert not tpm_wire.is_sealed_key(bound, with_policy=False)
    for wrong in [plain[:at] + bytes([plain[at] ^ 1]) + plain[at + 1 :] for at in range(14)] + [
        plain + b"0",
        plain[:-1],
        b"",
    ]:
        assert not tpm_wire.is_sealed_key(wrong, with_policy=False)


@pytest.mark.parametrize(("pcrs", "bits"), [((0,), "010000"), ((7,), "800000"), ((0, 7, 23), "810080")])
def test_a_selection_of_pcrs(pcrs, bits):
    """One bank, three bytes of bits, the lowest first."""
    assert tpm_wire.selection(pcrs).hex() == "00000001000b03" + bits


@pytest.mark.parametrize(
    ("command", "code", "trouble"),
    [
        (tpm_wire.LOAD, 0x1DF, "altered"), (tpm_wire.LOAD, 0x2D5, "altered"), (tpm_wire.LOAD, 0x902, "failed"),
        (tpm_wire.UNSEAL, 0x99D, "moved"), (tpm_wire.UNSEAL, 0x128, "moved"), (tpm_wire.UNSEAL, 0x98E, "failed"),
        (tpm_wire.POLICY_PCR, 0x1C4, "moved"), (tpm_wire.CREATE_PRIMARY, 0x9A2, "owner"), (tpm_wire.CREATE, 0x921, "failed"),
    ],
)  # fmt: skip
def test_what_a_response_code_means(command, code, trouble):
    """Part 2, 6.6: the parameter or session in the code does not matter."""
    with pytest.raises(TpmUnavailable) as caught:
        tpm_wire.plain(Scripted(code), command, b"")
    assert caught.value.trouble == trouble


def test_an_owner_s_password_is_named():
    """awsvault-py sets none. Nor does it disable the hierarchy, as a machine's firmware can."""
    for code, words in ((0x9A2, "has a password"), (0x98E, "has a password"), (0x185, "is disabled")):
        with pytest.raises(TpmUnavailable, match=f"owner hierarchy {words}") as caught:
            tpm_wire.plain(Scripted(code), tpm_wire.CREATE_PRIMARY, b"")
        assert caught.value.trouble == "owner"


@pytest.mark.parametrize("code", [0x908, 0x90A, 0x920, 0x922])
def test_a_busy_tpm_is_asked_again(code):
    """Until it has time."""
    busy = Scripted(code, code, 0)
    tpm_wire.plain(busy, tpm_wire.UNSEAL, b"")
    assert busy.pauses == 2


def test_an_answer_that_ends_too_soon_is_refused():
    """It is never read past its end."""
    answer = TpmAnswer(u32(5) + sized(b"four"))
    assert (answer.number(), answer.sized()) == (5, b"four")
    for wrong in (b"", b"\0", u16(3) + b"ab"):
        with pytest.raises(TpmUnavailable):
            TpmAnswer(wrong).sized()
