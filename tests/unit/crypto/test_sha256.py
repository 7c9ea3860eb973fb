"""SHA-256 and HMAC against their specifications, and without the library that hashlib loads."""

from __future__ import annotations

import hmac
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto.sha256 import hmac_sha256, sha256

# RFC 4231, cases 1, 2, 4, 6 and 7: key, data, HMAC-SHA-256.
RFC_4231 = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    (b"\xaa" * 131, b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.", "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "data", "mac"), RFC_4231)
def test_hmac_vectors_of_rfc_4231(key, data, mac):
    """The MACs that the specification gives."""
    assert hmac_sha256(key, data).hex() == mac


def test_sha256_vector_of_fips_180():
    """The digest of "abc"."""
    assert sha256(b"abc").hexdigest() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(key=st.binary(max_size=200), message=st.binary(max_size=300))
def test_hmac_is_that_of_the_standard_library(key, message):
    """Keys of every length around the block's, in every kind of memory."""
    expected = hmac.digest(key, message, "sha256")
    assert hmac_sha256(key, message) == expected
    assert hmac_sha256(memoryview(bytearray(key)), bytearray(message)) == expected


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize(("without", "loaded"), [("", []), ("_sha256 _sha2", ["hashlib"])])
def test_hashlib_is_loaded_only_if_the_interpreter_has_no_module_of_its_own(without, loaded):
    """Some distributions build Python without it."""
    code = """
import sys
sys.modules.update(dict.fromkeys(sys.argv[1].split()))
from vault.crypto.sha256 import hmac_sha256
assert hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex().startswith("5bdcc146")
print(sorted({"hashlib", "hmac"} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, without], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{loaded}\n"
