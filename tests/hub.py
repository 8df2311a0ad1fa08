"""A stand-in for the Hugging Face Hub: a small server on this machine that speaks what huggingface_hub asks.

Written from what the library sends and expects (version 2.4), not from the Hub itself, which no test here reaches: what
the real one refuses beyond this, and its Xet storage, is not tried. There are repositories with commits, branches and
tags; private and gated ones; files in git and, for safetensors, in LFS behind a redirect; and uploads as one commit.
"""

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_the_owner"  # may read and write everything
READER = "hf_of_a_reader"  # may read what is public
REPO = r"(?:(?P<type>models|datasets|spaces)/)?(?P<repo>[\w.-]+/[\w.-]+?)"


@dataclass
class Repo:
    """A repository: files of each commit, and what branches and tags point to."""

    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def commit(self, files: dict[str, bytes], ref: str = "main", message: str = "") -> str:
        """A new commit of these files, which the branch points to from now on."""
        text = repr((len(self.commits), sorted((name, hashlib.sha1(data).hexdigest()) for name, data in files.items())))
        sha = hashlib.sha1(text.encode()).hexdigest()
        self.commits[sha] = dict(files)
        self.refs[ref] = sha
        self.messages.append(message)
        return sha


def in_lfs(name: str) -> bool:
    return name.endswith(".safetensors")


def git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub:
    """The server; ``requests`` are those it had, as ``METHOD /path``."""

    def __init__(self):
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}  # of LFS, by their sha256
        self.requests: list[str] = []
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.storage = f"http://localhost:{self.server.server_port}"  # another host, as large files have one
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def repo(self, name: str, **about: bool) -> Repo:
        """A new repository, of models unless its name begins with ``datasets/`` or ``spaces/``."""
        return self.repos.setdefault(name, Repo(**about))

    def downloads(self) -> list[str]:
        """The files that were sent."""
        return [request.rsplit("/", 1)[1] for request in self.requests if re.match("GET .*/(resolve|lfs)/", request)]

    def stop(self) -> None:
        """No network any more."""
        self.server.shutdown()
        self.server.server_close()


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str = "", message: str = ""):
        self.status, self.code, self.message = status, code, message


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.0"  # a connection for each request: none outlives the server

    def do_GET(self):
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, *_):
        pass

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.hub.requests.append(f"{self.command} {path}")
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            for pattern, answer in ROUTES.items():
                if match := re.fullmatch(pattern, f"{self.command} {path}"):
                    return answer(self, **{key: unquote(part or "") for key, part in match.groupdict().items()})
            raise Refused(404)
        except Refused as refused:
            self._send(
                json.dumps({"error": refused.message or refused.code}).encode(),
                refused.status,
                {"X-Error-Code": refused.code, "X-Error-Message": refused.message},
            )

    def _send(self, data: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _json(self, content) -> None:
        self._send(json.dumps(content).encode(), 200, {"Content-Type": "application/json"})

    def _token(self) -> str:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token and token not in (TOKEN, READER):
            raise Refused(401, "", "Invalid credentials in Authorization header")
        return token

    def _repo(self, kind: str, repo: str) -> Repo:
        """The repository, if this user may know of it; else as the Hub hides it."""
        found = self.hub.repos.get(repo if kind in ("", "models") else f"{kind}/{repo}")
        token = self._token()
        if found is None or (found.private and token != TOKEN):
            raise Refused(404 if token else 401, "RepoNotFound", "Repository not found")
        return found

    def _commit(self, repo: Repo, revision: str) -> tuple[str, dict[str, bytes]]:
        sha = repo.refs.get(revision or "main", revision)
        if sha not in repo.commits:
            raise Refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return sha, repo.commits[sha]

    def _write(self, kind: str, repo: str) -> Repo:
        found = self._repo(kind, repo)
        if self._token() != TOKEN:
            raise Refused(403 if self._token() else 401, "", "You don't have the rights to do this")
        return found

    def info(self, type: str, repo: str, revision: str = "") -> None:
        found = self._repo(type, repo)
        sha, files = self._commit(found, revision)
        siblings = [{"rfilename": name} for name in files]
        self._json({"id": repo, "modelId": repo, "sha": sha, "private": found.private, "siblings": siblings})

    def tree(self, type: str, repo: str, revision: str) -> None:
        _, files = self._commit(self._repo(type, repo), revision)
        entries = []
        for name, data in files.items():
            entry = {"type": "file", "path": name, "size": len(data), "oid": git_id(data)}
            if in_lfs(name):
                entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
            entries.append(entry)
        self._json(entries)

    def resolve(self, type: str, repo: str, revision: str, file: str) -> None:
        found = self._repo(type, repo)
        if found.gated and self._token() != TOKEN:
            raise Refused(403 if self._token() else 401, "GatedRepo", "Access to this model is restricted")
        sha, files = self._commit(found, revision)
        if file not in files:
            raise Refused(404, "EntryNotFound", "Entry not found")
        data = files[file]
        headers = {"X-Repo-Commit": sha, "ETag": f'"{git_id(data)}"'}
        if in_lfs(file):
            oid = hashlib.sha256(data).hexdigest()
            self.hub.objects[oid] = data
            headers |= {"X-Linked-ETag": f'"{oid}"', "X-Linked-Size": str(len(data)), "ETag": f'"{oid}"'}
            headers["Location"] = f"{self.hub.storage}/lfs/{oid}"
            return self._send(b"", 302, headers)
        self._send(data, 200, headers)

    def lfs(self, oid: str) -> None:
        self._send(self.hub.objects[oid])

    def create(self) -> None:
        if not self._token():
            raise Refused(401, "", "Invalid username or password.")
        about = json.loads(self.body)
        name = f"{about['organization']}/{about['name']}"
        if self._token() != TOKEN:
            raise Refused(403, "", "You don't have the rights to create a model under this namespace")
        if name in self.hub.repos:
            raise Refused(409, "", "You already created this model repo")
        repo = self.hub.repo(name, private=about.get("visibility") == "private" or bool(about.get("private")))
        repo.commit({".gitattributes": b""}, message="initial commit")
        self._json({"url": f"{self.hub.url}/{name}"})

    def branch(self, type: str, repo: str, revision: str) -> None:
        found = self._write(type, repo)
        if revision in found.refs:
            raise Refused(409, "", "Reference already exists")
        found.refs[revision] = found.refs["main"]
        self._json({})

    def check_yaml(self) -> None:
        self._json({"errors": [], "warnings": []})

    def preupload(self, type: str, repo: str, revision: str) -> None:
        self._commit(self._write(type, repo), revision)
        names = [file["path"] for file in json.loads(self.body)["files"]]
        modes = [(name, "lfs" if in_lfs(name) else "regular") for name in names]
        self._json({"files": [{"path": name, "uploadMode": mode, "shouldIgnore": False} for name, mode in modes]})

    def lfs_batch(self, type: str, repo: str) -> None:
        self._write(type, repo)
        objects = json.loads(self.body)["objects"]
        for entry in objects:
            if entry["oid"] not in self.hub.objects:
                entry["actions"] = {"upload": {"href": f"{self.hub.storage}/lfs/{entry['oid']}"}}
        self._json({"transfer": "basic", "objects": objects})

    def lfs_upload(self, oid: str) -> None:
        assert hashlib.sha256(self.body).hexdigest() == oid
        self.hub.objects[oid] = self.body
        self._send(b"")

    def commit(self, type: str, repo: str, revision: str) -> None:
        found = self._write(type, repo)
        files = dict(self._commit(found, revision)[1])
        message = ""
        for line in map(json.loads, self.body.splitlines()):
            about = line["value"]
            if line["key"] == "header":
                message = about["summary"]
            elif line["key"] == "file":
                files[about["path"]] = base64.b64decode(about["content"])
            elif line["key"] == "lfsFile":
                files[about["path"]] = self.hub.objects[about["oid"]]
            elif line["key"] == "deletedFile":
                del files[about["path"]]
            else:
                raise Refused(400, "", f"what is a {line['key']}?")
        sha = found.commit(files, revision, message)
        self._json({"commitUrl": f"{self.hub.url}/{repo}/commit/{sha}", "commitOid": sha})


ROUTES = {
    f"GET /api/{REPO}": _Handler.info,
    f"GET /api/{REPO}/revision/(?P<revision>[^/]+)": _Handler.info,
    f"GET /api/{REPO}/tree/(?P<revision>[^/]+)": _Handler.tree,
    f"(?:GET|HEAD) /{REPO}/resolve/(?P<revision>[^/]+)/(?P<file>.+)": _Handler.resolve,
    r"(?:GET|HEAD) /lfs/(?P<oid>\w+)": _Handler.lfs,
    "POST /api/repos/create": _Handler.create,
    "POST /api/validate-yaml": _Handler.check_yaml,
    f"POST /api/{REPO}/branch/(?P<revision>[^/]+)": _Handler.branch,
    f"POST /api/{REPO}/preupload/(?P<revision>[^/]+)": _Handler.preupload,
    rf"POST /{REPO}\.git/info/lfs/objects/batch": _Handler.lfs_batch,
    r"PUT /lfs/(?P<oid>\w+)": _Handler.lfs_upload,
    f"POST /api/{REPO}/commit/(?P<revision>[^/]+)": _Handler.commit,
}
