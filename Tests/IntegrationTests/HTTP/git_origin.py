"""Serves bare repositories over HTTP: git http-backend behind a small server. Prints its port.

Usage: git_origin.py DIRECTORY
"""
import http.server
import os
import subprocess
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        environment = {
            "PATH": os.environ["PATH"], "HOME": sys.argv[1],
            "GIT_PROJECT_ROOT": sys.argv[1], "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command, "PATH_INFO": path, "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1", "REMOTE_USER": "tester",
        }
        # Without a length it reads to the end, which is all that a chunked body has.
        if length := self.headers.get("Content-Length"):
            environment["CONTENT_LENGTH"] = length
        with subprocess.Popen(
                ["git", "http-backend"], env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE) as backend:
            for piece in self.body():
                backend.stdin.write(piece)
            backend.stdin.close()
            self.answer(backend.stdout)

    do_POST = do_GET

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            assert self.rfile.readline() == b"\r\n"
        assert self.rfile.readline() == b"\r\n"

    def answer(self, output):
        status, fields = "200 OK", []
        while line := output.readline().decode().strip():
            name, _, value = line.partition(": ")
            if name == "Status":
                status = value
            else:
                fields.append(line)
        fields.append("Transfer-Encoding: chunked")
        self.wfile.write("\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode())
        while piece := output.read1(65536):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
