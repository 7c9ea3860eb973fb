"""The rules of scripts/check-source: what this repository holds to and no linter knows."""
