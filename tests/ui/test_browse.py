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
        "propagators": [],
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
    assert [sort["key"] for sort in first["sorts"]] == ["changed", "agreement", "coverage", "loss"]
    assert ids(ask("browse", count=2, offset=3)) == NAMES[-4:-6:-1]
    assert ids(ask("browse", reversed=True)) == NAMES
    for turned in (False, True):
        answer = ask("browse", sort="coverage", reversed=turned)
        assert ids(answer)[-1] == NAMES[0], "a photo without the figure comes last"
    assert ids(ask("browse", sort="loss", count=1)) == NAMES[-1:]


def test_what_changed_between_rounds(ask):
    first = ask("browse", sort="agreement")
    assert [label for _, label in first["comparisons"]] == ["its best round before", "round 1"]
    for against in ("best", "round.1"):
        fell = ask("browse", sort="agreement", against=against)
        row = fell["rows"][0]
        assert (fell["against"], row["id"]) == (against, NAMES[-1])
        assert row["value"] == pytest.approx(-0.08)
        assert row["series"] == pytest.approx([0.82, 0.74])
        assert fell["scale"] == pytest.approx(0.08)
    assert ids(ask("browse", sort="agreement", against="best", reversed=True)) == NAMES
    early = ask("browse", round=1, sort="changed", against="best")
    assert (early["against"], [key for key, _ in early["comparisons"]]) == (None, ["round.2"])
    grown = ask("browse", sort="changed", against="best")
    assert grown["rows"][0]["value"] == 0, "of what is worse when larger, the best is the smallest"


def test_figures_of_the_shipped_runs_and_what_changed_between_them():
    """Leak, mIoU and each class's IoU are those of the traces; titles are found; points are of photos with both."""
    runs = [Run.load(SHIPPED.parent / name) for name in ("animals", "plain_cam")]
    browse, _, _ = data_set(runs, JobQueue())
    theirs = {(line["image"], line["round"]): line for line in runs[1].images()}
    answer = browse({"run": "animals", "sort": "leak", "round": 3})
    keys = [sort["key"] for sort in answer["sorts"]]
    assert {"miou", "leak", "precision", "iou.cow", "iou.background"} < set(keys)
    leaks = [row["value"] for row in answer["rows"]]
    assert leaks == sorted(leaks, reverse=True)

    between = browse({"run": "animals", "sort": "miou", "round": 3, "against": "run.plain_cam"})
    assert dict(between["comparisons"])["run.plain_cam"] == "run plain_cam, round 3"
    known = {row["id"]: row["value"] for row in between["rows"] if row["value"] is not None}
    assert set(known) == {photo for photo, _ in theirs}
    for line in runs[0].images():
        if line["round"] == "3" and line["image"] in known:
            other = theirs[line["image"], "3"]
            assert known[line["image"]] == pytest.approx(
                float(line["miou_refined"]) - float(other["miou_refined"]), abs=1e-4
            )
    assert [row["value"] for row in between["rows"]][: len(known)] == sorted(known.values())

    cows = browse({"run": "animals", "sort": "iou.cow", "round": 3, "plot": "leak", "search": "a COW"})
    assert [row["title"] for row in cows["rows"]] == ["A cow"]
    line = next(line for line in runs[0].images() if line["image"] == "cow" and line["round"] == "3")
    expected = [float(line["iou_refined.cow"]), float(line["leak"])]
    assert cows["points"] == [("cow", "A cow", *(pytest.approx(v, abs=1e-4) for v in expected))]
    assert 0 < len(browse({"run": "animals", "sort": "iou.cow", "plot": "leak"})["points"]) < cows["classes"][0][1] + 3


def test_photos_of_a_split_that_was_evaluated(runs, photos, tmp_path):
    """Their table is a choice of its own, their pictures come from that split."""
    for name in ("config.json", "figures.json", "images.csv"):
        shutil.copy(runs / "taught" / name, tmp_path)
    shutil.copytree(photos, tmp_path / "data")
    (tmp_path / "data" / "val.csv").write_text("cow.jpg,cow\n")
    lines = ["round,image,miou_refined,iou_refined.cow", "1,cow.jpg,0.5,0.4"]
    (tmp_path / "images_val.csv").write_text("\n".join(lines) + "\n")
    browse, thumb, _ = data_set(located([Run.load(tmp_path)], [tmp_path / "data"]), JobQueue())
    training = browse({"run": "taught"})
    assert (training["splits"], training["split"], training["total"]) == (["", "val"], None, len(NAMES))
    val = browse({"run": "taught", "split": "val", "sort": "iou.cow"})
    assert (val["split"], val["rows"][0]["value"], val["missing"]) == ("val", 0.4, None)
    assert thumb({"run": "taught", "id": "cow.jpg"})["ok"]
    (tmp_path / "images.csv").unlink()
    assert browse({"run": "taught"})["split"] == "val"


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
    assert "line 2: got changed = 'much'" in browse({"run": "animals"})["error"]


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
    page.page.select_option(".browser select >> nth=2", "cow")
    page.wait(f"{TILES} === 2")
    page.page.select_option(".browser select >> nth=0", "agreement")
    page.page.select_option(".browser select >> nth=1", "best")
    page.wait(f"document.querySelector('.browser .tile').title.includes('−{NAMES.index('pasture.jpg')}.0 points')")
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
    view.page.click(".browser .tile:has-text('A dog in a towel')")
    view.wait("window.__iaff.trace?.meta.name === 'spitz'")
    assert view.page.locator(".mine").count() == 0
    view.open("?run=synthetic")
    assert not view.page.locator("button:has-text('All photos')").is_visible(), "no images.csv, no list"


HIGHLIGHTED = "document.querySelector('.browser .pointed .id')?.textContent"
MAP = "__iaff.browser.plot"


def test_photos_as_a_map_of_two_figures(view):
    """Order, what it is compared with and the map are in the link; map and list point at each other; Enter opens."""
    open_all_photos(view, "?run=animals&img=cow&stage=refined&round=3")
    order, against, _, _, _, second = (view.page.locator(".browser .choices select").nth(i) for i in range(6))
    order.select_option("iou.cow")
    view.wait("document.querySelector('.browser .meaning').textContent === 'of the refined map'")
    order.select_option("miou")
    view.wait("document.querySelector('.browser .tile .id').textContent === 'Grace Hopper'")
    view.page.get_by_role("button", name="Turn the order").click()
    view.wait("document.querySelector('.browser .tile .id').textContent.startsWith('Coffee')")
    against.select_option("run.plain_cam")
    view.wait("document.querySelector('.browser .value').textContent.includes(' points')")
    second.select_option("leak")
    view.wait(f"{MAP}.points.length === 3 && {MAP}.scatter.places.length === 3")
    assert view.text(".photo-plot .axis >> nth=1").startswith("mIoU against run plain_cam, round 5 →")
    view.wait("location.search.includes('allvs=run.plain_cam') && location.search.includes('allplot=leak')")

    view.reload()
    view.wait(f"{MAP}.points.length === 3 && {MAP}.scatter.places.length === 3")
    assert (order.input_value(), against.input_value(), second.input_value()) == ("miou", "run.plain_cam", "leak")
    against.select_option("")
    view.wait(f"{MAP}.points.length > 3 && {MAP}.scatter.places.length === {MAP}.points.length")
    rings = {
        point["id"]: point["ring"]
        for point in view.page.evaluate(
            f"{MAP}.scatter.points.map(({{ id, ring }}) => ({{ id: {MAP}.points[id].id, ring }}))"
        )
    }
    assert {name for name, ring in rings.items() if ring == "strong"} == {"cow"}, "the open photo is marked"
    place = view.page.evaluate(f"{MAP}.scatter.places[{MAP}.points.findIndex(({{ id }}) => id === 'spitz')]")
    view.page.locator(".photo-plot .over-map").hover(position=place)
    view.wait(f"{HIGHLIGHTED} === 'A dog in a towel'")
    view.page.wait_for_selector(".photo-plot .tip img:not([hidden])")
    view.page.locator(".browser .tile:has-text('Chelsea')").hover()
    assert view.text(".photo-plot .tip b") == "Chelsea the cat"
    view.page.locator(".photo-plot .over-map").focus()
    view.key("ArrowRight")
    first = view.page.evaluate(HIGHLIGHTED)
    view.key("ArrowRight", "ArrowLeft", "Enter")
    view.wait(f"__iaff.trace?.meta.title === '{first}'")
    assert not view.page.locator("dialog.browser").is_visible()


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
