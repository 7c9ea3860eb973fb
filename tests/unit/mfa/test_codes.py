"""Seeds and codes: RFC 6238's own vectors, every way a seed is written, and serials that cannot be devices."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault import errors
from vault.mfa import codes
from vault.mfa.codes import Seed
from vault.secret import Secret

# RFC 6238 appendix B: one seed for each hash, eight digits.
RFC = {
    "SHA1": b"12345678901234567890",
    "SHA256": b"12345678901234567890123456789012",
    "SHA512": b"1234567890123456789012345678901234567890123456789012345678901234",
}
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("moment", "sha1", "sha256", "sha512"), VECTORS)
def test_codes_are_those_of_rfc_6238(moment, sha1, sha256, sha512):
    """All eighteen values of the RFC's appendix B."""
    for algorithm, expected in (("SHA1", sha1), ("SHA256", sha256), ("SHA512", sha512)):
        seed = Seed(Secret(RFC[algorithm]), algorithm, 8, 30)
        assert codes.code(seed, moment // 30) == expected


@pytest.mark.parametrize(
    "text",
    [
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
        " GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ\n",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====",
        "otpauth://totp/AWS:me@example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=AWS",
        "gezd\u00a0gnbv\u202fgy3t\u2009qojq\u3000gezd gnbv gy3t qojq",  # as a web page shows it
        "\ufeffGEZD\u200bGNBV\u2011GY3T\u2013QOJQGEZDGNBVGY3TQOJQ\r\n",
        "OTPAUTH://TOTP/x?SECRET=gezdgnbvgy3tqojqgezdgnbvgy3tqojq&algorithm=sha1&digits=6&period=30",
    ],
)
def test_one_seed_however_it_is_written(text):
    """Blanks, dashes, case, padding and the address form do not matter."""
    assert codes.parse_seed(Secret(text)) == Seed(Secret(RFC["SHA1"]))


SECRET = "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    "address",
    [
        "totp/Café Zürich:jürgen@例え?" + SECRET,
        "totp/Caf\udce9:me?" + SECRET,  # in Latin-1, whatever its program thought
        "totp/AWS #1:me?" + SECRET,
        "totp/AWS:who? me?" + SECRET,
        "totp/[prod] 50%:me?" + SECRET,
        "totp?" + SECRET,
        "totp/?" + SECRET,
        "totp//a//b?" + SECRET,
        "totp/x?issuer=&" + SECRET + "&digits=&period=&algorithm=&image=",
        "totp/x?&&" + SECRET + "&&issuer&=&",
        "totp/x?" + SECRET + "&issuer=A&issuer=B&ISSUER=é",
        "totp/x?secret=&" + SECRET,
        "totp/x?" + SECRET + "&" + SECRET + "&digits=6&DIGITS=6",
        "totp/x?" + "&".join(f"x{n}=y" for n in range(50)) + "&" + SECRET,
        "totp/x?issuer=AWS&amp;" + SECRET + "&amp;period=30",
        "totp/x?secret=GEZD%20GNBV+GY3T%C2%A0QOJQ GEZD\u00a0GNBV\u202fGY3T-QOJQ%3D%3D&period= 30",
        "totp/x?" + SECRET + "#frag",
        "totp/x?counter=now&" + SECRET + "&digits=06&algorithm=HmacSHA1",
        "totp/x?" + SECRET + "&mysecret=a&secretary=b&period_=c",
    ],
)
def test_only_what_decides_the_code_counts(address):
    """Labels in any encoding, parameters that are empty, double or unknown: the code is the same."""
    raw = f"otpauth://{address}".encode("utf-8", "surrogateescape")
    assert codes.parse_seed(Secret(raw)) == Seed(Secret(RFC["SHA1"]))
    assert codes.parse_seed(Secret(b"\xef\xbb\xbf " + raw + b" \r\n")) == Seed(Secret(RFC["SHA1"]))


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_no_label_is_refused(label):
    """Whatever a label holds, but for what would be a parameter."""
    if "=" not in label:
        assert codes.parse_seed(
            Secret(f"otpauth://totp/{label}?{SECRET}".encode("utf-8", "surrogatepass"))
        ) == Seed(Secret(RFC["SHA1"]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" 234567 ", "an MFA code of 6 digits"),
        ("123 456", "an MFA code of 6 digits"),
        ("12345678", "an MFA code of 8 digits"),
        ("otpauth://totp/x?secret=123456", "an MFA code of 6 digits"),
        ("GEZD1NBVGY3TQOJQ", "the letter I or L"),
        ("GEZD0NBVGY3TQOJQ", "the letter O"),
        ("GEZDGNBVGY3TQOJQG", "missing"),
        ("GEZDGNBV", "5 bytes"),
        ("A" * 2080, "1300 bytes"),
        ("A" * 5000, "5000 bytes"),
        ("https://example.com/qr", "not an otpauth"),
        ("otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQ&counter=1", "type hotp"),
        ("otpauth://totp/x", "empty"),
        ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&secret=GEZDGNBVGY3TQOJA", "twice"),
        ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&algorithm=MD5", "MD5"),
        ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&digits=9", "digits"),
        ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&period=5", "period"),
        ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&period=1e2", "period"),
        ("otpauth://[::1", "type"),
        ("otpauth://totp/x?secret=", "empty"),
        ("otpauth://totp/x?secret=%C3%A9EZDGNBVGY3TQOJQ", "ASCII"),
        ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&digits=6&digits=8", "digits twice"),
        ("otpauth://totp/x#?issuer=AWS", "empty"),
        ("GEZDGNBVGY3TQOJé", "ASCII"),
    ],
)
def test_a_seed_that_cannot_be_one_is_named(text, said):
    """Each mistake has its own words, and none repeats the seed."""
    with pytest.raises(errors.Usage, match=said) as caught:
        codes.parse_seed(Secret(text))
    assert "GEZDGNBV" not in caught.value.message + caught.value.hint


@given(
    raw=st.binary(min_size=10, max_size=128),
    algorithm=st.sampled_from(codes.ALGORITHMS),
    digits=st.integers(6, 8),
    period=st.integers(15, 120),
)
@settings(max_examples=100)
def test_an_address_reads_back_as_its_seed(raw, algorithm, digits, period):
    """What a phone scans is what the vault holds."""
    seed = Seed(Secret(raw), algorithm, digits, period)
    assert codes.parse_seed(codes.uri(seed, label="me@111111111111 / ü")) == seed
    assert codes.parse_seed(seed.base32()) == Seed(Secret(raw))


@given(st.text(max_size=200) | st.text(max_size=100).map("otpauth://totp/{}".format))
@settings(max_examples=300)
def test_any_text_is_a_seed_or_a_usage_error(text):
    """No input raises anything else."""
    try:
        codes.parse_seed(Secret(text.encode("utf-8", "surrogatepass")))
    except errors.Usage:
        return


@pytest.mark.parametrize(
    "serial",
    ["arn:aws:iam::111111111111:mfa/yourself", "arn:aws-cn:iam::111111111111:mfa/a/b", "GAHT12345678"],
)
def test_devices_are_taken(serial):
    """Virtual devices of every partition, and the numbers of hardware ones."""
    assert codes.check_serial(serial) == serial


@pytest.mark.parametrize(
    ("serial", "said"),
    [
        ("arn:aws:iam::111111111111:user/yourself", "ARN of a user"),
        ("arn:aws:iam::111111111111:u2f/user/yourself/key", "security key"),
        (" arn:aws:iam::111111111111:mfa/yourself", "has a space in it"),
        ('"arn:aws:iam::111111111111:mfa/yourself"', "quotes"),
        ("'arn:aws:iam::111111111111:mfa/yourself", "quotes"),
        ("arn:aws:iam::111111111111:mfa/yourself'", "quotes"),
        ("arn:aws:iam::111111111111:mfa%2Fyourself", "percent"),
        ("arn:aws:iam::1111:mfa/yourself", "not the ARN"),
        ("arn:aws:sts::111111111111:mfa/yourself", "not the ARN"),
        ("", "empty"),
        ("short", "serial number"),
        ("mfa/yourself", "part of an ARN"),
        ("111111111111:mfa/yourself", "part of an ARN"),
        ("arn:aws:iam::111111111111:mfa/\x1b[31m", "serial number"),
    ],
)
def test_a_serial_that_is_none_is_named(serial, said):
    """Each mistake has its own words, printable ones."""
    with pytest.raises(errors.ConfigError, match=said) as caught:
        codes.check_serial(serial)
    assert caught.value.message.isprintable()
