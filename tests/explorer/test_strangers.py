"""What strangers' pages and programs get of the server: names, origins, addresses, passwords, files, and its policy."""

import base64
import hashlib
import html
import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.testclient import TestClient

from iaff.errors import UserError
from iaff.explorer import serve
from iaff.explorer.files import STATIC
from iaff.explorer.server.answers import hide, told
from iaff.explorer.server.photo_table import table_of
from iaff.explorer.server.runs import listing
from iaff.explorer.server.trace_files import TraceFiles
from iaff.explorer.standalone.page import shell
from iaff.explorer.web.access import Access, access_of
from iaff.explorer.web.guards import Failures, KnownAddresses, OwnPages, Password
from iaff.explorer.web.policy import Policy, hashes
from iaff.lessons import parse, read_folders
from iaff.places import SHIPPED
from iaff.run import Run
from tests.explorer.test_lessons import GOOD

OK = PlainTextResponse("ok")
links = pytest.mark.skipif(os.name != "posix", reason="this system has no such links and pipes")
SAME = {"Sec-Fetch-Site": "same-origin"}


def status(app, path: str = "/config", method: str = "GET", **headers: str) -> int:
    client = TestClient(app, "http://127.0.0.1:7860", raise_server_exceptions=False, follow_redirects=False)
    return client.request(
        method, path, headers={name.replace("_", "-"): text for name, text in headers.items()}
    ).status_code


# --- names and pages of others --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "access", "asked", "answer"),
    [
        ("127.0.0.1", Access(), "127.0.0.1:7860", 200),
        ("127.0.0.1", Access(), "localhost:9999", 200),
        ("::1", Access(), "[::1]:7860", 200),
        ("127.0.0.1", Access(), "a.localhost", 200),
        ("127.0.0.1", Access(), "LOCALHOST.", 200),
        ("127.0.0.1", Access(), "evil.example:7860", 421),
        ("localhost", Access(), "127.0.0.1.evil.example", 421),
        ("127.0.0.1", Access(), "localhost@evil.example", 421),
        ("127.0.0.1", Access(), "10.0.0.1:7860", 421),
        ("127.0.0.1", Access(), "[::1", 421),
        ("127.0.0.1", Access(frozenset({"lab.example"})), "lab.example", 200),
        ("127.0.0.1", Access(frozenset({"lab.example"})), "not-lab.example", 421),
        ("0.0.0.0", Access(), "any.example", 200),
        ("0.0.0.0", Access(frozenset({"lab.example"})), "evil.example", 421),
    ],
)
def test_names(bound, access, asked, answer):
    assert status(OwnPages(OK, access, bound), Host=asked) == answer


def test_names_of_the_root_path_and_of_a_space(monkeypatch):
    assert status(OwnPages(OK, Access(), "127.0.0.1", "https://lab.example/iaff"), Host="lab.example") == 200
    monkeypatch.setenv("SPACE_HOST", "me-iaff.hf.space")
    assert status(OwnPages(OK, Access(), "127.0.0.1"), Host="me-iaff.hf.space") == 200


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    ("answer", "headers"),
    [
        (200, {}),  # a program
        (200, {"Origin": "http://127.0.0.1:7860"}),
        (200, {"Origin": "https://lab.example", **SAME}),  # a proxy has changed the name
        (200, {"Origin": "http://lab.example", "X-Forwarded-Host": "lab.example"}),
        (403, {"Origin": "http://evil.example"}),
        (403, {"Origin": "http://127.0.0.1:8888"}),
        (403, {"Origin": "http://127.0.0.1.evil.example:7860"}),
        (403, {"Origin": "null"}),
        (403, {"Origin": "file://"}),
        (403, {"Origin": ""}),
        (403, {"Origin": "http://["}),
        (403, {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}),
        (403, {"Origin": "http://localhost:8888", "Sec-Fetch-Site": "same-site"}),
        (403, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}),
    ],
)
def test_pages(method, answer, headers):
    assert status(OwnPages(OK, Access(), "127.0.0.1"), method=method, **headers) == answer


def test_a_link_from_elsewhere_may_be_followed_and_no_form_sent():
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    app = OwnPages(OK, Access(), "127.0.0.1")
    assert status(app, "/", **link) == 200
    assert status(app, "/", "POST", **link, Origin="http://evil.example") == 403


def test_there_are_no_web_sockets():
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), TestClient(OwnPages(OK, Access(), "127.0.0.1")).websocket_connect("/"):
        pass


# --- passwords ------------------------------------------------------------------------------------------------------


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    ("answer", "headers"),
    [
        (200, basic("me:se:crét")),
        (401, {}),
        (401, basic("me:wrong")),
        (401, basic("me")),
        (401, {"Authorization": "Basic ?"}),
        (401, {"Authorization": "Bearer " + base64.b64encode("me:se:crét".encode()).decode()}),
    ],
)
@pytest.mark.parametrize("path", ["/", "/config", "/scripts/x", "/gradio_api/mcp/", "/x/gradio_api/startup-events"])
def test_passwords(path, answer, headers):
    app = Password(OK, ("me", "se:crét"))
    assert status(app, path, **headers) == answer
    assert status(Password(OK, None), path) == 200


@pytest.mark.parametrize(
    "asked",
    [
        (["lab.example/x"], [], ""),
        (["http://lab.example"], [], ""),
        ([""], [], ""),
        ([], ["lab.example"], ""),
        ([], ["https://a.example; script-src *"], ""),
        ([], ["https://a.example/page"], ""),
        ([], [], "me"),
        ([], [], ":x"),
        ([], [], "me:"),
    ],
    ids=str,
)
def test_settings_that_are_none(asked):
    with pytest.raises(UserError, match=r"--(allow-host|embed|auth).*: got .*expected"):
        access_of(*asked)


def test_a_password_from_the_environment(monkeypatch):
    monkeypatch.setenv("IAFF_AUTH", "me:secret")
    assert access_of([], [], "").login == ("me", "secret")
    assert access_of([], [], "you:other").login == ("you", "other")
    assert "secret" not in repr(UserError(serve.others("0.0.0.0", 1, access_of([], [], ""))))


def test_others_are_told_of_it(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.setattr(serve, "own_addresses", lambda: ["192.0.2.7", "2001:db8::7"])
    assert serve.others("127.0.0.1", 7860, Access()) == serve.others("::1", 7860, Access()) == []
    reached, warning = serve.others("0.0.0.0", 7860, Access())
    assert reached.endswith("http://192.0.2.7:7860, http://[2001:db8::7]:7860")
    assert "Everyone who reaches" in warning
    assert "--auth" in warning
    assert len(serve.others("0.0.0.0", 7860, Access(login=("me", "secret")))) == 1


# --- addresses ------------------------------------------------------------------------------------------------------


ANSWERED = {
    "GET": "/ /config /theme.css /assets/a.js /scripts/0/main.js /traces/0/a.safetensors /gradio_api/info "
    "/gradio_api/queue/data?session_hash=a /gradio_api/call/explain/ab12 /?img=cow&stage=seeds",
    "POST": "/gradio_api/component_server/ /gradio_api/upload /gradio_api/run/query /gradio_api/call/explain",
}
NOT_ANSWERED = {
    "GET": "/docs /openapi.json /gradio_api/openapi.json /gradio_api/user /gradio_api/token /monitoring /login "
    "/gradio_api/proxy=http://a /gradio_api/stream/a/b/c/playlist.m3u8 /gradio_api/vibe-code /pwa_icon "
    "/gradio_api/file=http://a /gradio_api/file=https://a /gradio_api/file=//a /gradio_api/file=ftp://a "
    "/gradio_api/file=http:%2f%2fa /gradio_api/file=%68ttp://a /gradio_api/file=data:,a /gradio_api/file/x "
    "/gradio_api/file=/etc/passwd /gradio_api/file= /gradio_api/file=file:///etc/passwd /gradio_api/runs "
    "/gradio_api/heartbeat/a /gradio_api/deep_link?session_hash=a /?deep_link=a /config?deep%5flink=a",
    "POST": "/ /login /gradio_api/reset /gradio_api/stream/a /gradio_api/vibe-edit /gradio_api/process_recording",
    "PUT": "/ /gradio_api/upload",
}


@pytest.mark.parametrize(("answer", "asked"), [(200, ANSWERED), (404, NOT_ANSWERED)])
def test_addresses(tmp_path, answer, asked):
    app = KnownAddresses(OK, tmp_path)
    for method, paths in asked.items():
        for path in paths.split():
            assert status(app, path, method) == answer, (method, path)


@links
def test_files_are_uploads_alone(tmp_path):
    uploads, secret = tmp_path / "uploads", tmp_path / "secret"
    uploads.mkdir()
    secret.write_text("secret")
    (uploads / "cow.jpg").write_text("cow")
    (uploads / "link.jpg").symlink_to(secret)
    (uploads / "round.jpg").symlink_to(uploads / "round.jpg")
    os.mkfifo(uploads / "pipe.jpg")
    app = KnownAddresses(OK, uploads)
    answers = {
        "cow.jpg": 200, "": 404, ".": 404, "../secret": 404, "link.jpg": 404, "round.jpg": 404, "pipe.jpg": 404,
        "x" * 5000: 404, "%00": 404,
    }  # fmt: skip
    assert {name: status(app, f"/gradio_api/file={uploads}/{name}") for name in answers} == answers


def test_what_fails_is_a_sentence(capsys):
    async def failing(scope, receive, send):
        raise KeyError("/home/me/secret\x1b[2J\n")

    answer = TestClient(Failures(failing)).get("/x")
    assert answer.status_code == 500
    assert answer.json()["error"].startswith("The request could not be answered")
    assert "secret" not in answer.text
    log = capsys.readouterr().err
    assert log.count("\n") == 1
    assert "\x1b" not in log


# --- a run's files --------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path) -> Run:
    folder = tmp_path / "run"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("weights"))
    (tmp_path / "secret.json").write_text('{"secret": 1}')
    return Run.load(folder)


def test_the_page_knows_no_folder(run):
    assert str(run.dir.parent) not in str(listing([run]))
    hide([run])
    assert told(UserError(f"{run.dir / 'images.csv'} cannot be read.")) == "images.csv cannot be read."
    hide([Run(Path("."), {"data": "odd"})], Path("/"))
    assert told(UserError("Got 1/2, expected 0.5. Correct it.")) == "Got 1/2, expected 0.5. Correct it."


@links
@pytest.mark.parametrize(
    "name", ["figures.json", "mining.json", "images.csv", "traces/index.json", "traces/cow.safetensors", "traces"]
)
def test_links_do_not_lead_out_of_a_run(run, name):
    place = run.dir / name
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    place.symlink_to(run.dir.parent if name == "traces" else run.dir.parent / "secret.json")
    (run.dir.parent / "index.json").write_text('{"traces": []}')
    opens = {
        "figures.json": run.figures,
        "mining.json": run.mining,
        "images.csv": lambda: table_of(run),
        "traces/cow.safetensors": lambda: run.trace_path("cow"),
    }
    with pytest.raises(UserError, match="a link that leads out of the run's folder, expected a file in it"):
        opens.get(name, run.traces)()
    if name.startswith("traces"):
        assert TraceFiles(run).lookup_path("cow.safetensors" if "cow" in name else "index.json") == ("", None)


@links
@pytest.mark.parametrize("name", ["figures.json", "images.csv", "traces/cow.safetensors"])
def test_pipes_in_a_run_are_not_waited_for(run, name):
    (run.dir / name).unlink()
    os.mkfifo(run.dir / name)
    ask = {"figures.json": run.figures, "images.csv": lambda: table_of(run)}.get(name, lambda: run.trace_path("cow"))
    with pytest.raises(UserError, match="a pipe or a device, expected a file"):
        ask()
    assert TraceFiles(run).lookup_path("cow.safetensors")[1] is None or "cow" not in name


@links
def test_links_within_a_run_are_followed(run):
    shutil.move(run.dir / "traces", run.dir / "elsewhere")
    (run.dir / "traces").symlink_to("elsewhere")
    assert TraceFiles(run).lookup_path("cow.safetensors")[1]
    assert run.trace_path("cow").is_file()


@pytest.mark.parametrize(
    "name", ["../config.json", "..\\config.json", "/etc/passwd", "C:a.safetensors", "a\0.safetensors", ""]
)
def test_other_files_of_a_run_are_not_served(run, name):
    assert TraceFiles(run).lookup_path(name) == ("", None)


# --- what the page may do -------------------------------------------------------------------------------------------


def test_the_policy_names_the_scripts_that_stand_in_the_page():
    page = HTMLResponse("<script>a()</script><script src='x.js'></script><script type=\"module\">b()</script>")
    answer = TestClient(Policy(page)).get("/")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    expected = [base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (b"a()", b"b()")]
    assert policy["script-src"] == f"'self' 'unsafe-eval' 'sha256-{expected[0]}' 'sha256-{expected[1]}'"
    assert (policy["object-src"], policy["frame-ancestors"]) == ("'none'", "'self'")
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.text == page.body.decode()


def test_who_may_frame_it(monkeypatch):
    from iaff.explorer.web.access import frames_of

    monkeypatch.setenv("SPACE_ID", "me/iaff")
    frames = frames_of(access_of([], ["https://course.example"], ""))
    answer = TestClient(Policy(HTMLResponse(""), frames)).get("/")
    assert answer.headers["content-security-policy"].endswith(
        "frame-ancestors 'self' https://course.example https://huggingface.co"
    )
    assert "x-frame-options" not in answer.headers
    answer = TestClient(Policy(HTMLResponse(""), ("*",))).get("/")
    assert answer.headers["content-security-policy"].endswith("frame-ancestors *")


def test_the_exported_page_names_its_scripts():
    page = shell()
    policy = re.search('http-equiv="Content-Security-Policy" content="(.*?)"', page)[1]
    assert "'unsafe-inline'" not in policy.replace("style-src 'unsafe-inline'", "")
    assert hashes(page.encode()) in policy
    assert policy.count("'sha256-") == 3
    assert (
        re.search(r"<script|\son\w+=|javascript:", re.sub(r"(?s)<script.*?</script>|<style.*?</style>", "", page))
        is None
    )


# Where texts become HTML or addresses, and why that is safe there.
SINKS = {
    ("page/photo_tile.js", "innerHTML"): "numbers",
    ("ui/dom.js", "innerHTML"): "constants",
    (
        "lessons/lesson_card.js",
        "innerHTML",
    ): "a step's title and text: HTML by iaff/lessons.py",
    ("lessons/lesson_menu.js", "innerHTML"): "a lesson's summary: HTML by iaff/lessons.py",
    ("lessons/lesson_question.js", "innerHTML"): "prompt, answers and explanation: HTML by iaff/lessons.py",
    ("lessons/handout_page.js", "innerHTML"): "a step's title, text and question: HTML by iaff/lessons.py",
    ("lessons/answers.js", "DOMParser"): "read: the words alone of such a text",
    ("export/export_file.js", "outerHTML"): "the exported page itself, as it was",
    ("client/embedded.js", "innerHTML"): "read",
}
SINK = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|srcdoc|document\.write|DOMParser|createContextualFragment|eval|Function)\b(?!:)"
)


def test_texts_become_html_in_known_places_alone():
    found = set()
    for path in STATIC.rglob("*.js"):
        lines = (
            line for line in path.read_text("utf-8").splitlines() if not line.strip().startswith(("*", "//", "/*"))
        )
        code = "\n".join(lines)
        found |= {(path.relative_to(STATIC).as_posix(), sink) for sink in SINK.findall(code)}
    assert found == SINKS.keys()


# --- lessons --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=hit()>", "<script>hit()</script>", "[a](javascript:hit())", "[a](JaVaScRiPt:hit())",
        "[a](java&#115;cript:hit())", "[a](&#x01;javascript:hit())", "[a]( javascript:hit())", "<javascript:hit()>",
        "[a](data:text/html,<script>hit()</script>)", "[a](vbscript:hit())", "[a]: javascript:hit()\n\n[a]",
        '[a](http://b "x\\" onmouseover=\\"hit()")', "`<img onerror=hit()>`", "$\\href{javascript:hit()}{a}$",
    ],
)  # fmt: skip
def test_lessons_run_nothing(text):
    step = parse(GOOD.replace("Because.", text).replace("Which?", f"Which {text}"))["steps"][1]
    said = step["question"]["html"] + step["question"]["prompt"]
    assert not re.search(r"<(?!/?(p|em|a|code|math|m\w+|span|strong|br|pre)\b)", said), said
    assert not re.search(r"<[^>]*\s(on\w+|style|src)=", re.sub(r'"[^"]*"', '""', said)), said
    schemes = {urlsplit(html.unescape(link)).scheme for link in re.findall('href="(.*?)"', said)}
    assert schemes <= {"", "http"}, said


@links
def test_files_that_are_no_lessons_are_left_out_and_said(tmp_path):
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "zero.md").symlink_to("/dev/zero")
    (tmp_path / "round.md").symlink_to(tmp_path / "round.md")
    (tmp_path / "lost.md").symlink_to(tmp_path / "nothing")
    (tmp_path / "latin.md").write_bytes("# Über".encode("latin-1"))
    with (tmp_path / "large.md").open("wb") as file:
        file.truncate(1_000_000_000)  # sparse
    (tmp_path / "good.md").write_text("\ufeff" + GOOD, "utf-8")
    found = read_folders([tmp_path])
    assert [lesson["name"] for lesson in found["lessons"]] == ["good"]
    assert {one["file"] for one in found["broken"]} == {
        f"{name}.md" for name in ("pipe", "folder", "zero", "round", "lost", "latin", "large")
    }
    assert str(tmp_path) not in str(found)


# --- the start ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_no_folder_for_uploads(tmp_path, monkeypatch, place):
    from iaff.explorer.server.client_files import client_files

    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / place))
    with pytest.raises(UserError, match=r"No folder for uploads and traces: got .*GRADIO_TEMP_DIR"):
        client_files.__wrapped__()
    assert Path(os.environ["GRADIO_TEMP_DIR"]) == tmp_path / place
