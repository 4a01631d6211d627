"""A service of one answer, with a dependency from the package index."""
from http.server import BaseHTTPRequestHandler, HTTPServer

import six


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(six.ensure_binary("hello from python\n"))


if __name__ == "__main__":
    HTTPServer(("", 8080), Hello).serve_forever()
