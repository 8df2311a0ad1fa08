"""Text files in the encodings in which they are met."""

import pytest

from iaff.data.text import read_text
from iaff.errors import UserError

TEXT = "file,tags\nKühe 1.jpg,cow\r\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"], ids=lambda name: name
)
def test_every_unicode_encoding_is_read(tmp_path, encoding):
    path = tmp_path / "tags.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert read_text(path, "Expected lines.") == TEXT


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a.jpg,cat\nb.jpg,K\xfche\n", r"tags\.csv, line 2: got the byte 0xfc, expected text in UTF-8"),
        (b"\xff\xfea\x00b", r"tags\.csv, line 1: got the byte"),
        (b"a.jpg,cat\nb\x00.jpg,cat\n", r"tags\.csv, line 2: got a zero byte"),
    ],
    ids=["latin-1", "cut UTF-16", "binary"],
)
def test_what_is_no_text_is_named_with_its_line(tmp_path, data, said):
    path = tmp_path / "tags.csv"
    path.write_bytes(data)
    with pytest.raises(UserError, match=said):
        read_text(path, "Expected lines.")


def test_a_missing_file_says_what_was_expected(tmp_path):
    with pytest.raises(UserError, match=r"There is no .*tags\.csv\. Expected lines\."):
        read_text(tmp_path / "tags.csv", "Expected lines.")
