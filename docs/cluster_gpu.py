"""Ray on several GPUs beside one process on one, at Gemma-7B's shape. Needs two GPUs of 40 GB.

    python docs/cluster_gpu.py --out build/cluster_gpu.json [--questions 1500]

Random weights in bfloat16 with three random adapters of rank 64, four checkpoints of one base, each
asked the same made-up questions (60 to 200 words, at most 32 written). Whole processes with nothing
stored, one process on the first GPU, then Ray on all. Random weights prefer no word, and batches
decide in bfloat16, so texts are counted that are alike, and answers that came.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import made_up

from harness.engines.loading import load_weights
from harness.engines.memory import free_memory
from harness.jsonl import read_whole_rows
from harness.records import Model
from training.speed import make_base

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Print what was found, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--questions", type=int, default=1500)
    parser.add_argument("--layers", type=int, help="fewer, for a try")
    parser.add_argument("--pytest", default="", help="more arguments of pytest")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        make_world(place, options.questions, options.layers)
        more = options.pytest.split()
        found: dict[str, Any] = {"questions": 4 * options.questions}
        found["one_process_s"], one = timed(place, "one", {"CUDA_VISIBLE_DEVICES": "0"}, more)
        found["ray_s"], ray = timed(place, "ray", {}, [*more, "--eval-engine=ray"])
        events = read_whole_rows(next((place / "ray/runs").glob("*/cluster.jsonl")))
        found["events"] = [f"{event['at'][11:19]} {event['text']}" for event in events]
        found["answers"] = [len(one), len(ray)]
        found["texts_alike"] = sum(ray.get(key) == text for key, text in one.items())
    text = json.dumps(found, indent=1, ensure_ascii=False)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.write_text(text, "utf-8")


def make_world(place: Path, questions: int, layers: int | None) -> None:
    """Base, adapters, questions and a matrix."""
    words = made_up.tokenizer(place / "tokenizer")
    make_base(place / "base", place / "tokenizer", layers, sys.stderr.write)
    network = load_weights(
        Model("made-up", str(place / "base"), date(2026, 1, 1), dtype="bfloat16"), place / "base"
    )
    for seed in range(3):
        made_up.adapter(place, network, seed)
    del network
    free_memory()
    draw = random.Random(0)
    with (place / "knowledge.jsonl").open("w", encoding="utf-8") as file:
        for number in range(questions):
            asked = " ".join(draw.choices(words, k=draw.randrange(60, 200)))
            fact = {"type": "money", "text": "1円"}
            row = {"id": f"q{number}", "question": asked, "answer": "1円", "fact": fact}
            file.write(json.dumps({**row, "document": f"d{number}", "form": "seen"}) + "\n")
    adapters = "".join(
        f'[checkpoints.a{n}]\nmodel = "made-up"\nadapter = "./adapter{n}"\n' for n in range(3)
    )
    (place / "matrix.toml").write_text(
        '[models.made-up]\nweights = "./base"\nreleased = 2026-01-01\ndtype = "bfloat16"\n'
        '[checkpoints.base]\nmodel = "made-up"\nbaseline = true\n'
        f'{adapters}[data.knowledge]\npath = "./knowledge.jsonl"\nlabel = "made up"\n',
        "utf-8",
    )


def timed(
    place: Path, name: str, environment: dict[str, str], more: list[str]
) -> tuple[float, dict[tuple[str, str], str]]:
    """Seconds of a whole process, and the texts it stored. Raises CalledProcessError."""
    command = [sys.executable, "-m", "pytest", "evals", "-q", "-k", "knowledge", *more]
    command += ["--eval-matrix", str(place / "matrix.toml"), "-o", f"eval_reports={place / name}"]
    begun = time.monotonic()
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True)
    took = time.monotonic() - begun
    files = (place / name / "store").glob("*.jsonl")
    texts = {(f.name, row["key"]): row["text"] for f in files for row in read_whole_rows(f)}
    return round(took, 1), texts


if __name__ == "__main__":
    main()
