"""Find the texts that a user can see (scripts/list-texts)."""
