#!/usr/bin/env python3
"""A model hub on loopback that answers as Hugging Face's does, and misbehaves where it is asked to.

    server.py PORTFILE DIRECTORY

Serves DIRECTORY/OWNER/NAME as repositories.  The revision of a request chooses what goes wrong:
main nothing, breaks (a file breaks off in the middle, once each), wrong (other bytes of the same size), long, short,
html, token (needs the bearer token 'secret'), busy (503 twice, then good), missing, redirect (files lie on a second
port, which must see no token).  Writes what was asked to DIRECTORY/requests.
"""
import hashlib, http.server, json, os, sys, threading

portfile, root = sys.argv[1:3]
COMMIT = {name: hashlib.sha1(name.encode()).hexdigest() for name in
          ("main", "breaks", "wrong", "long", "short", "html", "token", "busy", "redirect")}
NAME = {commit: name for name, commit in COMMIT.items()}
broken, busy = set(), [0]
log = open(os.path.join(root, "requests"), "a", buffering=1)


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def listing(self, repository, revision):
        files, where = [], os.path.join(root, repository)
        for base, _, names in os.walk(where):
            for name in sorted(names):
                path = os.path.join(base, name)
                data = open(path, "rb").read()
                entry = {"rfilename": os.path.relpath(path, where), "size": len(data)}
                if len(data) > 10000:
                    entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
                else:
                    entry["blobId"] = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
                files.append(entry)
        return {"id": repository, "sha": COMMIT[revision], "cardData": {"license": "apache-2.0"}, "siblings": files}

    def file(self, repository, commit, name):
        data, how = open(os.path.join(root, repository, name), "rb").read(), NAME[commit]
        first = int(self.headers["Range"].split("=")[1].rstrip("-")) if "Range" in self.headers else 0
        if how == "redirect" and self.server is not servers[1]:
            return self.answer(302, b"elsewhere", Location=f"http://localhost:{servers[1].server_port}{self.path}")
        if len(data) > 10000 and how == "wrong":
            data = data[:-1] + bytes([data[-1] ^ 1])
        if len(data) > 10000 and how == "long":
            data += b"more"
        if len(data) > 10000 and how == "short":
            data = data[:-1]
        status = 206 if first else 200
        self.send_response(status)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        if how == "breaks" and len(data) > 10000 and name not in broken:
            broken.add(name)
            self.wfile.write(data[first:first + len(data) // 2])
            self.close_connection = True
        else:
            self.wfile.write(data[first:])

    def do_GET(self):
        token = self.headers.get("Authorization", "-")
        which = 2 if self.server is servers[1] else 1
        print(which, self.path, self.headers.get("Range", "-"), token, file=log)
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            repository, revision = "/".join(parts[2:4]), parts[5]
            if revision == "html":
                return self.answer(200, b"<!doctype html><title>Log in</title>", Content_Type="text/html")
            if revision == "token" and token != "Bearer secret":
                return self.answer(401, b"{}")
            if revision == "busy" and busy[0] < 2:
                busy[0] += 1
                return self.answer(503, b"later")
            if revision not in COMMIT or not os.path.isdir(os.path.join(root, repository)):
                return self.answer(404, b"{}")
            return self.answer(200, json.dumps(self.listing(repository, revision)).encode())
        return self.file("/".join(parts[0:2]), parts[3], "/".join(parts[4:]))


servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub) for _ in range(2)]
threading.Thread(target=servers[1].serve_forever, daemon=True).start()
with open(portfile + ".new", "w") as f:
    f.write(str(servers[0].server_port))
os.rename(portfile + ".new", portfile)
servers[0].serve_forever()
