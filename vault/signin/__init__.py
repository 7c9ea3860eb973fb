"""Sign-ins to IAM Identity Center: sealed beside the vault, begun in a browser, refreshed by one process for all."""

FOLDER = "signins"  # beside the vault file; it exists from the first sign-in on
