"""How fast texts are read token by token, beside one text at a time as the papers' code does it.

    python docs/membership_speed.py                # the embedded model and documents, on a CPU
    python docs/membership_speed.py --model FOLDER --texts FILE.jsonl --field input
    python docs/membership_speed.py --gemma-7b     # random weights of its shape, on a GPU

The reference (mink-plus-plus's run.py) asks a model for loss and logits of one text, and takes
softmax, log-softmax, mean and variance over the whole vocabulary from them. Both read the same
tokens of the same texts with the same weights, in turns; ratios are medians over the rounds.

The last line is the whole panel: all windows and all attacks. One pass over the longest window
gives ours; the reference reads each window by itself, as a data set of its own, and once more for
DC-PDD, which asks the model again (mimir's dc_pdd.py).
"""

from __future__ import annotations

import argparse
import datetime
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from harness.engines.local import LocalEngine
from harness.jsonl import read_rows
from harness.membership.attacks import attack_scores
from harness.records import Checkpoint, Model, Request
from training.speed import make_base

ROOT = Path(__file__).parents[1]
EMBEDDED = ROOT / "fixtures/models/michi-mini"
DOCUMENTS = ROOT / "fixtures/data/documents_old.jsonl"


def main() -> None:
    """Print tokens a second of both, their ratio and the largest difference of their scores."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        place = options.model or EMBEDDED
        if options.gemma_7b:
            place = Path(folder) / "base"
            make_base(place, EMBEDDED, None, lambda line: None)
        dtype = "bfloat16" if options.gemma_7b else options.dtype
        model = Model("base", str(place), datetime.date.min, dtype=dtype)
        engine = LocalEngine(model, place)
        texts = [str(row[options.field]) for _, row in read_rows(options.texts)]
        threads = torch.get_num_threads()
        sys.stdout.write(f"{place.name}, {dtype}, {engine.network.device}, {threads} threads\n")
        for windows in ([window] for window in options.windows):
            _compare(engine, texts, windows, options)
        _compare(engine, texts, options.windows, options)


def _compare(engine: LocalEngine, texts: list[str], windows: list[int], options: Any) -> None:
    """One window, or with several of them the panel."""
    longest = max(windows)
    requests = [
        Request("", chat=False, continuations=(text,), per_token="likelihoods", window=longest)
        for text in dict.fromkeys(texts)
        if len(engine.tokenizer(text, add_special_tokens=False).input_ids) >= longest
    ][: options.limit * (options.rounds + 1)]
    size = len(requests) // (options.rounds + 1)
    # DC-PDD's pass counts in the panel only.
    passes = [window for window in windows for _ in range(1 if len(windows) == 1 else 2)]
    ratios, speeds, worst, peaks = [], [], 0.0, [0.0, 0.0]
    for turn in range(options.rounds + 1):  # the first is to warm up
        part = requests[turn * size : (turn + 1) * size]
        (ours, fast, peak), (theirs, slow, other) = (
            _timed(partial(_ours, engine, part)),
            _timed(partial(_reference_passes, engine, part, passes)),
        )
        peaks = [max(peaks[0], peak), max(peaks[1], other)]
        worst = max(worst, *(abs(x - y) for x, y in zip(ours, theirs, strict=True)))
        if turn:
            ratios.append(slow / fast)
            speeds.append((size * longest / fast, size * longest / slow))
    ours_speed, their_speed = (statistics.median(column) for column in zip(*speeds, strict=True))
    memory = f", peak GPU memory {peaks[0]:.1f} and {peaks[1]:.1f} GiB" if any(peaks) else ""
    sys.stdout.write(
        f"{'+'.join(map(str, windows))} tokens, {size} texts a round, {options.rounds} rounds: "
        f"{ours_speed:,.0f} tokens/s, reference {their_speed:,.0f}, "
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} – {max(ratios):.2f}), "
        f"largest difference of mean log-probabilities {worst:.0e}{memory}\n"
    )
    sys.stdout.flush()


def _timed(read: Callable[[], list[float]]) -> tuple[list[float], float, float]:
    """What was read, seconds, and peak GPU memory in GiB."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    scores = read()
    seconds = time.perf_counter() - started
    peak = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0.0
    return scores, seconds, peak


def _ours(engine: LocalEngine, requests: list[Request]) -> list[float]:
    checkpoint = Checkpoint("base", engine.model)
    found = {q: r.reading for answers in engine.answer(checkpoint, requests) for q, r in answers}
    scores = []
    for request in requests:
        reading = found[request]
        assert reading is not None
        scores.append(attack_scores(reading, request.asked)["loss"])
    return scores


def _reference_passes(
    engine: LocalEngine, requests: list[Request], windows: list[int]
) -> list[float]:
    return [_reference(engine, requests, window) for window in windows][-1]


def _reference(engine: LocalEngine, requests: list[Request], window: int) -> list[float]:
    """Mean log-probabilities; the other scores are computed and let go."""
    scores = []
    for request in requests:
        tokens = engine.tokenizer(request.asked).input_ids[: window + 1]
        ids = torch.tensor([tokens], device=engine.network.device)
        with torch.no_grad():
            answer = engine.network(input_ids=ids, labels=ids)
        logits = answer.logits[0, :-1]
        probabilities = logits.softmax(-1)
        logprobs = logits.log_softmax(-1)
        own = logprobs.gather(-1, ids[0, 1:, None]).squeeze(-1)
        mean = (probabilities * logprobs).sum(-1)
        variance = (probabilities * logprobs.square()).sum(-1) - mean.square()
        z = (own - mean) / variance.sqrt()
        for line in (own.float().cpu(), z.float().cpu()):
            line.sort().values[: max(1, window // 5)].mean().item()
        scores.append(own.float().mean().item())
    return scores


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, help="a folder of weights (the embedded one)")
    parser.add_argument("--gemma-7b", action="store_true", help="random weights of its shape")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--texts", type=Path, default=DOCUMENTS, help="JSON Lines")
    parser.add_argument("--field", default="text")
    parser.add_argument("--windows", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--limit", type=int, default=100, help="texts a round")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
