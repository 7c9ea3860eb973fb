"""Mutants that change nothing that anybody could see, each with the reason: ``Mutant.key`` by line."""

from __future__ import annotations

EQUIVALENT = {
    "vault/mfa/codes.py\n"
    '-meant = serial.replace(":user/", ":mfa/", 1)\n'
    '+meant = serial.replace(":user/", ":mfa/", 2)': "an ARN that was matched before has this text once",
}
