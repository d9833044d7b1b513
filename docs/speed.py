"""How fast questions are answered and choices scored, beside lm-eval's HFLM, on a CPU.

    python docs/speed.py                     # the embedded model, questions and reviews
    python docs/speed.py --model FOLDER --jsquad FILE --reviews FILE --samples 1000

Both ask the same prompts in the same tokens with the same weights, in turns. lm-eval asks in the
batches of BATCHES in which it was fastest on the first tenth. The first round is to warm up, the
ratio is the median of the others. Writes the table in docs/performance.md if --write is given.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from hflm import Answers, apart, ours, peer, same_texts, timed
from page import write_between

from harness.engines.local import LocalEngine
from harness.records import Model, Request
from harness.tasks.jsquad import JSQuAD
from harness.tasks.marc_ja import MarcJa

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("performance.md")
MARKERS = "<!-- {}: written by docs/speed.py -->", "<!-- end of {} -->"
EMBEDDED = ROOT / "fixtures/models/michi-mini"
BATCHES = (8, 16, 32)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Samples a second of both, medians over rounds, and how their answers agree."""

    what: str
    n: int
    ours: float
    theirs: float
    batch: int
    ratios: tuple[float, ...]
    agreement: str


def main() -> None:
    """Print and perhaps write both tables. Exits with 1 where answers don't agree."""
    options = _options()
    model = Model("model", str(options.model.resolve()), datetime.date.min, dtype=options.dtype)
    engine = LocalEngine(model, options.model)
    jsquad = JSQuAD().load(options.jsquad)[: options.samples]
    reviews = MarcJa().load(options.reviews)[: options.samples]
    found = [
        _compare("questions on texts", engine, [s.request for s in jsquad], options.rounds),
        _compare("reviews, two choices", engine, [s.request for s in reviews], options.rounds),
    ]
    lines = [
        "| | n | lm-eval, a second (batch) | michi, a second | ratio | agreement |",
        "|---|---|---|---|---|---|",
        *map(_line, found),
    ]
    place = (
        f"{options.model.name}, {options.dtype}, {torch.get_num_threads()} threads of a "
        f"{platform.machine()} CPU, torch {torch.__version__}, transformers "
        f"{version('transformers')}, lm-eval {version('lm_eval')}, {options.rounds} rounds, "
        f"{datetime.date.today()}."
    )
    sys.stdout.write("\n".join([*lines, "", place, ""]))
    if options.write:
        what = "cpu" if options.model == EMBEDDED else "cpu, another model"
        begin, end = (marker.format(what) for marker in MARKERS)
        write_between(PAGE, begin, end, [*lines, "", place])


def _line(found: Comparison) -> str:
    median, low, high = statistics.median(found.ratios), min(found.ratios), max(found.ratios)
    return (
        f"| {found.what} | {found.n:,} | {found.theirs:.1f} ({found.batch}) | {found.ours:.1f} "
        f"| **{median:.2f}** ({low:.2f} – {high:.2f}) | {found.agreement} |"
    )


def _compare(what: str, engine: LocalEngine, asked: Sequence[Request], rounds: int) -> Comparison:
    requests = [_as_text(engine, request) for request in dict.fromkeys(asked)]
    some = requests[: max(16, len(requests) // 10)]
    peers = {batch: peer(engine.network, engine.tokenizer, batch) for batch in BATCHES}
    best = min(peers, key=lambda batch: timed(peers[batch], some)[1])
    timed(ours(engine), some)
    our_times, their_times = [], []
    mine: Answers = {}
    other: Answers = {}
    for _ in range(rounds):
        mine, seconds = timed(ours(engine), requests)
        our_times.append(seconds)
        other, seconds = timed(peers[best], requests)
        their_times.append(seconds)
    return Comparison(
        what,
        len(requests),
        len(requests) / statistics.median(our_times),
        len(requests) / statistics.median(their_times),
        best,
        tuple(slow / fast for slow, fast in zip(their_times, our_times, strict=True)),
        _agreement(requests, mine, other),
    )


def _as_text(engine: LocalEngine, request: Request) -> Request:
    """The request as raw text in lm-eval's tokens, with the turns that the model was trained on."""
    turns = [{"role": "user", "content": request.prompt}]
    text = engine.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    ends = () if request.continuations else ("<end_of_turn>",)
    return Request(
        text,
        chat=False,
        joint=True,
        continuations=request.continuations,
        max_new_tokens=request.max_new_tokens,
        stop=ends,
    )


def _agreement(requests: Sequence[Request], mine: Answers, other: Answers) -> str:
    """How far both say the same. Raises SystemExit beyond what the goals allow."""
    if requests[0].continuations:
        worst = apart(mine, other)
        if worst > 1e-3:
            sys.exit(f"log-likelihoods differ by {worst:.1e}")
        return f"within {worst:.0e}"
    same = same_texts(mine, other)
    if same < 0.99 * len(requests):
        sys.exit(f"only {same} of {len(requests)} texts are alike")
    return f"{same:,} of {len(requests):,} texts"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=EMBEDDED)
    parser.add_argument("--jsquad", type=Path, default=ROOT / "fixtures/data/reading.json")
    parser.add_argument("--reviews", type=Path, default=ROOT / "fixtures/data/reviews.jsonl")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
