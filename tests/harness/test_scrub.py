"""What a run folder may not tell: keys, and where and whose the machine is."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.scrub import HIDDEN, hide_named, place, public_url, scrub, scrub_arguments

HOME = "/home/taro yamada"
ROOT = Path(f"{HOME}/project")


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", HOME)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{ROOT}/a/m.toml: not found: {HOME}/w/x/gemma", "a/m.toml: not found: ~/w/x/gemma"),
        (f"--eval-matrix={HOME}/m.toml", "--eval-matrix=~/m.toml"),
        (f"{HOME}/project2/x", "~/project2/x"),
        ("knowledge=/home/hanako/in/x/d.jsonl:3: no", "knowledge=…/x/d.jsonl:3: no"),
        ("/home/bob", "~"),
        ("/export/home/bob/x.toml", "~/x.toml"),
        ("/Users/bob/x.toml", "~/x.toml"),
        ("file:///home/hanako/x", "file://~/x"),
        ("C:\\Users\\bob\\x", "~\\x"),
        (str(ROOT), "."),
        ("not found: /mnt/big/models/gemma", "not found: …/models/gemma"),
    ],
)
def test_paths_are_told_from_the_project_and_without_homes(text: str, told: str) -> None:
    assert scrub(text, ROOT, {}) == told


@pytest.mark.parametrize(
    "text",
    [
        "価格/円/個 and/or 1/2/3 a/b/c",
        "https://example.org/home/about/us",
        "100.0 → 80.0 % against main.json: -20.0 points [-25.5, -14.1], p 1e-04",
        "monkey=3 key of a question, tokens: 12",
        "no API key: set OPENAI_API_KEY",
        "",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert scrub(text, ROOT, {}) == text


def test_values_of_variables_that_are_called_so_are_hidden() -> None:
    environment = {
        "OPENAI_API_KEY": "plain-word-1",
        "MY_SECRET": "plain-word-2",
        "APIKEY": "plain-word-3",
        "HF_TOKEN": "short",
        "TOKENIZERS_PARALLELISM": "not-a-secret",
        "MONKEY": "banana-banana",
    }
    text = "refused: plain-word-1 plain-word-2 plain-word-3 short not-a-secret banana-banana"
    told = f"refused: {HIDDEN} {HIDDEN} {HIDDEN} short not-a-secret banana-banana"
    assert scrub(text, ROOT, environment) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Incorrect API key provided: sk-proj-" + "a1" * 10, "Incorrect API key provided: ***"),
        ("hf_" + "aB3" * 10, "***"),
        ("ghp_" + "a" * 36 + ", github_pat_" + "b" * 30, "***, ***"),
        ("AKIA" + "ABCD" * 4, "***"),
        ("Authorization: Bearer abc.def-12345", "Authorization: Bearer ***"),
        ("https://user:word@example.org/x", "https://***@example.org/x"),
        ("https://example.org/x?token=abc&page=2", "https://example.org/x?token=***&page=2"),
        ("-o hub_token=abc api-key=x", "-o hub_token=*** api-key=***"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, told: str) -> None:
    assert scrub(text, ROOT, {}) == told


def test_what_follows_an_option_that_is_called_like_a_secret_is_hidden() -> None:
    arguments = ["evals", "--hub-token", "abc", "-k", "token", "--api-key=def", f"{ROOT}/evals"]
    told = ["evals", "--hub-token", HIDDEN, "-k", "token", f"--api-key={HIDDEN}", "evals"]
    assert scrub_arguments(arguments, ROOT, {}) == told


def test_a_place_outside_the_project_keeps_two_parts() -> None:
    assert place("/srv/data/models/gemma", ROOT) == "…/models/gemma"
    assert place(f"{HOME}/a/b/c", ROOT) == "…/b/c"
    assert place(f"{ROOT}/a/b", ROOT) == "a/b"


def test_texts_under_names_of_secrets_are_hidden_and_numbers_stay() -> None:
    body = {"max_tokens": 9, "top_k": 1, "headers": {"Authorization": "Bearer x", "x-api-key": "y"},
            "tokens": ["one"], "user": "me"}  # fmt: skip
    assert hide_named(body) == {
        "max_tokens": 9, "top_k": 1, "headers": {"Authorization": "***", "x-api-key": "***"},
        "tokens": ["***"], "user": "me",
    }  # fmt: skip


def test_an_address_is_shown_without_login_and_query() -> None:
    assert public_url("https://me:pa55@host:8/v1?code=abc") == "https://host:8/v1"
    assert public_url("https://host/v1") == "https://host/v1"
    assert public_url("") == ""
