"""The photos of a run's data set, runs that appear and grow: what the server answers, and the dialog in the browser."""

import json
import shutil

import pytest

from iaff.explorer.app import located, open_all
from iaff.explorer.server.browse import data_set
from iaff.explorer.server.figures import run_figures
from iaff.explorer.server.jobs import JobQueue
from iaff.run import Run
from tests.ui.conftest import serving, viewing
from tests.ui.places import ROOT, SHIPPED

GALLERY = ROOT / "assets" / "gallery"
PHOTOS = json.loads((GALLERY / "gallery.json").read_text())["photos"]
NAMES = [photo["file"] for photo in PHOTOS]
COLUMNS = "round,image,changed,agreement,coverage,relabelled,foreground_unary,foreground_refined"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """The gallery as a plain data set, with masks."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "masks").mkdir()
    lines = []
    for photo in PHOTOS:
        shutil.copy(GALLERY / photo["file"], folder / photo["file"])
        shutil.copy(GALLERY / photo["mask"], folder / "masks" / photo["file"].replace(".jpg", ".png"))
        lines.append(f"{photo['file']},{';'.join(photo['tags'])}")
    (folder / "tags.csv").write_text("\n".join(lines) + "\n")
    return folder


def images_csv(names: list[str]) -> str:
    """Photo i has changed i %, agreement 90 - i %, then 90 - 2 i %, and no coverage in round 2 if i is 0."""
    lines = [COLUMNS]
    for t in (1, 2):
        for i, name in enumerate(names):
            coverage = "" if t == 2 and i == 0 else 0.5 + i / 100
            lines.append(f"{t},{name},{i / 100},{0.9 - t * i / 100},{coverage},0.1,0.4,{0.4 - i / 50}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of runs: ``taught`` on the gallery, ``young`` without a round, and two folders that are no runs."""
    parent = tmp_path_factory.mktemp("several")
    taught, young = parent / "taught", parent / "young"
    for folder in (taught, young, parent / "other", parent / "old"):
        folder.mkdir()
    config = json.loads((SHIPPED / "config.json").read_text()) | {"name": "taught"}
    config["data"] = {"kind": "folder"}
    (taught / "config.json").write_text(json.dumps(config))
    (taught / "figures.json").write_text((SHIPPED / "figures.json").read_text())
    (taught / "images.csv").write_text(images_csv(NAMES))
    (taught / "weights").symlink_to(SHIPPED / "weights")
    classes = ["background", "cat"]
    (young / "config.json").write_text(json.dumps({"schema": 1, "name": "young", "classes": classes, "rounds": 3}))
    (parent / "old" / "config.json").write_text('{"schema": 0}')
    return parent


@pytest.fixture
def ask(runs, photos):
    """``ask("browse", key=value)``, of the run that was taught on the gallery."""
    functions = {f.__name__: f for f in data_set(located(open_all([runs]), [photos]), JobQueue())}
    return lambda name, **request: functions[name]({"run": "taught", **request})


def test_a_folder_of_runs_opens_those_that_are_runs(runs):
    assert [run.name for run in open_all([runs])] == ["taught", "young"]


def test_figures_say_what_a_run_can_do_so_far(runs, run_folder):
    figures = run_figures(open_all([runs, run_folder]))
    young, whole = figures({"run": "young"}), figures({"run": "synthetic"})
    assert young == {
        "ok": True,
        "figures": {"schema": 1, "rounds": []},
        "rounds": 3,
        "stamp": "",
        "explains": False,
        "browses": False,
    }
    assert (len(whole["figures"]["rounds"]), whole["rounds"], bool(whole["stamp"])) == (3, 3, True)
    taught = figures({"run": "taught"})
    assert (taught["explains"], taught["browses"]) == (True, True)


def ids(answer: dict) -> list[str]:
    assert answer["ok"], answer
    return [row["id"] for row in answer["rows"]]


def test_orders_and_pages(ask):
    first = ask("browse", count=4)
    assert ids(first) == NAMES[:-5:-1]
    assert (first["sort"], first["round"], first["total"]) == ("changed", 2, len(NAMES))
    assert [sort["key"] for sort in first["sorts"]] == ["changed", "worse", "agreement", "coverage", "loss"]
    assert ids(ask("browse", count=2, offset=3)) == NAMES[-4:-6:-1]
    assert ids(ask("browse", sort="coverage"))[-1] == NAMES[0], "a photo without the figure comes last"
    worse = ask("browse", sort="worse")
    last = worse["rows"][0]
    assert last["id"] == NAMES[-1]
    assert last["value"] == pytest.approx(-0.08)
    assert last["series"] == pytest.approx([0.82, 0.74])
    assert worse["scale"] == pytest.approx(0.08)
    assert "worse" not in [sort["key"] for sort in ask("browse", round=1)["sorts"]]
    assert ids(ask("browse", sort="loss", count=1)) == NAMES[-1:]


def test_found_by_class_and_id(ask):
    assert dict(ask("browse")["classes"]) == {"dog": 3, "cow": 2, "person": 2, "cat": 1, "sheep": 1, "horse": 1}
    assert set(ids(ask("browse", cls="cow"))) == {p["file"] for p in PHOTOS if "cow" in p["tags"]}
    assert ids(ask("browse", search=" CHEL")) == ["chelsea.jpg"]
    nothing = ask("browse", search="no such photo")
    assert (nothing["rows"], nothing["total"]) == ([], 0)


def test_pictures_and_photos_of_the_list_alone(ask, photos):
    assert ask("photo_thumb", id="cow.jpg")["thumb"].startswith("data:image/jpeg;base64,")
    (photos / "secret.jpg").write_bytes((photos / "cow.jpg").read_bytes())
    for name in ("secret.jpg", "../secret.jpg", str(photos / "cow.jpg"), "tags.csv", 3, None):
        for function in ("photo_thumb", "open_photo"):
            assert not ask(function, id=name)["ok"]
    for request in ({"offset": -1}, {"count": "9"}, {"run": "none"}, {"offset": True}):
        assert not ask("browse", **request)["ok"]
    for request in ({"sort": ["changed"]}, {"round": {}}, {"cls": [1]}, {"search": 5}):
        (key, value), error = *request.items(), ask("browse", **request)["error"]
        assert error.startswith(f"Got {key} = {value}, expected a ")
    for request in ({"sort": "magic"}, {"round": 99}, {"sort": None}, {"round": None}, {"cls": None}):
        assert ask("browse", **request)["ok"], "a wish that means nothing is none"
    assert ask("browse", run="young")["error"].startswith("The run young has no images.csv (yet).")


def test_without_its_photos_a_run_still_has_its_figures(runs):
    browse, thumb, _ = data_set(open_all([runs]), JobQueue())
    answer = browse({"run": "taught"})
    assert len(answer["rows"]) == len(NAMES)
    assert "got no data.root, expected the folder" in answer["missing"]
    assert "--data DIR" in answer["missing"]
    assert answer["classes"] == []
    assert thumb({"run": "taught", "id": "cow.jpg"})["error"] == answer["missing"]


def test_photos_of_another_data_set_are_not_mixed_up(runs, photos, tmp_path):
    (tmp_path / "tags.csv").write_text("cow.jpg,cow\n")
    shutil.copy(photos / "cow.jpg", tmp_path)
    browse, _, open_photo = data_set(located(open_all([runs]), [tmp_path]), JobQueue())
    assert "expected those of the run taught: cat, cow" in browse({"run": "taught"})["missing"]
    assert "has the classes cow" in open_photo({"run": "taught", "id": "cow.jpg"})["error"]


def test_a_damaged_table_is_said(tmp_path):
    shutil.copy(SHIPPED / "config.json", tmp_path)
    (tmp_path / "images.csv").write_text("round,image,changed\n1,a,much\n")
    browse, _, _ = data_set([Run.load(tmp_path)], JobQueue())
    assert "cannot be read" in browse({"run": "animals"})["error"]


# --- in the browser ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def several(runs, photos, tmp_path_factory):
    """An explorer of the folder of runs, started as a user does."""
    options = ["--run", str(runs), "--data", str(photos)]
    with serving(options, tmp_path_factory.mktemp("log") / "app.log") as served:
        yield served


@pytest.fixture
def page(context, several):
    with viewing(context, several) as view:
        view.page.expected.append("Failed to load resource")  # of the runs without traces
        yield view


TILES = "document.querySelectorAll('.browser .tile').length"
FOCUSED = "document.activeElement.row?.id"


def open_all_photos(view, query: str) -> None:
    view.open(query)
    view.page.click("button:has-text('All photos')")
    view.wait(f"{TILES} > 0")


def test_browsing_by_keyboard_and_opening(page, photos):
    """Arrows, search, class and order; Enter computes the photo's trace with the data set's tags and truth."""
    open_all_photos(page, "?run=taught&stage=refined")
    assert page.text(".browser .count") == f"{len(NAMES)} photos"
    page.wait(f"document.querySelectorAll('.browser .tile img').length === {len(NAMES)}")
    page.wait(f"{FOCUSED} === '{NAMES[-1]}'")
    page.key("ArrowRight", "ArrowRight", "ArrowLeft")
    assert page.page.evaluate(FOCUSED) == NAMES[-2]
    page.key("ArrowUp", "p", "a", "s", "ArrowDown")
    page.wait(f"{TILES} === 1")
    page.key("ArrowDown")
    assert page.page.evaluate(FOCUSED) == "pasture.jpg"
    assert page.state("stage") == "refined", "the page behind hears no key"
    page.page.fill(".browser input", "")
    page.page.select_option(".browser select >> nth=1", "cow")
    page.wait(f"{TILES} === 2")
    page.page.select_option(".browser select >> nth=0", "worse")
    page.wait("document.querySelector('.browser .tile').title.includes('−5.0 points')")
    page.page.click(".browser .tile >> nth=0")
    assert not page.page.locator("dialog.browser").is_visible()
    page.page.wait_for_function("window.__iaff.trace?.meta.name === 'pasture.jpg'", timeout=60000)
    meta, truth = page.page.evaluate("[__iaff.trace.meta, Boolean(__iaff.trace.truth)]")
    assert (meta["tags"], meta["title"], truth) == (["cow", "sheep"], "pasture.jpg", True)
    assert 0 < meta["rounds"][1]["figures"]["refined"]["miou"] <= 1
    assert page.page.locator(".strip-head").all_inner_texts()[0] == "from the data set"
    page.reload()
    assert page.page.locator(".mine").count() == 0, "the data set has it, so the browser does not keep it"


def test_a_search_without_a_match_and_the_way_out(page):
    open_all_photos(page, "?run=taught")
    page.key("/", "z", "z")
    page.wait("document.querySelector('.browser .empty')")
    assert page.text(".browser .count") == "0 photos"
    page.page.evaluate("__iaff.client.server.browse = async () => undefined")
    page.key("Backspace")
    page.wait("document.querySelector('.browser .note').textContent.includes('does not answer')")
    page.page.click(".browser header button")
    assert not page.page.locator("dialog.browser").is_visible()


def test_a_shipped_run_opens_the_gallery(view):
    open_all_photos(view, "?run=animals&round=2")
    view.page.wait_for_selector(".browser .tile img")
    assert view.page.locator(".browser .note").is_hidden()
    view.page.click(".browser .tile:has-text('spitz')")
    view.wait("window.__iaff.trace?.meta.name === 'spitz'")
    assert view.page.locator(".mine").count() == 0
    view.open("?run=synthetic")
    assert not view.page.locator("button:has-text('All photos')").is_visible(), "no images.csv, no list"


def test_a_run_appears_and_grows_while_it_trains(page, runs, run_folder):
    """Round after round is there at the next question, without a reload; a run that is done is left in peace."""
    young, figures = runs / "young", json.loads((run_folder / "figures.json").read_text())
    page.page.clock.install()
    page.open("?run=young")
    page.wait("!window.__iaff.trace && document.querySelector('.picture').textContent.includes('young')")
    page.page.evaluate(
        """() => {
          const { figures } = __iaff.client.server;
          window.asked = window.answered = window.grew = 0;
          __iaff.client.server.figures = (request) => {
            window.asked++;
            return figures(request).finally(() => window.answered++);
          };
          __iaff.current.grown.subscribe(() => window.grew++);
        }"""
    )
    shutil.copytree(run_folder / "traces", young / "traces")
    (young / "figures.json").write_text(json.dumps(figures | {"rounds": figures["rounds"][:1]}))
    page.page.clock.fast_forward(5100)
    page.wait("window.__iaff.trace?.meta.name === 'chelsea'")
    page.page.clock.fast_forward(5100)
    page.wait("window.asked === 2")
    (young / "images.csv").write_text(images_csv(NAMES))
    (young / "figures.json").write_text(json.dumps(figures))
    page.page.clock.fast_forward(5100)
    page.wait("window.grew === 2")
    assert page.page.locator("button:has-text('All photos')").is_visible()
    page.page.clock.fast_forward(60000)
    page.wait("window.answered === 3")
    assert page.page.evaluate("[window.asked, window.grew]") == [3, 2]
