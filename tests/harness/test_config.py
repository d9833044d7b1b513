from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import load_matrix, missing_parts, override_data, reference_of
from harness.errors import ConfigError
from harness.records import Api

FIXTURES = Path(__file__).parents[2] / "fixtures"
GOOD = '[models.m]\nweights = "./m"\nreleased = 2025-01-01\n[checkpoints.c]\nmodel = "m"\n'


def load(tmp_path: Path, text: str):
    (tmp_path / "matrix.toml").write_text(text, "utf-8")
    return load_matrix(tmp_path / "matrix.toml")


def test_checkpoints_keep_the_order_of_the_file(world: Path) -> None:
    matrix = load_matrix(world)
    assert [c.id for c in matrix.checkpoints] == ["base", "tuned", "tuned-long", "other"]
    assert matrix.checkpoints[1].adapter == world.parent / "tuned"
    assert matrix.checkpoints[0].model.weights == str(world.parent / "one")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "[model.x]\n", "unknown key 'model'. Did you mean 'models'?"),
        (GOOD.replace("2025-01-01", '"2025-01-01"'), r"released = '2025-01-01': expected a date"),
        (GOOD.replace("weights", "weight"), "unknown key 'weight'. Did you mean 'weights'?"),
        (GOOD.replace('model = "m"', 'model = "mm"'), "unknown model 'mm'. Did you mean 'm'?"),
        (GOOD.replace("released = 2025-01-01\n", ""), "'released' is missing"),
        (GOOD + 'epochs = "3"\n', "epochs = '3': expected a number"),
        (GOOD + "baseline = 1\n", "baseline = 1: expected true or false"),
        (GOOD + '[checkpoints."a/b"]\nmodel = "m"\n', r"an id is made of letters, digits"),
        (GOOD + '[data.jsquad]\npath = "x"\nlimit = 0\n', "must be at least 1"),
        ("[models.m]\nweights = ?\n", r"not valid TOML: .*line 2"),
        ("", "nothing to evaluate"),
        (GOOD.replace('weights = "./m"', 'weights = "m/m"\nquantization = "int3"'), "one of nf4"),
        (GOOD + 'reference = "c"\n', r"\[checkpoints\.c\]: reference = 'c': expected another"),
        (GOOD + 'reference = "d"\n', r"reference = 'd': expected another .*Known: none"),
        (GOOD + "reference = 1\n", "reference = 1: expected a string"),
        (
            GOOD + 'baseline = true\n[checkpoints.d]\nmodel = "m"\nbaseline = true\n',
            "c and d both say baseline",
        ),
    ],
)
def test_mistakes_in_a_matrix_are_named_with_file_and_key(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        load(tmp_path, text)
    assert "matrix.toml" in str(error.value)


API = (
    '[models.m]\nengine = "api"\nweights = "gpt"\nreleased = 2025-01-01\n{api}\n'
    '[checkpoints.c]\nmodel = "m"\n'
)
_API = "[models.m.api]\n"


def test_an_api_is_read_with_its_defaults(tmp_path: Path) -> None:
    (bare,) = load(tmp_path, API.format(api="")).models
    assert bare.api == Api()
    given = (
        'base_url = "http://127.0.0.1:8000/v1/"\nprice = { prompt = 5, answer = 15.0 }\n'
        'max_cost = 3\nextra_body = { top_k = 1 }\nomit = ["seed"]\nlogprobs = true\n'
    )
    (full,) = load(tmp_path, API.format(api=_API + given)).models
    assert full.api == Api(
        base_url="http://127.0.0.1:8000/v1",
        logprobs=True,
        price=(5.0, 15.0),
        max_cost=3.0,
        extra_body='{"top_k": 1}',
        omit=("seed",),
    )
    (own,) = load(tmp_path, GOOD).models
    assert own.api is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("[check", _API + "concurrency = 1\n[check"), 'a model with engine = "api"'),
        (API.format(api=_API + 'base_url = "localhost:8000"'), r"expected http\(s\)://HOST/v1"),
        (API.format(api=_API + "max_cost = 3.0"), "max_cost needs a price"),
        (API.format(api=_API + "price = { prompt = 1 }"), "'answer' is missing"),
        (API.format(api=_API + "price = { prompt = 1, answer = -1 }"), "can't be negative"),
        (API.format(api=_API + "concurrency = 0"), "concurrency must be at least 1"),
        (API.format(api=_API + "retry = 1"), "unknown key 'retry'. Did you mean 'retries'"),
        (API.format(api=_API + 'omit = ["top_p"]'), "omit = 'top_p': expected one of temperature"),
        (API.format(api=_API + "extra_body = { day = 2025-01-01 }"), "use what JSON has"),
        (API.format(api=_API + "logprobs = 5"), "logprobs = 5: expected true or false"),
        (
            API.format(api=_API + "logprobs = true\nextra_body = { top_logprobs = 5 }"),
            "asks for as many as are needed: take top_logprobs out of extra_body",
        ),
        (API.format(api="") + 'adapter = "./a"\n', r"served_as = \"\.\.\.\""),
        (GOOD + 'served_as = "x"\n', 'served_as belongs to a model with engine = "api"'),
    ],
)
def test_mistakes_about_an_api_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, text)


def test_a_path_is_a_folder_and_anything_else_a_hub_id(tmp_path: Path) -> None:
    matrix = load(tmp_path, GOOD + '[models.h]\nweights = "google/gemma-7b"\nreleased=2024-02-21\n')
    assert [m.is_folder for m in matrix.models] == [True, False]
    assert matrix.models[1].weights == "google/gemma-7b"


def test_data_given_on_the_command_line_lose_label_and_limit_of_the_matrix(world: Path) -> None:
    matrix = override_data(load_matrix(world), ["jsquad=other.json"], None, world.parent)
    assert matrix.source("jsquad").path == world.parent / "other.json"
    assert matrix.source("jsquad").label == "other.json"
    assert matrix.source("marc_ja").label == "test data"


@pytest.mark.parametrize("option", ["jsquad", "=x", "jsquad="])
def test_data_option_must_name_task_and_path(world: Path, option: str) -> None:
    with pytest.raises(ConfigError, match="TASK=PATH"):
        override_data(load_matrix(world), [option], None, world.parent)


def test_missing_parts_are_named(tmp_path: Path) -> None:
    checkpoint = load(tmp_path, GOOD + 'adapter = "./a"\n').checkpoints[0]
    assert missing_parts(checkpoint) == [
        f"weights {tmp_path / 'm'}",
        f"adapter {tmp_path / 'a'}",
    ]


def test_a_task_without_data_says_how_to_give_some(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--eval-data jsquad=PATH"):
        load(tmp_path, GOOD).source("jsquad")


def test_a_release_date_has_its_evidence(tmp_path: Path) -> None:
    text = GOOD.replace("released", 'release_evidence = "https://example.org"\nreleased')
    assert load(tmp_path, text).models[0].release_evidence == "https://example.org"
    assert load(tmp_path, GOOD).models[0].release_evidence == ""


REFERENCES = """
[models.m]
weights = "./m"
released = 2025-01-01
[models.n]
weights = "./n"
released = 2025-01-01
[checkpoints.tuned]
model = "m"
adapter = "./a"
[checkpoints.bare]
model = "m"
[checkpoints.bare-again]
model = "m"
[checkpoints.named]
model = "m"
adapter = "./b"
reference = "other"
[checkpoints.other]
model = "n"
reference = "bare"
[checkpoints.alone]
model = "n"
adapter = "./c"
"""


def test_a_checkpoint_is_held_against_its_bare_model_or_the_one_it_names(tmp_path: Path) -> None:
    matrix = load(tmp_path, REFERENCES)
    found = {c.id: reference_of(c, matrix) for c in matrix.checkpoints}
    assert {id: other.id if other else None for id, other in found.items()} == {
        "tuned": "bare",
        "bare": None,
        "bare-again": None,  # the same weights are no reference
        "named": "other",
        "other": "bare",
        "alone": "other",
    }


def test_an_adapter_whose_bare_model_is_no_checkpoint_has_no_reference(tmp_path: Path) -> None:
    matrix = load(tmp_path, GOOD + 'adapter = "./a"\n')
    assert reference_of(matrix.checkpoints[0], matrix) is None


def test_the_shipped_matrices_load() -> None:
    embedded = load_matrix(FIXTURES / "embedded.toml")
    assert [c.baseline for c in embedded.checkpoints] == [True] + [False] * 6
    article = load_matrix(FIXTURES / "gemma-7b.toml")
    assert [c.id for c in article.checkpoints if c.model.engine == "api"] == [
        "gpt-4-turbo",
        "gpt-4o",
    ]
    assert article.models[0].quantization == "nf4"
