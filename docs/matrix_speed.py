"""How long a matrix of seven checkpoints takes, beside lm-eval run seven times, on a CPU.

    python docs/matrix_speed.py             # the embedded model with its adapters
    python docs/matrix_speed.py --model FOLDER --jsquad FILE --reviews FILE

Whole processes, each from its start to its end, one after another: ours once for all checkpoints,
with nothing stored; lm-eval's command line once for each, in the batches of BATCHES in which a
fifth of it went fastest; ours with nothing stored, and again. Another model gets six adapters of
random numbers, small enough that texts stay texts. Answers must agree. A run of its own tells what
is not the model's forward passes. Writes docs/performance.md if --write is given.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from matrix_peer import Peer, Took, likelihoods, texts, timed, write_tasks
from page import write_between

from harness.jsonl import read_whole_rows
from harness.records import Model
from harness.tasks.jsquad import JSQuAD
from harness.tasks.marc_ja import MarcJa

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("performance.md")
MARKERS = "<!-- {}: written by docs/matrix_speed.py -->", "<!-- end of {} -->"
EMBEDDED = ROOT / "fixtures/models/michi-mini"
ADAPTERS = ("general-short", "general-long", "qa-short", "qa-long", "both-short", "both-long")
BATCHES = (8, 16, 32)
# Both find their modules compiled, whatever the shell says; warming up compiles them.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


@dataclass(slots=True)
class Found:
    """What each round took. theirs: all seven processes; listing: seconds of one of them."""

    batch: int
    theirs: list[Took] = field(default_factory=list)
    listing: list[float] = field(default_factory=list)
    first: list[Took] = field(default_factory=list)
    again: list[Took] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Share:
    """Seconds of a whole run, of its forward passes, before the first and after the last."""

    whole: float
    forward: float
    before: float
    after: float


def main() -> None:
    """Print and perhaps write the table. Exits with 1 where answers don't agree."""
    options = _options()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        environment = {
            **ENVIRONMENT,
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_OFFLINE": "1",
            "HF_DATASETS_CACHE": str(folder / "cache"),
        }
        adapters = {"base": None, **_adapters(options.model, folder)}
        matrix, sizes, tasks = _prepared(options, adapters, folder)
        peer = Peer(options.model, options.dtype, tasks, environment)
        # First what takes minutes: what breaks does so before what takes a quarter of an hour.
        share, imported = _probed(matrix, environment, folder)
        found = _timed(options.rounds, adapters, matrix, peer, folder)
        agreement = _agreement(adapters, folder)
    lines = _lines(found, share, imported, agreement, sizes)
    place = (
        f"{options.model.name}, {options.dtype}, {os.environ.get('OMP_NUM_THREADS') or 'all'} "
        f"of {os.cpu_count()} cores of a {platform.machine()} CPU, "
        + ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "peft"))
        + f", lm-eval {version('lm_eval')}, {options.rounds} rounds, {datetime.date.today()}."
    )
    sys.stdout.write("\n".join([*lines, "", place, ""]))
    if options.write:
        what = "matrix" if options.model == EMBEDDED else "matrix of another model"
        begin, end = (marker.format(what) for marker in MARKERS)
        write_between(PAGE, begin, end, [*lines, "", place])


def _adapters(model: Path, folder: Path) -> dict[str, Path]:
    """Six of the embedded model's, or six of random numbers on all linear layers."""
    if model == EMBEDDED:
        return {name: ROOT / "fixtures/adapters" / name for name in ADAPTERS}
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    made = {}
    for seed in range(1, 7):
        torch.manual_seed(seed)
        network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
        config = LoraConfig(r=8, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
        network = get_peft_model(network, config)
        for name, weight in network.named_parameters():
            if "lora_B" in name:  # zero as peft makes it, which changes nothing
                torch.nn.init.normal_(weight, std=0.02 * weight.shape[0] ** -0.5)
        made[f"tuned-{seed}"] = folder / f"adapters/tuned-{seed}"
        network.save_pretrained(made[f"tuned-{seed}"])
    return made


def _prepared(
    options: argparse.Namespace, adapters: Mapping[str, Path | None], folder: Path
) -> tuple[Path, tuple[int, int], Path]:
    """Matrix, how many questions and reviews are asked of each checkpoint, and lm-eval's tasks."""
    document = json.loads(options.jsquad.read_text("utf-8"))
    left = options.questions
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["qas"] = paragraph["qas"][:left]
            left -= len(paragraph["qas"])
    questions, reviews = folder / "questions.json", folder / "reviews.jsonl"
    questions.write_text(json.dumps(document), "utf-8")
    rows = options.reviews.read_text("utf-8").splitlines(keepends=True)
    reviews.write_text("".join(rows[: options.texts]), "utf-8")
    lines = [
        f'[models.model]\nweights = "{options.model}"\nreleased = 2025-01-01\n'
        f'dtype = "{options.dtype}"\n'
        f'[data.jsquad]\npath = "{questions}"\n[data.marc_ja]\npath = "{reviews}"\n'
    ]
    for name, adapter in adapters.items():
        own = f'adapter = "{adapter}"\n' if adapter else "baseline = true\n"
        lines.append(f'[checkpoints.{name}]\nmodel = "model"\ndataset = "{name}"\n{own}')
    matrix = folder / "matrix.toml"
    matrix.write_text("".join(lines), "utf-8")
    asked, scored = JSQuAD().load(questions), MarcJa().load(reviews)
    model = Model("model", str(options.model), datetime.date.min, dtype=options.dtype)
    return matrix, (len(asked), len(scored)), write_tasks(folder / "tasks", model, asked, scored)


def _timed(
    rounds: int, adapters: Mapping[str, Path | None], matrix: Path, peer: Peer, folder: Path
) -> Found:
    """All rounds. What warms up is not counted; each round of ours begins without a store."""
    last = list(adapters.values())[-1]
    tried = {b: peer.run(last, b, folder / f"warm-{b}", "--limit", "0.2") for b in BATCHES}
    found = Found(min(tried, key=lambda batch: tried[batch].wall))
    timed(_command(matrix, folder / "warm", "--eval-limit", "8"), peer.environment, ROOT)
    for number in range(rounds):
        # Before and after theirs: in their quarter of an hour a machine may become slower.
        early = _command(matrix, folder / f"early-{number}")
        found.first.append(timed(early, peer.environment, ROOT))
        out = folder / f"theirs-{number}"
        runs = [peer.run(a, found.batch, out / name) for name, a in adapters.items()]
        found.theirs.append(Took(sum(r.wall for r in runs), sum(r.cores for r in runs)))
        found.listing.append(peer.listing())
        command = _command(matrix, folder / f"ours-{number}")
        found.first.append(timed(command, peer.environment, ROOT))
        found.again += [timed(command, peer.environment, ROOT) for _ in range(3)]
    return found


def _command(matrix: Path, reports: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "pytest", "evals", "-q", "-k", "jsquad or marc_ja"),
        *("--eval-matrix", str(matrix), "-o", f"eval_reports={reports}", *more),
    ]


def _agreement(adapters: Mapping[str, Path | None], folder: Path) -> str:
    """How far both say the same, all checkpoints. Raises SystemExit beyond what the goals allow.

    Of both words' log-likelihoods the difference is compared: lm-eval counts a line break before
    them, too.
    """
    shares, worst = [], 0.0
    for name in adapters:
        theirs, ours = folder / "theirs-0" / name, folder / "ours-0/latest/samples" / name
        said, scored = texts(theirs), likelihoods(theirs)
        rows = read_whole_rows(ours / "jsquad.jsonl")
        alike = sum(said[row["id"]].strip() == row["response"].strip() for row in rows)
        shares.append(alike / len(rows))
        if shares[-1] < 0.99:
            sys.exit(f"{name}: only {alike} of {len(rows)} texts are alike")
        for row in read_whole_rows(ours / "marc_ja.jsonl"):
            (a, b), (c, d) = row["logprobs"], scored[row["id"]]
            worst = max(worst, abs((a - b) - (c - d)))
    if worst > 1e-3:
        sys.exit(f"log-likelihoods differ by {worst:.1e}")
    return f"texts {100 * min(shares):.1f} % and more alike, likelihoods within {worst:.0e}"


def _probed(
    matrix: Path, environment: Mapping[str, str], folder: Path
) -> tuple[Share, Sequence[str]]:
    """What a first run spends besides forward passes; what heavy libraries a second imports."""
    file = folder / "probe.json"
    environment = {**environment, "MATRIX_PROBE": str(file), "PYTHONPATH": str(ROOT / "docs")}
    command = _command(matrix, folder / "probed", "-p", "matrix_probe")
    begun = time.time()
    whole = timed(command, environment, ROOT).wall
    told: dict[str, Any] = json.loads(file.read_text("utf-8"))
    share = Share(whole, told["forward"], told["first"] - begun, begun + whole - told["last"])
    timed(command, environment, ROOT)
    return share, json.loads(file.read_text("utf-8"))["heavy"]


def _lines(
    found: Found, share: Share, imported: Sequence[str], agreement: str, sizes: tuple[int, int]
) -> list[str]:
    theirs, first, again = (_median(took) for took in (found.theirs, found.first, found.again))
    listing = statistics.median(found.listing)
    rest = share.whole - share.forward
    ends = f"{share.before:.1f} before the first, {share.after:.1f} after the last"
    unlisted = (theirs.wall - 7 * listing, theirs.cores - 7 * listing)
    return [
        f"| seven checkpoints, {sizes[0]} questions and {sizes[1]} reviews each | s "
        "| s of all cores | |",
        "|---|---:|---:|---|",
        f"| lm-eval, seven runs (batches of {found.batch}) | {theirs.wall:.1f} | {theirs.cores:.1f}"
        f" | {7 * listing:.1f} of it its list of all tasks, which no option avoids |",
        f"| michi, one run | {first.wall:.1f} | {first.cores:.1f} "
        f"| **{theirs.wall / first.wall:.2f}×** as fast, {unlisted[0] / first.wall:.2f}× without "
        f"that list; in seconds of all cores {theirs.cores / first.cores:.2f}× and "
        f"{unlisted[1] / first.cores:.2f}×; {agreement} |",
        f"| michi again, unchanged | {again.wall:.2f} | {again.cores:.2f} "
        f"| **{first.wall / again.wall:.1f}×** as fast as the first; "
        f"imports {' and '.join(imported) or 'neither torch nor transformers'} |",
        f"| a first run's time but for forward passes | {rest:.1f} | "
        f"| **{rest / share.whole:.1%}** of {share.whole:.1f}: {ends} |",
    ]


def _median(took: Sequence[Took]) -> Took:
    return Took(*(statistics.median(getattr(t, part) for t in took) for part in ("wall", "cores")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=EMBEDDED)
    parser.add_argument("--jsquad", type=Path, default=ROOT / "fixtures/data/reading.json")
    parser.add_argument("--reviews", type=Path, default=ROOT / "fixtures/data/reviews.jsonl")
    parser.add_argument("--questions", type=int, default=300, help="asked of each checkpoint")
    parser.add_argument("--texts", type=int, default=400, help="reviews scored by each checkpoint")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    options.model = options.model.resolve()
    return options


if __name__ == "__main__":
    main()
