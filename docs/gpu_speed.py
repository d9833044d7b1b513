"""How fast a model of Gemma-7B's shape is asked on a GPU, beside lm-eval's HFLM in one process.

    python docs/gpu_speed.py --write               # all of it: about ten minutes, 80 GB of memory
    python docs/gpu_speed.py --only scoring,nf4    # parts

Weights are random, words are single tokens, so both see the same lengths: 768 texts of 80 to 500
tokens with two continuations of three, and 512 prompts of 150 to 600 after which 32 tokens are
written. lm-eval runs on the engine's own network, in batches of 64 as in the reference figures.

The floor is what the chip alone would need: two operations a weight and token at the speed of a
large matrix product, and for each step of 128 rows the weights read once at the speed of a copy.
Both speeds are measured first. Random weights prefer no word, and half precision writes other texts
with another batch; so texts are compared in float32.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from hflm import Answers, Ask, apart, ours, peer, same_texts, timed
from page import write_between

from harness.engines.likeness import TOLERANCE
from harness.engines.local import LocalEngine
from harness.records import Checkpoint, Model, Request
from training.speed import make_base

PAGE = Path(__file__).with_name("performance.md")
BEGIN, END = "<!-- gpu: written by docs/gpu_speed.py -->", "<!-- end of gpu -->"
PARTS = ("scoring", "generation", "adapters", "nf4", "texts")
WORDS, BATCH, RANK = 256_000, 64, 64
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
        words = _tokenizer(place / "tokenizer")
        make_base(place / "base", place / "tokenizer", options.layers, _say)
        lines = list(_lines(place, words, options))
    device = torch.cuda.get_device_name()
    used = ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)
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


def _lines(place: Path, words: list[str], options: argparse.Namespace) -> Any:
    chip = _chip()
    yield Line(
        f"a product of matrices, {chip.operations / 1e12:.0f} TFLOP/s; "
        f"a copy, {chip.traffic / 1e12:.2f} TB/s",
        0.0,
    )
    draw = random.Random(0)
    scored = [_scored(words, draw) for _ in range(options.texts)]
    prompted = [_prompted(words, draw) for _ in range(options.prompts)]
    engine = _engine(place, "bfloat16")
    weights = sum(p.numel() for n, p in engine.network.named_parameters() if "embed" not in n)
    held = torch.cuda.memory_allocated() / GIB
    yield Line("weights", 0.0, gib=held)
    to_score = sum(len(q.prompt.split()) + 6 for q in scored)
    to_read = sum(len(q.prompt.split()) for q in prompted)
    steps = 32 * len(prompted) / 128
    floor = {
        "scoring": 2 * weights * to_score / chip.operations,
        "generation": 2 * weights * to_read / chip.operations
        + steps * 2 * engine.network.num_parameters() / chip.traffic,
    }
    asked = {"scoring": scored, "generation": prompted}
    for part in ("scoring", "generation"):
        if part in options.only:
            yield from _beside(part, engine, asked[part], floor[part], options.rounds)
    if "adapters" in options.only or "nf4" in options.only:
        folders = [_adapter(place, engine.network, seed) for seed in range(options.adapters)]
    if "adapters" in options.only:
        for part in ("scoring", "generation"):
            yield from _adapters(part, engine, folders, asked[part], floor[part])
    if "nf4" in options.only:
        _, bare = _median(ours(engine), scored, 1)
        engine = _closed(engine)
        yield from _nf4(place, folders[0], scored, bare, floor["scoring"])
    if "texts" in options.only:
        _closed(engine)
        yield _texts(place, scored[:: len(scored) // 64], prompted[:: len(prompted) // 64])


def _beside(part: str, engine: LocalEngine, asked: list[Request], floor: float, rounds: int) -> Any:
    """Ours and lm-eval's, in turns."""
    theirs = peer(engine, BATCH)
    timed(ours(engine), asked[:BATCH])
    timed(theirs, asked[:BATCH])
    mine, seconds, gib = _peak(ours(engine), asked, rounds)
    other, their_seconds, their_gib = _peak(theirs, asked, 1)
    note = ""
    if part == "scoring":
        worst = apart(mine, other)
        note = f"log-likelihoods within {worst:.2f} of lm-eval's"
        if worst > TOLERANCE["bfloat16"]:
            note += ", **more than 0.25**"
    yield _said(Line(f"{part}, lm-eval in batches of {BATCH}", their_seconds, floor, their_gib))
    ratio = f"**{their_seconds / seconds:.1f}** times as fast"
    yield _said(Line(f"{part}, michi", seconds, floor, gib, f"{ratio}; {note}".strip("; ")))


def _adapters(
    part: str, engine: LocalEngine, folders: list[Path], asked: list[Request], floor: float
) -> Any:
    """Each adapter's time on the one base, its loading included."""
    times, peaks = [], []
    for number, folder in enumerate(folders):
        worn = Checkpoint(f"adapter{number}", engine.model, folder)
        _, seconds, gib = _peak(ours(engine, worn), asked, 1)
        times.append(seconds)
        peaks.append(gib)
    spread = f"each of {len(times)}, loaded one after another: " + ", ".join(
        f"{seconds:.1f}" for seconds in times
    )
    what = f"{part} with an adapter of rank {RANK}, michi"
    yield _said(Line(what, statistics.median(times), floor, max(peaks), spread))


def _nf4(place: Path, folder: Path, asked: list[Request], bare: float, floor: float) -> Any:
    engine = _engine(place, "bfloat16", "nf4")
    held = torch.cuda.memory_allocated() / GIB
    worn = Checkpoint("adapter", engine.model, folder)
    timed(ours(engine, worn), asked[:BATCH])
    for name, ask in (("NF4", ours(engine)), (f"NF4 with rank {RANK}", ours(engine, worn))):
        _, seconds, gib = _peak(ask, asked, 2)
        note = f"{bare / seconds:.2f} of bfloat16's speed without adapter; weights {held:.1f} GiB"
        yield _said(Line(f"scoring, {name}, michi", seconds, floor, gib, note))
    _closed(engine)


def _texts(place: Path, scored: list[Request], prompted: list[Request]) -> Line:
    """Whether both say the same in float32."""
    engine = _engine(place, "float32")
    theirs = peer(engine, 16)
    worst = apart(ours(engine)(scored), theirs(scored))
    mine, other = ours(engine)(prompted), theirs(prompted)
    same = same_texts(mine, other)
    _closed(engine)
    if worst > TOLERANCE["float32"] or same < 0.99 * len(prompted):
        sys.exit(f"float32: within {worst:.1e}, {same} of {len(prompted)} texts are alike")
    note = f"{same} of {len(prompted)} texts equal, log-likelihoods within {worst:.0e}"
    return _said(Line("in float32, beside lm-eval", 0.0, note=note))


def _peak(ask: Ask, asked: list[Request], rounds: int) -> tuple[Answers, float, float]:
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    answers, seconds = _median(ask, asked, rounds)
    return answers, seconds, torch.cuda.max_memory_allocated() / GIB


def _median(ask: Ask, asked: list[Request], rounds: int) -> tuple[Answers, float]:
    found = [timed(ask, asked) for _ in range(rounds)]
    return found[-1][0], statistics.median(seconds for _, seconds in found)


def _engine(place: Path, dtype: str, quantization: str | None = None) -> LocalEngine:
    folder = place / "base"
    more: dict[str, Any] = {"quantization": quantization} if quantization else {}
    model = Model("base", str(folder), datetime.date.min, dtype=dtype, **more)
    return LocalEngine(model, folder)


def _closed(engine: LocalEngine) -> Any:
    engine.close()
    gc.collect()
    torch.cuda.empty_cache()


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


def _tokenizer(folder: Path) -> list[str]:
    """A tokenizer of words that are one token each. Returns them."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    single = [chr(code) for code in range(33, 127)]  # what the engine's probes are written in
    words = [f"w{number}" for number in range(WORDS - len(special) - len(single))]
    vocabulary = {word: number for number, word in enumerate([*special, *single, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"w\d+|\S"), "removed", invert=True)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        unk_token="<unk>",
    ).save_pretrained(folder)
    (folder / "chat_template.jinja").write_text("{{ messages[0].content }}", "utf-8")
    return words


def _text(words: list[str], draw: random.Random, low: int, high: int) -> str:
    return " ".join(draw.choices(words, k=draw.randrange(low, high)))


def _scored(words: list[str], draw: random.Random) -> Request:
    choices = tuple(" " + _text(words, draw, 3, 4) for _ in range(2))
    return Request(_text(words, draw, 80, 500), chat=False, joint=True, continuations=choices)


def _prompted(words: list[str], draw: random.Random) -> Request:
    text = _text(words, draw, 150, 600)
    return Request(text, chat=False, joint=True, max_new_tokens=32, stop=("w9999999",))


def _adapter(place: Path, network: Any, seed: int) -> Path:
    """LoRA of random factors on every linear layer, as peft saves it."""
    import json

    from safetensors.torch import save_file

    folder = place / f"adapter{seed}"
    folder.mkdir()
    torch.manual_seed(seed)
    factors = {}
    names = set()
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.Linear) and "lm_head" not in name:
            names.add(name.rsplit(".", 1)[-1])
            key = f"base_model.model.{name}.lora_"
            factors[key + "A.weight"] = torch.randn(RANK, module.in_features) * 0.01
            factors[key + "B.weight"] = torch.randn(module.out_features, RANK) * 0.01
    save_file(factors, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": RANK,
        "lora_alpha": RANK // 2,
        "target_modules": sorted(names),
        "base_model_name_or_path": "base",
    }
    (folder / "adapter_config.json").write_text(json.dumps(config), "utf-8")
    return folder


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


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", type=lambda text: _parts(text), default=PARTS)
    parser.add_argument("--texts", type=int, default=768)
    parser.add_argument("--prompts", type=int, default=512)
    parser.add_argument("--adapters", type=int, default=6)
    parser.add_argument("--layers", type=int, default=None, help="fewer, to try it out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    return parser.parse_args()


def _parts(text: str) -> Sequence[str]:
    return tuple(part for part in text.split(",") if part in PARTS)


if __name__ == "__main__":
    main()
