"""The texts of scripts/list-texts: what a user can see, read from the code."""
