"""The texts of the pages in docs/reference."""
