"""engine = "vllm" on a GPU, at Gemma-7B's shape: does it answer, and with the adapter it was asked?

    python docs/vllm_trial.py --out build/vllm_trial.json

Needs vLLM and 80 GB of GPU memory. Weights and three adapters of rank 64 are random. The base and
each adapter are asked the same prompts alone, then all three adapters at once. Random weights
prefer no word, and another batch writes other words in half precision; so log-likelihoods are
compared as well, whose differences tell an adapter from another even where texts do not.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import made_up
import torch

from harness.engines import open_engine
from harness.engines.loading import load_weights
from harness.engines.memory import free_memory
from harness.engines.parity import farthest
from harness.fingerprint import vllm_version
from harness.records import Checkpoint, Model, Request, Response
from training.speed import make_base

Answers = dict[Request, Response]


def main() -> None:
    """Print what was found, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--prompts", type=int, default=128)
    parser.add_argument("--layers", type=int, help="fewer, for a try")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = _tried(Path(folder), options)
    text = json.dumps(found, indent=1)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.write_text(text, "utf-8")


def _tried(place: Path, options: argparse.Namespace) -> dict[str, Any]:
    words = made_up.tokenizer(place / "tokenizer")
    make_base(place / "base", place / "tokenizer", options.layers, _say)
    model = Model("made-up", str(place / "base"), date(2026, 1, 1), dtype="bfloat16")
    network = load_weights(model, place / "base")
    adapters = [made_up.adapter(place, network, seed) for seed in range(3)]
    del network
    free_memory()
    draw = random.Random(0)
    written = [made_up.prompted(words, draw) for _ in range(options.prompts)]
    scored = [replace(made_up.scored(words, draw), joint=False) for _ in range(32)]
    served = replace(model, engine="vllm", vllm=("--max-model-len", "2048"))
    checkpoints = [
        Checkpoint("base", served),
        *(Checkpoint(f"adapter{n}", served, adapter=a) for n, a in enumerate(adapters)),
    ]
    started = time.monotonic()
    engine = open_engine(served, adapters)
    found: dict[str, Any] = {"vllm": vllm_version(), "gpu": torch.cuda.get_device_name()}
    found["start_s"] = round(time.monotonic() - started, 1)
    alone, likelihoods = {}, {}
    try:
        for checkpoint in checkpoints:
            started = time.monotonic()
            alone[checkpoint.id] = _asked(engine, checkpoint, written)
            found[f"{checkpoint.id}_s"] = round(time.monotonic() - started, 2)
            told = _asked(engine, checkpoint, scored)
            likelihoods[checkpoint.id] = [told[request].logprobs for request in scored]
        found["parity"] = engine._apart
        mixed = _at_once(engine, checkpoints[1:], written)
        told_mixed = _at_once(engine, checkpoints[1:], scored)
    finally:
        engine.close()
    base = alone["base"]
    for name, answers in mixed.items():
        found[name] = {
            "answers": len(answers),
            "texts_unlike_base": sum(alone[name][q].text != base[q].text for q in written),
            "likelihoods_alone_from_mixed": round(
                farthest(likelihoods[name], [told_mixed[name][q].logprobs for q in scored]), 3
            ),
            "likelihoods_from_base": round(farthest(likelihoods[name], likelihoods["base"]), 3),
            "texts_equal_alone_and_mixed": sum(
                alone[name][q].text == answers[q].text for q in written
            ),
            "certain": sum(alone[name][q].certainty is not None for q in written),
        }
    found["adapters_apart"] = round(
        min(
            farthest(likelihoods[f"adapter{a}"], likelihoods[f"adapter{b}"])
            for a, b in ((0, 1), (0, 2), (1, 2))
        ),
        3,
    )
    found["prompts"] = len(written)
    return found


def _asked(engine: Any, checkpoint: Checkpoint, requests: list[Request]) -> Answers:
    return {q: r for answers in engine.answer(checkpoint, requests) for q, r in answers}


def _at_once(
    engine: Any, checkpoints: list[Checkpoint], requests: list[Request]
) -> dict[str, Answers]:
    found: dict[str, Answers] = {}

    def ask(checkpoint: Checkpoint) -> None:
        found[checkpoint.id] = _asked(engine, checkpoint, requests)

    threads = [threading.Thread(target=ask, args=[checkpoint]) for checkpoint in checkpoints]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
