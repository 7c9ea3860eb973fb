"""What the console shows at a URL of ``login --print``."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from tests.fakes.example import KEY_ID, SECRET
from tests.patience import PATIENCE

KEY = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}


def page(done):
    """What the console shows at the URL that ``done`` printed."""
    assert done.returncode == 0, done.stderr
    url = urlsplit(done.stdout.strip())
    connection = http.client.HTTPConnection(url.netloc, timeout=PATIENCE)
    connection.request("GET", f"{url.path}?{url.query}")
    found = connection.getresponse().read().decode()
    connection.close()
    return found
