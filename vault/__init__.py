"""awsvault-py: an encrypted vault for AWS source keys, and the credential_process that turns them into sessions.

This file stays empty of imports: the warm export pays for every line that runs here.
"""

__version__ = "0.9.0"
