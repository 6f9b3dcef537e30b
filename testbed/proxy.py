"""A reverse proxy on loopback: it takes a prefix off the paths, and says so if it is to."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from testbed.ports import LOOPBACK

_PATIENCE_SECONDS = 10.0
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding"}


@contextmanager
def proxy(port: int, prefix: str, says: Mapping[str, str]) -> Iterator[int]:
    """Stand before the server at *port*, and give the proxy's own; *says* is added to requests."""

    class Handler(BaseHTTPRequestHandler):
        """Passes one request on."""

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _pass_on(self) -> None:
            if not self.path.startswith(f"{prefix}/"):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server = HTTPConnection(LOOPBACK, port, timeout=_PATIENCE_SECONDS)
            try:
                headers = {**dict(self.headers.items()), **says}
                server.request(self.command, self.path.removeprefix(prefix), body, headers)
                answer = server.getresponse()
                self.send_response_only(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() not in _OF_THE_CONNECTION:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.read())
            finally:
                server.close()

        do_GET = do_POST = do_DELETE = _pass_on  # noqa: N815  as http.server finds them

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
