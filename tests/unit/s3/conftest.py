"""S3 as moto has it, in this process, with one empty bucket for each test."""

from __future__ import annotations

import threading
import urllib.request

import pytest

from tests.patience import PATIENCE
from tests.unit.s3.client import BUCKET


@pytest.fixture(scope="module")
def moto_url():
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(PATIENCE)
    server.server_close()


@pytest.fixture
def moto(moto_url):
    """The URL of S3, emptied."""
    for method, path in (("POST", "/moto-api/reset"), ("PUT", f"/{BUCKET}")):
        request = urllib.request.Request(moto_url + path, method=method)
        urllib.request.urlopen(request, timeout=PATIENCE).read()
    return moto_url
