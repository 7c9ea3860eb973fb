"""Sign-ins to IAM Identity Center: sealed beside the vault, begun in a browser, refreshed by one process for all."""
