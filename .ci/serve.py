#!/usr/bin/env python3
"""Serve a folder as an ordinary static host would: no server logic, no special headers.

    serve.py FOLDER [--port 8080]
"""

import argparse
import functools
import http.server
import pathlib
import sys


class StaticHandler(http.server.SimpleHTTPRequestHandler):
    """The files of one folder; everything else is 404."""

    protocol_version = "HTTP/1.1"
    # The system's own table may lack these, and browsers compile wasm while it arrives only with its own type.
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        ".txt": "text/plain; charset=utf-8",
        ".wasm": "application/wasm",
        ".gguf": "application/octet-stream",
    }

    def end_headers(self):
        """A reload must show a new build."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def list_directory(self, path):
        """A static host shows no folders."""
        self.send_error(http.HTTPStatus.NOT_FOUND)

    def log_request(self, code="-", size="-"):
        """Log only errors."""


def main():
    parser = argparse.ArgumentParser(description="serve a folder on this machine")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    if not (options.folder / "index.html").is_file():
        sys.exit(f"error: {options.folder} has no index.html; 'make build' creates it")
    handler = functools.partial(StaticHandler, directory=str(options.folder))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), handler)
    except OSError as error:
        sys.exit(
            f"error: port {options.port} cannot be used ({error.strerror}); 'make serve PORT=8081' uses another"
        )
    print(f"http://localhost:{options.port}/  (Ctrl-C stops it)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
