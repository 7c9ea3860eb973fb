"""Which profiles are production: those with one of limits.PRODUCTION as awsvault_environment. Pure."""

from __future__ import annotations

from vault import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.chain import Chain


def is_production(chain: Chain) -> bool:
    """Whether awsvault_environment of the selected profile means production."""
    return means_production(chain.guardrails.environment)


def means_production(environment: str | None) -> bool:
    """Whether this value of awsvault_environment means production."""
    return (environment or "").strip().lower() in limits.PRODUCTION
