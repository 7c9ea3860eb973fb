"""What scripts/check-source still allows, by rule. An entry that is no longer needed is an error."""

from __future__ import annotations

EXCEPTIONS = {
    "cycle": {
        "vault.unlocking.agent_link",
        "vault.credentials.mfa_code",
        "vault.keys.entries",
        "vault.credentials.fetch",
        "vault.unlocking.seen_generations",
        "vault.unlocking.keys",
        "vault.credentials.guardrails",
        "vault.credentials.obtain",
        "vault.unlocking.resilient_keys",
        "vault.unlocking.strict_seeds",
        "vault.credentials.profile_metadata",
    },
    "class": set(),
    "length": {
        "vault/unlocking/agent_link.py",
        "vault/credentials/fetch.py",
        "vault/credentials/obtain.py",
    },
    "package": set(),
    "platform": {
        "vault/cli/main.py",
        "vault/unlocking/all_agents.py",
        "vault/credentials/fetch.py",
        "vault/unlocking/running_servers.py",
    },
}
