"""How fast a model of Gemma-7B's shape is asked on a GPU, beside lm-eval's HFLM in one process.

    python docs/gpu_speed.py --write               # all of it: about ten minutes, 80 GB of memory
    python docs/gpu_speed.py --only scoring nf4    # parts

Weights are random, words are single tokens, so both see the same lengths: 768 texts of 80 to 500
tokens with two continuations of three, and 512 prompts of 150 to 600 after which 32 tokens are
written. lm-eval loads the same files, and asks in batches of 64.

The floor is what the chip alone would need: two operations a weight and token at the speed of a
large matrix product, and for each step of 128 rows the weights read once at the speed of a copy.
Both speeds are measured first. Random weights prefer no word, and half precision writes other texts
with another batch; so texts are compared in float32.
"""

from __future__ import annotations

import argparse
import datetime
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import made_up
import torch
from hflm import Answers, Ask, apart, ours, peer, same_texts, timed
from page import write_between

from harness.engines.likeness import TOLERANCE
from harness.engines.local import LocalEngine
from harness.engines.memory import free_memory
from harness.records import Checkpoint, Model, Request
from harness.versions import versions
from training.speed import make_base

PAGE = Path(__file__).with_name("performance.md")
BEGIN, END = "<!-- gpu: written by docs/gpu_speed.py -->", "<!-- end of gpu -->"
PARTS = ("scoring", "generation", "adapters", "nf4", "texts")
BATCH = 64
GIB = 2**30
LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes", "liger-kernel", "lm-eval")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. floor: what `seconds` is compared with; 0 for nothing."""

    what: str
    seconds: float
    floor: float = 0.0
    gib: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """Measured speeds: operations and bytes a second."""

    operations: float
    traffic: float


def main() -> None:
    """Print the table, and write it if asked. Exits with 1 where answers don't agree."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        words = made_up.tokenizer(place / "tokenizer")
        make_base(place / "base", place / "tokenizer", options.layers, _say)
        lines = list(_lines(place, words, options))
    device = torch.cuda.get_device_name()
    used = ", ".join(" ".join(found) for found in versions(LIBRARIES).items())
    table = [
        "| | s | times the floor | peak GiB | |",
        "|---|---|---|---|---|",
        *map(_line, lines),
        "",
        f"One {device}, {used}, median of {options.rounds}, {datetime.date.today()}.",
    ]
    sys.stdout.write("\n".join([*table, ""]))
    if options.write:
        write_between(PAGE, BEGIN, END, table)


def _lines(place: Path, words: list[str], options: argparse.Namespace) -> Iterator[Line]:
    draw = random.Random(0)
    asked = {
        "scoring": [made_up.scored(words, draw) for _ in range(options.texts)],
        "generation": [made_up.prompted(words, draw) for _ in range(options.prompts)],
    }
    parts = [part for part in asked if part in options.only]
    theirs = {}
    if parts:
        network, tokenizer = _plain(place)
        for part in parts:
            ask = peer(network, tokenizer, BATCH)
            timed(ask, asked[part][:BATCH])
            theirs[part] = _measured(ask, asked[part], 1)
        del network, ask
        free_memory()
    engine = _engine(place, "bfloat16")
    floors = _floors(engine, asked)
    yield Line("weights", 0.0, gib=torch.cuda.memory_allocated() / GIB)
    mine = {}
    for part in parts:
        timed(ours(engine), asked[part][:BATCH])
        mine[part] = _measured(ours(engine), asked[part], options.rounds)
        for who, found in ((f"lm-eval in batches of {BATCH}", theirs[part]), ("michi", mine[part])):
            ratio = theirs[part].seconds / found.seconds
            note = f"**{ratio:.1f}** times as fast" if who == "michi" else ""
            yield _said(Line(f"{part}, {who}", found.seconds, floors[part], found.gib, note))
    folders = []
    if "adapters" in options.only or "nf4" in options.only:
        seeds = range(options.adapters)
        folders = [made_up.adapter(place, engine.network, seed) for seed in seeds]
    if "adapters" in options.only:
        for part in asked:
            yield _adapters(part, engine, folders, asked[part], floors[part])
    if "nf4" in options.only:
        bare = _measured(ours(engine), asked["scoring"], 2).seconds
    engine.close()
    if "nf4" in options.only:
        yield from _nf4(place, folders[0], asked["scoring"], bare, floors["scoring"])
    if "texts" in options.only:
        halves = {
            who: found["scoring"].answers
            for who, found in (("lm-eval", theirs), ("michi", mine))
            if "scoring" in found
        }
        yield from _in_float32(place, asked, halves)


@dataclass(frozen=True, slots=True)
class Measured:
    """The last answers, the median of the seconds, and the most memory in use."""

    answers: Answers
    seconds: float
    gib: float


def _measured(ask: Ask, asked: list[Request], rounds: int) -> Measured:
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    found = [timed(ask, asked) for _ in range(rounds)]
    seconds = statistics.median(seconds for _, seconds in found)
    return Measured(found[-1][0], seconds, torch.cuda.max_memory_allocated() / GIB)


def _floors(engine: LocalEngine, asked: dict[str, list[Request]]) -> dict[str, float]:
    """Seconds that the chip alone would need."""
    chip = _chip()
    _say(f"{chip.operations / 1e12:.0f} TFLOP/s, {chip.traffic / 1e12:.2f} TB/s")
    weights = sum(p.numel() for n, p in engine.network.named_parameters() if "embed" not in n)
    tokens = {part: sum(len(q.prompt.split()) for q in asked[part]) for part in asked}
    steps = 32 * len(asked["generation"]) / 128
    continued = 6 * len(asked["scoring"])
    return {
        "scoring": 2 * weights * (tokens["scoring"] + continued) / chip.operations,
        "generation": 2 * weights * tokens["generation"] / chip.operations
        + steps * 2 * engine.network.num_parameters() / chip.traffic,
    }


def _adapters(
    part: str, engine: LocalEngine, folders: list[Path], asked: list[Request], floor: float
) -> Line:
    """Each adapter's time on the one base, its loading included."""
    found, loading = [], []
    for number, folder in enumerate(folders):
        worn = Checkpoint(f"adapter{number}", engine.model, folder)
        started = time.perf_counter()
        with engine.switch.wearing(worn):
            loading.append(time.perf_counter() - started)
        found.append(_measured(ours(engine, worn), asked, 1))
    times = [one.seconds + load for one, load in zip(found, loading, strict=True)]
    note = f"each of {len(times)}, one after another: " + ", ".join(f"{t:.1f}" for t in times)
    note += f"; {statistics.median(loading):.1f} of it to load and probe"
    what = f"{part} with an adapter of rank {made_up.RANK}, michi"
    gib = max(one.gib for one in found)
    return _said(Line(what, statistics.median(times), floor, gib, note))


def _nf4(
    place: Path, folder: Path, asked: list[Request], bare: float, floor: float
) -> Iterator[Line]:
    engine = _engine(place, "bfloat16", "nf4")
    held = torch.cuda.memory_allocated() / GIB
    worn = Checkpoint("adapter", engine.model, folder)
    kinds = {"NF4": ours(engine), f"NF4 with rank {made_up.RANK}": ours(engine, worn)}
    for name, ask in kinds.items():
        timed(ask, asked[:BATCH])
        found = _measured(ask, asked, 2)
        note = f"{bare / found.seconds:.2f} of bfloat16's speed; weights {held:.1f} GiB"
        yield _said(Line(f"scoring, {name}, michi", found.seconds, floor, found.gib, note))
    engine.close()


def _in_float32(
    place: Path, asked: dict[str, list[Request]], halves: dict[str, Answers]
) -> Iterator[Line]:
    """Whether both say the same in float32, and how far half precision is from that."""
    some = {part: requests[:: max(1, len(requests) // 64)] for part, requests in asked.items()}
    engine = _engine(place, "float32")
    theirs = peer(engine.network, engine.tokenizer, 16)
    exact = ours(engine)(some["scoring"])
    worst = apart(exact, theirs(some["scoring"]))
    prompted = some["generation"]
    same = same_texts(ours(engine)(prompted), theirs(prompted))
    engine.close()
    note = f"{same} of {len(prompted)} texts equal lm-eval's, log-likelihoods within {worst:.0e}"
    yield _said(Line("in float32", 0.0, note=note))
    for who, answers in halves.items():
        note = f"log-likelihoods within {apart(exact, answers):.2f} of those in float32"
        yield _said(Line(f"in bfloat16, {who}", 0.0, note=note))
    if worst > TOLERANCE["float32"] or same < 0.99 * len(prompted):
        sys.exit("in float32 answers are not alike")


def _plain(place: Path) -> tuple[Any, Any]:
    """The model as lm-eval loads it."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    network = AutoModelForCausalLM.from_pretrained(place / "base", dtype=torch.bfloat16)
    return network.cuda().eval(), AutoTokenizer.from_pretrained(place / "base")


def _engine(place: Path, dtype: str, quantization: str | None = None) -> LocalEngine:
    folder = place / "base"
    more: dict[str, Any] = {"quantization": quantization} if quantization else {}
    model = Model("base", str(folder), datetime.date.min, dtype=dtype, **more)
    return LocalEngine(model, folder)


def _chip() -> Chip:
    size = 8192
    one, other = (torch.randn(size, size, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    big = torch.empty(GIB, dtype=torch.uint8, device="cuda")
    to = torch.empty_like(big)
    product = _seconds(lambda: one @ other)
    copy = _seconds(lambda: to.copy_(big))
    return Chip(2 * size**3 / product, 2 * GIB / copy)


def _seconds(work: Callable[[], Any]) -> float:
    """Of one call, after three."""
    for _ in range(3):
        work()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    for _ in range(10):
        work()
    end.record()
    torch.cuda.synchronize()
    return float(begin.elapsed_time(end)) / 1e4


def _line(line: Line) -> str:
    seconds = f"{line.seconds:.1f}" if line.seconds else ""
    times = f"{line.seconds / line.floor:.1f}" if line.floor else ""
    gib = f"{line.gib:.1f}" if line.gib else ""
    return f"| {line.what} | {seconds} | {times} | {gib} | {line.note} |"


def _said(line: Line) -> Line:
    _say(_line(line))
    return line


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--texts", type=int, default=768)
    parser.add_argument("--prompts", type=int, default=512)
    parser.add_argument("--adapters", type=int, default=6)
    parser.add_argument("--layers", type=int, default=None, help="fewer, to try it out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
