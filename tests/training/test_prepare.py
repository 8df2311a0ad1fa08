"""Downloads from a server on the loopback, and what is laid out of small archives like VOC's, SBD's and COCO's."""

import hashlib
import io
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from iaff.data import VOC, VOC_CLASSES
from iaff.errors import UserError
from iaff.trace.encoding import palette
from training import downloads, prepare
from training.downloads import Source

CAT, DOG = (VOC_CLASSES.index(name) + 1 for name in ("cat", "dog"))


class Server(ThreadingHTTPServer):
    """Serves ``files`` from memory, whole or from a byte on; the first answer for a name in ``cut`` breaks off."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.ranges, self.asked = True, []

    def source(self, name, data, prefix=""):
        self.files[name] = data
        return Source(f"http://127.0.0.1:{self.server_port}/{name}", hashlib.md5(data).hexdigest(), prefix)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name, server = self.path[1:], self.server
        start = int(self.headers.get("Range", "bytes=0-")[6:-1]) if server.ranges else 0
        server.asked.append((name, start))
        if name not in server.files:
            return self.send_error(404)
        body = server.files[name][start:]
        if not body:
            return self.send_error(416)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if name in server.cut else body)
        server.cut.discard(name)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()  # s between its polls
        yield server
        server.shutdown()


def png(labels):
    picture = Image.fromarray(np.array(labels, np.uint8), "P")
    picture.putpalette(palette())
    return saved(picture, "PNG")


def saved(picture, form):
    buffer = io.BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue()


def tar(files, mode):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{mode}") as pack:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            pack.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def voc_archive():
    devkit = "VOCdevkit/VOC2012"
    files = {
        f"{devkit}/ImageSets/Segmentation/{split}.txt": text.encode()
        for split, text in (("train", "a\n"), ("val", "b\n"))
    }
    for name in "abcd":
        thing = "dog" if name == "d" else "cat"
        files[f"{devkit}/JPEGImages/{name}.jpg"] = saved(Image.new("RGB", (3, 2)), "JPEG")
        xml = f"<annotation><object><name>{thing}</name></object></annotation>"
        files[f"{devkit}/Annotations/{name}.xml"] = xml.encode()
    for name in "ab":
        files[f"{devkit}/SegmentationClass/{name}.png"] = png([[0, 255, CAT], [0, 255, CAT]])
    return tar(files, "")


def sbd_archive():
    files = {"benchmark_RELEASE/dataset/train.txt": b"b\nc\n", "benchmark_RELEASE/dataset/val.txt": b"d\n"}
    for name in "bcd":
        buffer = io.BytesIO()
        savemat(buffer, {"GTcls": {"Segmentation": np.full((2, 3), DOG if name == "d" else CAT, np.uint8)}})
        files[f"benchmark_RELEASE/dataset/cls/{name}.mat"] = buffer.getvalue()
    return tar(files, "gz")


@pytest.fixture
def voc(server, monkeypatch):
    monkeypatch.setitem(prepare.SOURCES, "trainval", server.source("voc.tar", voc_archive()))
    monkeypatch.setitem(prepare.SOURCES, "sbd", server.source("sbd.tgz", sbd_archive()))
    monkeypatch.setattr(prepare, "TRAIN_AUG", 3)
    return server


def test_voc_after_an_interruption(voc, tmp_path, capsys):
    voc.cut.add("voc.tar")
    with pytest.raises(SystemExit, match=r"the connection broke off after .* goes on from here"):
        prepare.main(["voc", "--root", str(tmp_path)])
    half = (tmp_path / "downloads/voc.tar.part").stat().st_size
    assert 0 < half < len(voc.files["voc.tar"])
    prepare.main(["voc", "--root", str(tmp_path)])
    assert voc.asked[:2] == [("voc.tar", 0), ("voc.tar", half)]
    assert "need a registration" in capsys.readouterr().out

    data = VOC(tmp_path / "VOCdevkit/VOC2012", "train_aug")
    assert data.ids == ["a", "c", "d"]
    assert [VOC_CLASSES[c] for i in range(3) for c in np.flatnonzero(data.tags(i))] == ["cat", "cat", "dog"]
    assert data.mask(0).tolist() == [[0, 255, CAT]] * 2  # VOC's own, with its void border
    assert data.mask(2).tolist() == [[DOG] * 3] * 2
    assert VOC(data.root, "val").mask(0).tolist() == [[0, 255, CAT]] * 2  # b is in SBD too: VOC's mask stands
    with Image.open(data.root / "SegmentationClassAug/d.png") as mask:
        assert mask.getpalette()[3 * DOG : 3 * DOG + 3] == palette()[3 * DOG : 3 * DOG + 3]

    asked = len(voc.asked)
    prepare.main(["voc", "--root", str(tmp_path)])
    assert len(voc.asked) == asked


def test_vocs_test_photos_put_there_by_hand(voc, tmp_path, monkeypatch, capsys):
    devkit = "VOCdevkit/VOC2012"
    archive = tar(
        {
            f"{devkit}/ImageSets/Segmentation/test.txt": b"e\n",
            f"{devkit}/JPEGImages/e.jpg": saved(Image.new("RGB", (3, 2)), "JPEG"),
        },
        "",
    )
    monkeypatch.setitem(prepare.SOURCES, "test", voc.source("test.tar", archive))
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads/test.tar").write_bytes(archive)
    prepare.main(["voc", "--root", str(tmp_path)])
    assert {name for name, _ in voc.asked} == {"voc.tar", "sbd.tgz"}
    data = VOC(tmp_path / devkit, "test", tags=False)
    assert (data.ids, data.image(0).shape) == (["e"], (2, 3, 3))
    (tmp_path / "downloads/test.tar").unlink()  # as may be done afterwards
    prepare.main(["voc", "--root", str(tmp_path)])
    assert "need a registration" not in capsys.readouterr().out


def test_a_list_of_another_length_is_refused(voc, tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "TRAIN_AUG", 10_582)
    with pytest.raises(UserError, match=r"got 3 photos for train_aug, .* expected 10,582"):
        prepare.prepare_voc(tmp_path)
    assert not (tmp_path / "VOCdevkit/VOC2012/ImageSets/Segmentation/train_aug.txt").exists()


def test_coco_keeps_the_instances_and_continues_a_killed_unpack(server, tmp_path, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pack:
        pack.writestr("annotations/instances_val2014.json", "{}" * 50)
        pack.writestr("annotations/captions_val2014.json", "{}")
    source = server.source("annotations.zip", buffer.getvalue(), "annotations/instances_")
    monkeypatch.setitem(prepare.SOURCES, "coco2014", (source,))
    table = tmp_path / "annotations" / "instances_val2014.json"
    table.parent.mkdir()
    table.write_text("{}")  # half of a file, as a kill leaves it
    prepare.main(["coco", "--root", str(tmp_path)])
    assert [path.name for path in table.parent.iterdir()] == [table.name]
    assert table.read_text() == "{}" * 50


@pytest.mark.parametrize("ranges", [True, False])
def test_a_part_is_continued_or_replaced(server, tmp_path, ranges):
    server.ranges, source = ranges, server.source("x.tar", b"0123456789")
    (tmp_path / "x.tar.part").write_bytes(b"01234")
    assert downloads.fetch(source, tmp_path).read_bytes() == b"0123456789"
    assert server.asked == [("x.tar", 5 if ranges else 0)]


def test_a_part_that_is_whole_is_only_checked(server, tmp_path):
    source = server.source("x.tar", b"0123456789")
    (tmp_path / "x.tar.part").write_bytes(b"0123456789")
    assert downloads.fetch(source, tmp_path).read_bytes() == b"0123456789"


def test_a_wrong_checksum(server, tmp_path):
    source = server.source("x.tar", b"0123456789")
    server.files["x.tar"] = b"other"
    with pytest.raises(UserError, match=r"got MD5 795f3202b17cb6bc3d4b771d8c6c9eaf, expected .* downloads it again"):
        downloads.fetch(source, tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "x.tar").write_bytes(b"by hand")
    with pytest.raises(UserError, match="Delete it and try again"):
        downloads.fetch(source, tmp_path)
    assert (tmp_path / "x.tar").exists()


def test_a_source_that_is_gone(server, tmp_path):
    source = server.source("x.tar", b"0123456789")
    del server.files["x.tar"]
    with pytest.raises(UserError, match=r"HTTP Error 404.* by hand \(MD5 .* put it at .*x.tar"):
        downloads.once(source, tmp_path, print)


def test_a_full_disk(server, tmp_path):
    source = server.source("x.tar", b"0123456789")
    (tmp_path / "x.tar.part").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"No space left on device.* make room"):
        downloads.once(source, tmp_path, print)
