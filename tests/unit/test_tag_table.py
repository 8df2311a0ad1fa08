"""Tables of tags in every dialect: read right, and said, or refused with file and line."""

import re
import unicodedata
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iaff import UserError
from iaff.class_names import fold, no_class
from iaff.config import load_config
from iaff.data import Folder, open_split
from iaff.places import GALLERY

PHOTO = (GALLERY / "chelsea.jpg").read_bytes()
NFD = unicodedata.normalize("NFD", "Größe.jpg")
BOTH = {"a.jpg": {"cat", "dog"}, "b.jpg": {"dog"}}
EACH = {"a.jpg": {"cat"}, "b.jpg": {"dog"}}


def folder(root, table, photos=("a.jpg", "b.jpg", "c.jpg"), split="tags"):
    """A folder with these photos, which nobody decodes, and a table as text or bytes."""
    for name in photos:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (root / f"{split}.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return root


def tags_of(data):
    return {name: {c for c, yes in zip(data.classes[1:], data.tags(i)) if yes} for i, name in enumerate(data.ids)}


# What is read, and what is said of it (a part of a note, or nothing).
READ = {
    "bars": ("file,tags\na.jpg,cat|dog\nb.jpg,dog\n", BOTH, "line 2: | between tags"),
    "commas": ("a.jpg,cat,dog\nb.jpg,dog\n", BOTH, "line 1: more than two columns"),
    "quoted commas": ('a.jpg,"cat, dog"\nb.jpg,dog\n', BOTH, "line 1: , between tags"),
    "tabs": ("a.jpg\tcat\tdog\nb.jpg\tdog\n", BOTH, "separated by tabs"),
    "spaces": ("a.jpg   cat\nb.jpg dog\n", EACH, "separated by spaces"),
    "list": ("a.jpg,\"['cat', 'dog']\"\nb.jpg,['dog']\n", BOTH, "brackets between tags"),
    "list of double quotes": ('a.jpg,"[""cat"", ""dog""]"\nb.jpg,["dog"]\n', BOTH, "brackets"),
    "list that is not quoted": ("a.jpg,['cat', 'dog']\nb.jpg,['dog']\n", BOTH, "brackets"),
    "set": ("a.jpg,\"{cat, dog}\"\nb.jpg,{dog}\n", BOTH, "brackets"),
    "array": ("a.jpg,['cat' 'dog']\nb.jpg,['dog']\n", BOTH, "brackets"),
    "a line for each tag": ("file,tags\na.jpg,cat\na.jpg,dog\nb.jpg,dog\n", BOTH, "a.jpg (lines 2 and 3)"),
    "the same line twice": ("a.jpg,cat\nb.jpg,dog\na.jpg,cat\n", EACH, "a.jpg (lines 1 and 3)"),
    "a column for each class": ("file,cat,dog\na.jpg,1,1\nb.jpg,0,1\n", BOTH, "a column for each class: cat, dog"),
    "the same as truth": (",file,cat,dog\n0,a.jpg,True,True\n1,b.jpg,False,True\n", BOTH, "a column for each class"),
    "the same as crosses": ("file;cat;dog\na.jpg;x;x\nb.jpg;;x\n", BOTH, "a column for each class"),
    "semicolons": ("file;tags\na.jpg;cat\nb.jpg;dog\n", EACH, "separated by semicolons"),
    "semicolons throughout": ("a.jpg;cat;dog\nb.jpg;dog\n", BOTH, "separated by semicolons"),
    "semicolons and commas": ("photo;tags\na.jpg;cat,dog\nb.jpg;dog\n", BOTH, "separated by semicolons"),
    "sep=": ("sep=;\nfile;tags\na.jpg;cat\nb.jpg;dog\n", EACH, "separated by semicolons"),
    "header filename": ("filename,label\na.jpg,cat\nb.jpg,dog\n", EACH, "line 1: 'filename, label' is taken for a h"),
    "header image_id": ("IMAGE_ID,class\na.jpg,cat\nb.jpg,dog\n", EACH, "a header"),
    "the photo's column last": ("label,path\ncat,a.jpg\ndog,b.jpg\n", EACH, "column 2 names the photos"),
    "an index": (",file,tags\n0,a.jpg,cat\n1,b.jpg,dog\n", EACH, "column 1 only numbers the lines"),
    "an index that was shuffled": (",file,tags\n7,a.jpg,cat\n2,b.jpg,dog\n", EACH, "column 1 only numbers"),
    "several columns of tags": ("file,tag1,tag2\na.jpg,cat,dog\nb.jpg,dog,\n", BOTH, "more than two columns"),
    "no endings": ("id,label\na,cat\nb,dog\n", EACH, "line 2: 'a' is read as 'a.jpg', and so are 1 more"),
    "another case": ("A.JPG,cat\nb.jpg,dog\n", EACH, "line 1: 'A.JPG' is read as 'a.jpg'"),
    "dot slash": ("./a.jpg,cat\n.\\b.jpg,dog\n", EACH, "line 1: './a.jpg' is read as 'a.jpg'"),
    "trailing commas": ("file,tags,\na.jpg,cat,\nb.jpg,dog,,\n,,\n", EACH, None),
    "quotes and spaces": ("\"a.jpg\" , 'cat' \n 'b.jpg',“dog”\n", EACH, None),
    "remarks": ("# made by hand\nfile,tags\na.jpg,cat\n#c.jpg,cat\nb.jpg,dog\n", EACH, "line 1: begins with #, and 1"),
    "line ends": ("file,tags\ra.jpg,cat\rb.jpg,dog\x1a", EACH, None),
    "line ends of Windows": ("file,tags\r\na.jpg,cat\r\n\r\nb.jpg,dog\r\n\x1a", EACH, None),
    "UTF-16": ("file,tags\na.jpg,cat\nb.jpg,dog\n".encode("utf-16"), EACH, None),
    "a mark": (b"\xef\xbb\xbfa.jpg,cat\nb.jpg,dog\n", EACH, None),
    "a side file of macOS": ("a.jpg,cat\n._a.jpg,cat\nb.jpg,dog\n", EACH, "line 2: ._a.jpg is a side file"),
    "case": ("a.jpg,cat\nb.jpg,Cat;dog\nc.jpg,CAT \n", None, "'cat' (line 1), 'Cat' (line 2), 'CAT' (line 3) are read"),
    "what cannot be seen": ("a.jpg,c\u00adat;d\u200bog\nb.jpg,dog\ufeff\nc.jpg,cat;dog\n", None, "'c\\xadat' (line 1)"),
    "spaces that do not break": ("a.jpg,hot dog\nb.jpg,hot\xa0dog\nc.jpg,hot  dog\n", None, "'hot\\xa0dog' (line 2)"),
    "Unicode": ("a.jpg,blé\nb.jpg,ble\u0301\n", None, "'ble\\u0301' (line 2)"),
    "words of other classes": ("a.jpg,hot dog;dog;traffic light\nb.jpg,light\n", None, None),
    "words that come again": ("a.jpg,red fox\nb.jpg,red cat\nc.jpg,arctic fox;arctic cat\n", None, "is read as one"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_dialect_is_read_and_said(name, tmp_path):
    table, expected, said = READ[name]
    data = Folder(folder(tmp_path, table))
    if expected:
        assert tags_of(data) == expected
    assert len({fold(name) for name in data.classes}) == len(data.classes)
    notes = [note for note in data.notes if "separated" not in note or "separated" in (said or "")]
    assert said in " ".join(notes) if said else not notes
    assert all(note.startswith(str(tmp_path / "tags.csv")) for note in notes)


REFUSED = {
    "file,tags\na.jpg,background;cat\n": "line 2: got the tag 'background', which is the background's",
    "a.jpg,cat\nb.jpg,__BACKGROUND__\n": "line 2: got the tag '__BACKGROUND__'",
    "a.jpg,bg\n": "line 1: got the tag 'bg'",
    "id,label\na.jpg,2\nb.jpg,0\n": "line 3: got the tag '0'",
    "file,cat\na.jpg,1\nb.jpg,0\n": "line 2: got 0 and 1 alone in the column 'cat', expected names of classes",
    "a.jpg,cat\nb.jpg,nan\n": "line 2: got the tag 'nan', which programs write where there is none",
    "a.jpg,cat\nb.jpg,dog\nc.jpg,cat dog\n": "line 3: got the tag 'cat dog', of which 'cat' and 'dog' are classes too",
    "a.jpg,cat\nb.jpg,dog\nc.jpg,cat/dog\n": "line 3: got the tag 'cat/dog'.*is '/' between two tags",
    "a.jpg,cat dog\nb.jpg,dog cat\n": "line 2: got the tag 'dog cat', and 'cat dog' in line 1",
    "a.jpg,a b\nb.jpg,a c\nc.jpg,b c;a b c\n": "line 1: got the tag 'a b', one of 4 that are made of fewer words",
    "a.jpg,cat:1;dog:0\n": "line 1: got the tag 'cat:1'",
    "a.jpg cat\nb.jpg dog\nc.jpg cat dog\n": "line 3: got the tag 'cat dog'",
    "file,label,split\na.jpg,cat,train\nb.jpg,dog,val\n": r"line 2: got 3 columns \(file, label, split\), expected 2",
    "a.jpg;cat\nb.jpg,dog\n": "line 1: lists a.jpg;cat, but there is no",
    "file,cat,dog\na.jpg,1,0\nb.jpg,0\n": "line 3: got an empty cell, expected 0 or 1",
    "a.jpg,1,0\nb.jpg,0,1\n": "line 1: got 1 among 3 columns.*name the classes in a first line",
    "a.jpg,cat\n/tmp/b.jpg,dog\n": "line 2: got the file '/tmp/b.jpg', expected a path below",
    "a.jpg,cat\nC:\\x\\b.jpg,dog\n": "line 2: got the file",
    "a.jpg,cat\nhttps://x.org/b.jpg,dog\n": "line 2: got the file",
    "a.jpg,cat\nx\\..\\..\\b.jpg,dog\n": "line 2: got the file",
    "a.jpg,cat\n,dog\n": "line 2: got the file ''",
    "a.jpg,cat\nb.jpg,\na.jpg,\n": "line 3: got a.jpg again, which shows classes here or in line 1, and none in",
    "missing.jpg,cat\na.jpg,dog\n": "line 1: lists missing.jpg, but there is no",
    "a.jpg,cat\nb.png,dog\n": r"line 2: lists b.png, but there is no .*did you mean b.jpg\?",
    'a.jpg,"cat\nb.jpg,dog\n': "line 1: a quote is opened and not closed",
    "a.jpg,['cat'\nb.jpg,dog\n": "line 1: got the tag \"\\['cat'\"",
    "a.jpg,\"{'cat': 1, 'dog': 0}\"\n": "line 1: got .* expected names of classes alone",
    "file,tags\n": "lists no photo",
    "\x1a": "lists no photo",
}


@pytest.mark.parametrize("table", REFUSED)
def test_what_may_be_read_in_two_ways_is_refused(table, tmp_path):
    with pytest.raises(UserError, match=REFUSED[table]) as error:
        Folder(folder(tmp_path, table))
    assert str(tmp_path / "tags.csv") in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("disk", "listed"), [(NFD, "Größe.jpg"), ("Größe.jpg", NFD), ("sub/A.JPG", "sub\\a.jpg")])
def test_names_of_files_in_another_form(disk, listed, tmp_path):
    data = Folder(folder(tmp_path, f"{listed},cat\n", photos=(disk,)))
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.[jJ]*")] == data.ids
    assert "is read as" in data.notes[0]


def test_a_name_that_two_files_answer_to_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"line 1: got 'x.jpg', which may be 'X.JPG' or 'X.jpg'. Rename one"):
        Folder(folder(tmp_path, "x.jpg,cat\n", photos=("X.jpg", "X.JPG", "._x.jpg")))


def test_classes_that_are_asked_for(tmp_path):
    root = folder(tmp_path, "a.jpg,Cat\nb.jpg,dog\n")
    assert Folder(root, classes=("cat",)).classes == ("background", "cat")
    with pytest.raises(UserError, match=r"it has: Cat, dog; did you mean 'Cat'\?"):
        Folder(root, classes=("cats",))
    folder(tmp_path, "a.jpg,CAT\nc.jpg,doge\n", split="tune")
    tune = Folder(root, "tune")
    assert tags_of(tune) == {"a.jpg": {"Cat"}, "c.jpg": set()}
    assert "tune.csv, line 2: 'doge' is no class, since it occurs in no line" in tune.notes[-1]
    assert "did you mean 'dog'?" in tune.notes[-1]


def test_more_classes_than_labels_of_8_bit(tmp_path):
    names = [f"class{i:03}" for i in range(300)]
    root = folder(tmp_path, f"a.jpg,{';'.join(names)}\n")
    with pytest.raises(UserError, match=r"tags.csv: got 300 classes, expected at most 254, since labels are 8 bit"):
        open_split("folder", str(root), "train")
    assert len(open_split("folder", str(root), "train", tuple(names[:254])).classes) == 255
    with pytest.raises(UserError, match=r"data.classes: got 255 classes, expected at most 254"):
        load_config("folder", [f"data.classes={names[:255]}"])


# Random tables: what was written in a dialect is read back, or refused with its line.
LETTERS = st.characters(categories=("L", "N"), exclude_characters="ßıſ")
WORD = st.text(LETTERS, min_size=1, max_size=8).filter(lambda word: not no_class(word) and not word.isnumeric())
NAME = st.lists(WORD, min_size=1, max_size=2).map(" ".join).map(lambda text: unicodedata.normalize("NFC", text))
TABLES = st.lists(st.lists(NAME, max_size=4, unique_by=fold), min_size=1, max_size=5)


def as_columns(rows, joint):
    names = sorted({fold(tag): tag for tags in rows for tag in tags}.values())
    keys = [{fold(tag) for tag in tags} for tags in rows]
    lines = [["file", *names], *([f"{i}.jpg", *(str(int(fold(n) in k)) for n in names)] for i, k in enumerate(keys))]
    return "\n".join(joint.join(line) for line in lines)


DIALECTS = {
    **{
        f"{column!r} and {between!r}": lambda rows, c=column, b=between: "\n".join(
            f"{i}.jpg{c}{b.join(tags)}" for i, tags in enumerate(rows)
        )
        for column in ",;\t"
        for between in ";|,"
    },
    "lists": lambda rows: "\n".join(f'{i}.jpg,"{tags}"' for i, tags in enumerate(rows)),
    "a line for each tag": lambda rows: "\r\n".join(
        f"{i}.jpg,{tag}" for i, tags in enumerate(rows) for tag in tags or [""]
    ),
    "columns": lambda rows: as_columns(rows, ","),
    "columns of Excel": lambda rows: "sep=;\r\n" + as_columns(rows, ";"),
    "header": lambda rows: "image_path,labels\n" + "\n".join(f"{i}.jpg,{';'.join(t)}" for i, t in enumerate(rows)),
    "index": lambda rows: ",file,tags\n" + "\n".join(f"{i},{i}.jpg,{';'.join(t)}" for i, t in enumerate(rows)),
    "UTF-16": lambda rows: "\n".join(f"{i}.jpg,{';'.join(t)}" for i, t in enumerate(rows)).encode("utf-16"),
}


def opened(root):
    """The folder, and why it is refused: one of them."""
    try:
        return Folder(root), ""
    except UserError as error:
        return None, str(error)


def check_dialect(root, dialect, rows):
    data, refusal = opened(folder(root, DIALECTS[dialect](rows), photos=[f"{i}.jpg" for i in range(len(rows))]))
    if data:
        expected = {f"{i}.jpg": {fold(tag) for tag in tags} for i, tags in enumerate(rows)}
        assert {name: {fold(tag) for tag in tags} for name, tags in tags_of(data).items()} == expected
        return
    assert re.search(r"tags\.csv(, line \d+: | names no tag at all)", refusal), refusal
    tags = set(chain.from_iterable(rows))
    assert any(" " in tag for tag in tags) or len({*map(fold, tags)}) < 2, refusal


def check_text(root, text):
    data, refusal = opened(folder(root, text.encode("utf-8", "surrogatepass")))
    if data:
        assert set(data.ids) <= {"a.jpg", "b.jpg", "c.jpg"}
        assert 1 < len(data.classes) <= 255
    else:
        assert "tags.csv" in refusal


ANY_TEXT = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["a.jpg", "b.jpg", "A.JPG", "c", "cat", "dog", "0", "file", *',;|\t\n\r "\'[]{}()#/\\.=', "sep=;", "\u200b"]
        ),
        max_size=25,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=100, deadline=None, derandomize=True)
@given(dialect=st.sampled_from(sorted(DIALECTS)), rows=TABLES)
def test_random_tables_are_read_back(tmp_path_factory, dialect, rows):
    check_dialect(tmp_path_factory.mktemp("table"), dialect, rows)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(text=ANY_TEXT)
def test_arbitrary_text_is_a_table_or_a_sentence(tmp_path_factory, text):
    check_text(tmp_path_factory.mktemp("text"), text)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(dialect=st.sampled_from(sorted(DIALECTS)), rows=TABLES, text=ANY_TEXT)
def test_many_random_tables(tmp_path_factory, dialect, rows, text):
    check_dialect(tmp_path_factory.mktemp("table"), dialect, rows)
    check_text(tmp_path_factory.mktemp("text"), text)
