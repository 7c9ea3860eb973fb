"""The rules of scripts/check-source."""
