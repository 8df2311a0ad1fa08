"""Names with HTML in them, in Chromium: nothing of them runs, on the page, in its lessons and in what it exports; and
pages of others."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.conftest import View, serving
from tests.ui.synthetic import make_run

EVIL = "</script></title><script>hit=1</script><img src='data:,' onerror=hit=1>{{hit}}${hit=1}"
LESSON = f"""# A {EVIL}

A {EVIL} [link](javascript:hit=1).

## Step {EVIL}

[view](?img=chelsea&stage=photo&x=150&y=110)

Text {EVIL}

**Choose.** Which {EVIL}?

- [x] {EVIL}
- [ ] that

[reveal](?img=chelsea&stage=refined)

Why {EVIL}
"""
HIT = "'hit' in window"


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Iterator:
    folder = tmp_path_factory.mktemp("evil")
    run = make_run(folder / "run", EVIL)
    for path in (run / "config.json", run / "traces" / "index.json", run / "figures.json"):
        text = (
            path.read_text("utf-8")
            .replace('"cat"', json.dumps(EVIL))
            .replace("Chelsea the cat", json.dumps(EVIL)[1:-1])
        )
        path.write_text(text, "utf-8")
    lessons = folder / "lessons"
    lessons.mkdir()
    for name in ("90-a.md", "91-b.md"):
        (lessons / name).write_text(LESSON, "utf-8")
    with serving(["--run", str(run), "--lessons", str(lessons)], folder / "app.log") as served:
        yield served


def test_names_with_html_run_nothing(view: View, browser, tmp_path: Path):
    """On the page, in the charts, in the list of lessons, in a lesson and at the name of the next, in an export."""
    view.open("?img=chelsea")
    view.page.wait_for_selector(".iaff-charts[data-ready]", timeout=20000)
    view.page.evaluate("document.querySelector('.iaff-charts').scrollIntoView()")
    view.page.wait_for_selector(".iaff-charts .js-plotly-plot")
    for tab in view.page.locator("[role=tab]").all():
        tab.click()
    view.page.get_by_role("button", name="Lessons").click()
    view.page.wait_for_selector(".lesson-card")
    assert not view.page.evaluate(HIT)

    view.open("?lesson=a")
    view.page.wait_for_selector(".lesson-after:visible")
    assert EVIL in view.text(".lesson-after"), "its name is text"
    view.page.get_by_role("button", name="Show me").click()
    view.page.wait_for_timeout(300)
    assert not view.page.evaluate(HIT)

    view.open("?img=chelsea")
    view.page.get_by_role("button", name="Export").click()
    view.page.wait_for_selector(".exports[open] canvas")
    with view.page.expect_download(timeout=30000) as download:
        view.page.locator(".exports section[aria-label='One HTML file']").get_by_role("button", name="HTML").click()
    download.value.save_as(tmp_path / "page.html")
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_selector(".iaff[data-ready]", timeout=20000)
    assert not page.evaluate(HIT)
    assert not said
    what_comes_later_runs_nothing(page)
    page.close()


def what_comes_later_runs_nothing(page) -> None:
    """The page's policy holds where one of its scripts would let HTML in."""
    for text in (
        "<img src='data:,' onerror='hit=1'>",
        "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
        "<svg onload='hit=1'></svg>",
        "<a id=evil href='javascript:hit=1'>a</a>",
    ):
        page.evaluate("(text) => document.body.insertAdjacentHTML('beforeend', text)", text)
    page.evaluate("document.getElementById('evil').click()")
    page.evaluate("document.head.append(Object.assign(document.createElement('script'), {textContent: 'hit=1'}))")
    page.wait_for_timeout(300)
    assert not page.evaluate(HIT)


def test_the_policy_holds_where_html_gets_in(view: View):
    view.page.expected = ["Content Security Policy", "Content-Security-Policy"]
    view.open()
    what_comes_later_runs_nothing(view.page)
    refused = "fetch('http://localhost:1/x').then(() => 'sent', () => 'refused')"
    assert view.page.evaluate(refused) == "refused"


@pytest.fixture
def elsewhere(tmp_path) -> Iterator[str]:
    """The address of another's page."""
    (tmp_path / "page.html").write_text("<!doctype html><title>Elsewhere</title><body></body>", "utf-8")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/page.html"
    server.shutdown()


@pytest.mark.slow
def test_pages_of_others_get_nothing(app, browser, elsewhere):
    """No answer to read, no request that does something, no frame; a link may be followed."""
    page = browser.new_page()
    page.goto(elsewhere)
    ask = (
        "(url) => fetch(url, {method: 'POST', mode: 'no-cors', body: '{\"data\": []}'}).then((r) => r.type, () => 'no')"
    )
    answers = []
    page.on("response", lambda answer: answers.append(answer.status) if "/run/runs" in answer.url else None)
    page.evaluate(ask, app.url + "gradio_api/run/runs")
    page.wait_for_timeout(200)
    assert answers == [403]
    read = "(url) => fetch(url).then((r) => r.text(), () => 'no')"
    assert page.evaluate(read, app.url + "config") == "no"
    frame = "(url) => document.body.append(Object.assign(document.createElement('iframe'), {src: url}))"
    page.evaluate(frame, app.url)
    page.wait_for_timeout(1000)
    assert not [frame for frame in page.frames if frame.url.startswith(app.url) and frame.query_selector(".iaff")]
    link = "(url) => document.body.append(Object.assign(document.createElement('a'), {href: url, textContent: 'iaff'}))"
    page.evaluate(link, app.url)
    page.get_by_role("link").click()
    page.wait_for_selector(".iaff[data-ready]", timeout=20000)
    page.close()


@pytest.mark.slow
def test_a_page_that_may_frame_it(browser, elsewhere, run_folder, tmp_path):
    origin = elsewhere.removesuffix("/page.html")
    with serving(["--run", str(run_folder), "--embed", origin], tmp_path / "app.log") as served:
        page = browser.new_page()
        page.goto(elsewhere)
        frame = "(url) => document.body.append(Object.assign(document.createElement('iframe'), {src: url}))"
        page.evaluate(frame, served.url)
        page.frame_locator("iframe").locator(".iaff[data-ready]").wait_for(timeout=20000)
        page.close()


@pytest.mark.slow
def test_the_page_asks_for_the_password_and_then_is_as_calm(browser, run_folder, tmp_path):
    (tmp_path / "t").mkdir()
    with serving(["--run", str(run_folder)], tmp_path / "open.log") as served:
        plain = requests_of(browser, served.url, {})
    from tests.attack.test_web import started

    options = ["--run", str(run_folder), "--auth", "me:secret"]
    with started(tmp_path / "log", *options, IAFF_WARM_UP="0", GRADIO_TEMP_DIR=str(tmp_path / "t")) as (_, port):
        login = {"http_credentials": {"username": "me", "password": "secret"}}
        assert requests_of(browser, f"http://127.0.0.1:{port}/", login) == plain


def requests_of(browser, url: str, options: dict) -> list[str]:
    """The paths that an opening page asks for, all with success and no word in the console."""
    context = browser.new_context(**options)
    page, asked, said = context.new_page(), [], []
    page.on("response", lambda answer: asked.append((answer.status, answer.url.split("?")[0].removeprefix(url))))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(url)
    page.wait_for_selector(".iaff[data-ready]", timeout=20000)
    page.wait_for_selector(".iaff-charts[data-ready]", timeout=20000)
    page.wait_for_timeout(500)
    context.close()
    assert not said
    return sorted({path for status, path in asked if status in (200, 304)})
