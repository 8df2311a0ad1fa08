"""The endpoints over gradio_client, plain HTTP and MCP: exactly those that are meant, typed, and with plain errors."""

import asyncio
import base64
import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.markdown import blocks
from tests.ui.conftest import serving
from tests.ui.places import ROOT, SHIPPED

ENDPOINTS = ["runs", "photos", "figures", "query", "leaks", "compare", "trace", "labels", "explain"]
QUERY = {"run": "plain_cam", "photo": "frisbee", "round": 5, "x": 50, "y": 202}


@pytest.fixture(scope="module")
def client(app, tmp_path_factory):
    from gradio_client import Client

    client = Client(app.url, verbose=False, download_files=tmp_path_factory.mktemp("client"))
    yield client
    client.close()  # else the server waits for it when it ends


def test_endpoints_are_these_alone(client):
    """No listener of the page is among them, and every argument has a type."""
    info = client.view_api(return_format="dict", print_info=False)
    assert [name[1:] for name in info["named_endpoints"]] == ENDPOINTS
    assert info["unnamed_endpoints"] == {}
    for name, endpoint in info["named_endpoints"].items():
        assert all(parameter["type"].keys() & {"type", "enum", "$defs"} for parameter in endpoint["parameters"]), name
        assert endpoint["returns"][0]["type"], name


def test_answers_over_gradio_client(client):
    assert "animals" in [run["name"] for run in client.predict(api_name="/runs")]
    answer = client.predict(**QUERY, api_name="/query")
    assert answer["reach"] == 301
    assert answer["strongest"][0] == {"x": 50, "y": 202, "weight": pytest.approx(0.1113, abs=1e-4)}
    trace = client.predict(run="animals", photo="cow", api_name="/trace")
    assert Path(trace).read_bytes() == (SHIPPED / "traces" / "cow.safetensors").read_bytes()
    png = client.predict(run="animals", photo="cow", round=1, stage="seeds", api_name="/labels")
    assert png.endswith(".png")


def test_errors_over_gradio_client(client):
    from gradio_client import handle_file
    from gradio_client.exceptions import AppError

    wrong = {
        "Got x = 5000, expected a whole number from 0 to 339": QUERY | {"x": 5000},
        "No run of that name": QUERY | {"run": "wolves"},
        "is not a trace": QUERY | {"run": "broken", "photo": "chelsea", "round": 1},
        "is not there": QUERY | {"run": "broken", "photo": "astronaut", "round": 1},
    }
    for message, arguments in wrong.items():
        with pytest.raises(AppError, match=message):
            client.predict(**arguments, api_name="/query")
    with pytest.raises(AppError, match=r"which is not fetched\. Upload the photo"):
        client.predict(handle_file("http://localhost:1/a.jpg"), [], "animals", api_name="/explain")
    for photo, got in {
        "photo.jpg": "the photo 'photo.jpg'",
        "http://localhost:1/a.jpg": "the address http",
        None: "the photo None",
    }.items():
        with pytest.raises(AppError, match=rf'^Got {got}.*handle_file\("photo.jpg"\)'):
            client.predict(photo, [], "animals", api_name="/explain")


@pytest.mark.parametrize("place", [["animals", "frisbee", float("nan")], [["animals"], {"path": "/etc/passwd"}, 1]])
def test_odd_requests_over_http(app, place):
    """What no client sends: one sentence comes back."""
    body = json.dumps({"data": [*place, 1, 1, "row"]}).encode()
    request = urllib.request.Request(f"{app.url}gradio_api/run/query", body, {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=10)
    assert json.load(error.value)["error"].startswith(("Got round = nan, expected", "Got run = ['animals'], expected"))


@pytest.mark.slow
def test_mcp(tmp_path):
    """The same as tools: described, answering in JSON, with pictures as pictures and errors as sentences."""
    pytest.importorskip("mcp", reason="no mcp: pip install -r requirements-dev.txt")
    with serving(["--mcp"], tmp_path / "mcp.log") as served:
        code = blocks(ROOT / "docs" / "programs.md", "python mcp").replace("http://127.0.0.1:7860/", served.url)
        with ThreadPoolExecutor(1) as thread:  # in this one a browser's event loop may be running
            tools, answers = thread.submit(lambda: asyncio.run(_ask(served.url))).result()
            thread.submit(exec, compile(code, "programs.md", "exec"), {}).result()
    assert [tool.name for tool in tools] == ENDPOINTS
    for tool in tools:
        assert tool.description, tool.name
        for name, about in tool.inputSchema["properties"].items():
            assert about["description"], (tool.name, name)
    assert json.loads(answers["query"].content[0].text)["reach"] == 301
    assert answers["wrong"].isError
    assert answers["wrong"].content[0].text == "Got x = 5000, expected a whole number from 0 to 339; correct it."
    assert base64.b64decode(answers["labels"].content[0].data).startswith(b"\x89PNG")
    assert answers["elsewhere"].content[0].text.startswith("Got the address http://localhost:1/a.jpg")
    assert "not a picture that can be read" in answers["upload"].content[0].text  # it arrived, and was looked at


async def _ask(url: str):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    calls = {
        "query": ("query", QUERY),
        "wrong": ("query", QUERY | {"x": 5000}),
        "labels": ("labels", {"run": "animals", "photo": "cow", "round": 1, "stage": "confident"}),
        "elsewhere": ("explain", {"photo": "http://localhost:1/a.jpg"}),
        "upload": ("explain", {"photo": "data:image/jpeg;base64," + base64.b64encode(b"no picture").decode()}),
    }
    streams = streamable_http_client(url + "gradio_api/mcp/")
    async with streams as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        tools = (await session.list_tools()).tools
        return tools, {key: await session.call_tool(name, about) for key, (name, about) in calls.items()}


def test_the_page_on_programs_says_what_is(app, client, tmp_path, monkeypatch):
    """Its example of gradio_client, run against this server; its table has every endpoint with its arguments."""
    page = ROOT / "docs" / "programs.md"
    code = blocks(page, "python client")
    files = f'Client("{app.url}", download_files={str(tmp_path)!r}, '
    monkeypatch.chdir(ROOT)
    exec(compile(code.replace('Client("http://127.0.0.1:7860/", ', files), "programs.md", "exec"), {})
    info = client.view_api(return_format="dict", print_info=False)
    for name, endpoint in info["named_endpoints"].items():
        arguments = ", ".join(parameter["parameter_name"] for parameter in endpoint["parameters"])
        assert f"| `{name[1:]}({arguments})` |" in page.read_text()
