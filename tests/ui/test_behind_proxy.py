"""The page behind nginx, below a path that nginx takes away or keeps: nothing of it may ask for anything above."""

import os
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest
from gradio_client import Client, handle_file

from iaff import Trace
from tests.markdown import blocks
from tests.ui.conftest import View, free_port, serving, viewing
from tests.ui.places import ROOT, SHIPPED

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
PHOTO = ROOT / "assets" / "gallery" / "cow.jpg"
DONE = "__iaff.trace && __iaff.takenIn.shown() && !__iaff.takenIn.shown().busy"
WALK = "__iaff.picture.main.affinity()"

STRIPPED, KEPT = re.findall(r"^location .*?^}", blocks(ROOT / "docs" / "deploy.md", "nginx"), re.M | re.S)
CONFIG = """
daemon off; pid pid; error_log error.log;
events {}
http {
  access_log off; client_body_temp_path body; proxy_temp_path temp;
  fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  %s
}
"""


@pytest.fixture(scope="module")
def served(app, walk_file, tmp_path_factory):
    """Addresses of the page by what nginx does with the path, and whether the app was told it."""
    if not NGINX:
        no = pytest.fail if os.environ.get("IAFF_REQUIRE_NGINX") else pytest.skip
        no("no nginx found: install it (apt-get install nginx-light)")
    folder = tmp_path_factory.mktemp("nginx")
    options = ["--run", str(SHIPPED), "--run", str(walk_file), "--root-path", "/iaff"]
    with serving(options, folder / "app.log") as told:
        places = {
            "kept": (KEPT, "iaff", told),
            "stripped": (STRIPPED, "iaff", told),
            "stripped, untold": (STRIPPED, "a/lab", app),
        }
        urls, servers = {"none": told.url}, ""
        for name, (location, path, behind) in places.items():
            port = free_port()
            location = location.replace("/iaff/", f"/{path}/", 1).replace("7860", str(behind.port))
            servers += f"server {{ listen 127.0.0.1:{port}; {location} }}\n"
            urls[name] = f"http://127.0.0.1:{port}/{path}/"
        user = "" if os.getuid() else "user root;"  # whose files the workers could not read else
        (folder / "nginx.conf").write_text(user + CONFIG % servers, "utf-8")
        process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"])
        try:
            wait_for(urls["kept"])
            yield urls
        finally:
            process.terminate()
            process.wait(10)


def wait_for(url: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"nginx does not answer at {url}")


@pytest.fixture(
    params=[*("kept", "stripped, untold"), *(pytest.param(p, marks=pytest.mark.slow) for p in ("stripped", "none"))]
)
def place(request, served):
    return SimpleNamespace(url=served[request.param])


@pytest.fixture
def view(context, place):
    """A page that fails on any error, and on any request above its own path."""
    with viewing(context, place) as view:
        yield view


def test_the_page_and_all_that_it_fetches(view: View, tmp_path: Path):
    """Scripts, traces, Plotly, Python's functions, a copied link, an export, a lesson, a worker."""
    view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.open("?run=animals&img=cow&stage=affinity&round=3&x=100&y=80")
    view.page.wait_for_selector(".iaff-charts[data-ready]", timeout=20000)
    view.page.evaluate("document.querySelector('.iaff-charts').scrollIntoView()")
    view.page.wait_for_selector(".iaff-charts .js-plotly-plot")
    view.page.get_by_role("button", name="Copy link").click()
    view.page.get_by_role("button", name="Copied").wait_for()
    link = view.page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(view.app.url + "?")
    view.open(link.removeprefix(view.app.url))
    assert (view.state("img"), view.state("x"), view.state("round")) == ("cow", 100, 3)

    view.page.get_by_role("button", name="Export").click()
    view.page.wait_for_selector(".exports[open] canvas")
    with view.page.expect_download(timeout=30000) as download:
        view.page.locator(".exports section[aria-label='One HTML file']").get_by_role("button", name="HTML").click()
    download.value.save_as(tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size > 500_000

    view.open("?lesson=1-seeds")
    view.page.wait_for_selector(".lesson")
    view.open("?run=traces&stage=affinity&x=20&y=12")
    view.wait(f"{WALK}.at === {WALK}.steps")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["kept", "stripped, untold"], indirect=True)
def test_a_photo_of_ones_own(view: View):
    """Uploaded, queued and computed."""
    view.open("?run=animals")
    view.page.set_input_files("input[type=file]", PHOTO)
    view.page.wait_for_function(DONE, timeout=60000)
    assert view.page.evaluate("__iaff.trace.T") == 5
    assert view.page.evaluate("__iaff.trace.meta.tags") == ["cow"]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["kept", "stripped"], indirect=True)
def test_programs(place, tmp_path):
    """gradio_client, whose answers stream through the queue, with a file in each direction."""
    client = Client(place.url, verbose=False, download_files=tmp_path)
    told = client.submit(handle_file(PHOTO), ["cow"], "animals", api_name="/explain")
    assert Trace.load(told.result(60)).meta["tags"] == ["cow"]
    client.close()


def test_an_address_without_its_slash(served, browser):
    """All that is relative would be beside the page, not below it."""
    page = browser.new_page()
    page.goto(served["none"] + "iaff?stage=seeds")
    page.wait_for_selector(".iaff[data-ready]", timeout=20000)
    assert page.url.startswith(served["none"] + "iaff/?")
    assert page.evaluate("__iaff.state.stage") == "seeds"
    page.close()
