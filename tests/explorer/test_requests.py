"""What the browser and programs may ask, and the one sentence that a malformed question gets."""

import base64

import pytest

from iaff.errors import UserError
from iaff.explorer.server import requests
from iaff.explorer.server.answers import RELOAD, answering, checked, within
from iaff.explorer.server.requests import (
    BrowseRequest,
    CompareRequest,
    EmptyRequest,
    JobRequest,
    LabelsRequest,
    LeaksRequest,
    OpenPhotoRequest,
    PhotoRequest,
    PropagateRequest,
    QueryRequest,
    Request,
    RoundRequest,
    RunRequest,
    SubmitRequest,
    TraceRequest,
)

PICTURE = base64.b64encode(b"picture").decode()
ROUND = {"run": "animals", "photo": "cow", "round": 1}
# Of each question: a good one, and values that are refused, by key.
QUESTIONS = {
    EmptyRequest: ({}, {}),
    RunRequest: ({"run": "animals"}, {"run": 1}),
    JobRequest: ({"job": "token"}, {"job": None}),
    SubmitRequest: (
        {"run": "animals", "path": "/uploads/cat.jpg", "name": "cat.jpg", "tags": ["cat"]},
        {"run": ["animals"], "path": 7, "name": None, "tags": "cat"},
    ),
    BrowseRequest: (
        {"run": "animals", "sort": "changed", "cls": "cow", "round": 2, "search": "c", "offset": 60, "count": 60},
        {"run": {}, "sort": 1, "cls": [], "round": "2", "search": None, "offset": -1, "count": True},
    ),
    PhotoRequest: ({"run": "animals", "id": "cow.jpg"}, {"run": 0.5, "id": 3}),
    OpenPhotoRequest: ({"run": "animals", "id": "cow.jpg", "tags": None}, {"run": 1, "id": [], "tags": {}}),
    PropagateRequest: (
        {"by": "crf", "image": PICTURE, "grid": [88, 66], "alpha": PICTURE},
        {"by": 1, "image": "no base64!", "grid": [88], "alpha": 3.5},
    ),
    TraceRequest: ({"run": "animals", "photo": "cow"}, {"run": False, "photo": 1}),
    RoundRequest: (ROUND, {"run": None, "photo": {}, "round": float("nan")}),
    QueryRequest: (ROUND | {"x": 3, "y": 4, "mode": "row"}, {"round": "1", "x": 0.5, "y": True, "mode": "diagonal"}),
    LeaksRequest: (ROUND | {"most": 10}, {"round": [], "most": 201}),
    LabelsRequest: (ROUND | {"stage": "truth"}, {"round": None, "stage": "photo"}),
    CompareRequest: ({"run": "animals", "photo": "cow", "round_a": 1, "round_b": 5}, {"round_a": "a", "round_b": None}),
}
GOOD = [(model, good) for model, (good, _) in QUESTIONS.items()]
WRONG = [(model, good, key, value) for model, (good, wrong) in QUESTIONS.items() for key, value in wrong.items()]
REQUIRED = [(model, good, key) for model, good in GOOD for key in good if model.model_fields[key].is_required()]


def sentence(model: type[Request], request: object) -> str:
    with pytest.raises(UserError) as error:
        checked(model, request)
    text = str(error.value)
    assert text.startswith("Got ")
    assert ", expected " in text
    assert text.endswith("; correct it.")
    assert "\n" not in text
    assert len(text) < 300
    return text


def test_every_question_is_tried():
    models = {value for value in vars(requests).values() if isinstance(value, type) and issubclass(value, Request)}
    assert models == {*QUESTIONS, Request}
    assert all(field.description for model in models for field in model.model_fields.values())


@pytest.mark.parametrize(("model", "good"), GOOD)
def test_a_good_question_is_read(model, good):
    read = checked(model, good)
    assert {key for key in model.model_fields if key in good} == read.model_fields_set
    required = {key: value for key, value in good.items() if model.model_fields[key].is_required()}
    checked(model, required)


@pytest.mark.parametrize(("model", "good", "key", "value"), WRONG)
def test_a_wrong_value_is_one_sentence(model, good, key, value):
    assert sentence(model, good | {key: value}).startswith((f"Got {key} = ", f"Got {key} of length "))


@pytest.mark.parametrize(("model", "good", "key"), REQUIRED)
def test_a_missing_value_is_one_sentence(model, good, key):
    assert f"Got no {key}, expected " in sentence(model, {k: v for k, v in good.items() if k != key})


@pytest.mark.parametrize(("model", "good"), GOOD)
def test_an_unknown_key_is_one_sentence(model, good):
    known = ", ".join(model.model_fields)
    expected = f"none but {known}" if known else "none at all"
    assert sentence(model, good | {"colour": "red"}) == f"Got the key 'colour', expected {expected}; correct it."


@pytest.mark.parametrize("request_", [None, [], "run", 1])
def test_what_is_no_object_is_one_sentence(request_):
    assert "expected one JSON object" in sentence(RunRequest, request_)


def test_long_values_are_cut_short():
    for value in ("x" * 10_000, ["x"] * 10_000, {str(i): i for i in range(10_000)}):
        sentence(JobRequest, {"job": [value]})
        sentence(QueryRequest, {**QUESTIONS[QueryRequest][0], "mode": value})
    sentence(JobRequest, {"job": "a", "x" * 10_000: 1})


def test_bytes_come_out_of_base64_and_whole_numbers_out_of_3_0():
    request = checked(PropagateRequest, {"by": "walk", "image": PICTURE, "grid": [88, 66]})
    assert request.image == b"picture"
    assert checked(RoundRequest, ROUND | {"round": 3.0}).round == 3


def test_limits_that_only_the_trace_knows():
    assert within("x", 339, 0, 339) == 339
    with pytest.raises(UserError, match=r"^Got x = 340, expected a whole number from 0 to 339; correct it\.$"):
        within("x", 340, 0, 339)


def test_the_browser_gets_an_answer_whatever_it_asks():
    @answering(RunRequest)
    def greet(request: RunRequest) -> dict:
        if request.run == "none":
            raise UserError("No run of that name.")
        return {"said": f"hello {request.run}"}

    assert greet.__name__ == "greet"
    assert greet({"run": "animals"}) == {"ok": True, "said": "hello animals"}
    assert greet({"run": "none"}) == {"ok": False, "error": "No run of that name."}
    wrong = greet({"run": 1})
    assert wrong == {"ok": False, "error": f"Got run = 1, expected a text, the name of a run; {RELOAD}."}
