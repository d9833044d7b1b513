"""lm-eval's command line on the questions and reviews of a matrix, one process a checkpoint.

Its tasks are local files with our prompts as raw text, the turns of the model's chat template
around them, so that both ask in the same tokens. What is scored begins one token earlier than ours:
lm-eval counts white space at a prompt's end, here a line break, to what follows it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines.loading import load_tokenizer
from harness.engines.rendering import prompt_text
from harness.jsonl import read_whole_rows
from harness.records import Model, Sample

QUESTIONS, REVIEWS = "matrix_questions", "matrix_reviews"
_QUESTIONS = """task: matrix_questions
dataset_path: json
dataset_kwargs: {data_files: {test: FILE}}
test_split: test
output_type: generate_until
doc_to_text: "{{prompt}}"
doc_to_target: ""
generation_kwargs: {until: ["<end_of_turn>"], max_gen_toks: LIMIT, do_sample: false}
metric_list:
  - {metric: bypass, aggregation: bypass, higher_is_better: true}
"""
_REVIEWS = """task: matrix_reviews
dataset_path: json
dataset_kwargs: {data_files: {test: FILE}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{prompt}}"
doc_to_target: gold
doc_to_choice: WORDS
target_delimiter: ""
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
"""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds from a process's start to its end, and those of all cores that it used."""

    wall: float
    cores: float


@dataclass(frozen=True, slots=True)
class Peer:
    """What its command line is run with. environment: of its processes."""

    model: Path
    dtype: str
    tasks: Path
    environment: Mapping[str, str]

    def run(self, adapter: Path | None, batch: int, out: Path, *more: str) -> Took:
        """Ask one checkpoint. Its logs go to `out`."""
        weights = f"pretrained={self.model},dtype={self.dtype}"
        command = [
            *(sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--model_args"),
            weights if adapter is None else f"{weights},peft={adapter}",
            *("--tasks", QUESTIONS, REVIEWS, "--include_path", str(self.tasks), "--batch_size"),
            *(str(batch), "--output_path", str(out), "--log_samples", *more),
        ]
        return timed(command, self.environment)

    def listing(self) -> float:
        """Seconds in which it reads the list of all its tasks, which no option of `run` avoids."""
        code = (
            "import sys, time; from lm_eval.tasks import TaskManager; begun = time.perf_counter();"
            "TaskManager(include_path=sys.argv[1]); print(time.perf_counter() - begun)"
        )
        command = [sys.executable, "-c", code, str(self.tasks)]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True
        )
        return float(done.stdout.split()[-1])


def timed(
    command: Sequence[str], environment: Mapping[str, str], where: Path | None = None
) -> Took:
    """What a command takes. Raises SystemExit with what it said where it fails."""
    begun, used = time.perf_counter(), _cores()
    done = subprocess.run(
        command, env=environment, cwd=where, capture_output=True, text=True, check=False
    )
    took = Took(time.perf_counter() - begun, _cores() - used)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    sys.stderr.write(f"{took.wall:6.1f} s ({took.cores:.1f})  {command[2]} {command[-1]}\n")
    return took


def _cores() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_tasks(
    folder: Path, model: Model, questions: Sequence[Sample], reviews: Sequence[Sample]
) -> Path:
    """Both tasks with their data, for `--include_path`."""
    tokenizer = load_tokenizer(model, Path(model.weights))

    def text(sample: Sample) -> str:
        turns = [{"role": "user", "content": sample.request.prompt}]
        return prompt_text(tokenizer, turns, "lm-eval")

    words = reviews[0].request.continuations
    limit = str(questions[0].request.max_new_tokens)
    folder.mkdir()
    asked, scored = folder / "questions.jsonl", folder / "reviews.jsonl"
    _write(asked, [{"id": s.id, "prompt": text(s)} for s in questions])
    _write(
        scored,
        [{"id": s.id, "prompt": text(s), "gold": words.index(s.gold[0])} for s in reviews],
    )
    (folder / f"{QUESTIONS}.yaml").write_text(
        _QUESTIONS.replace("FILE", str(asked)).replace("LIMIT", limit), "utf-8"
    )
    (folder / f"{REVIEWS}.yaml").write_text(
        _REVIEWS.replace("FILE", str(scored)).replace("WORDS", json.dumps(words)), "utf-8"
    )
    return folder


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def texts(out: Path) -> dict[str, str]:
    """What was written to each question, by its id."""
    return {row["doc"]["id"]: row["resps"][0][0] for row in _logged(out, QUESTIONS)}


def likelihoods(out: Path) -> dict[str, list[float]]:
    """Log-likelihood of each word after each review, by its id."""
    return {
        row["doc"]["id"]: [float(answer[0][0]) for answer in row["resps"]]
        for row in _logged(out, REVIEWS)
    }


def _logged(out: Path, task: str) -> list[dict[str, Any]]:
    (path,) = out.rglob(f"samples_{task}_*.jsonl")
    return read_whole_rows(path)
