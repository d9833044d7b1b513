"""Do we say what lm-eval says? The same tasks by its own HFLM and through our engine.

    OMP_NUM_THREADS=1 python docs/lm_eval_parity.py --model FOLDER --jglue FOLDER \
        --squad-train FILE --reviews FILE --reviews-train FILE

Takes published files: JGLUE's jsquad-valid and jcommonsenseqa, labelled reviews, and for examples a
SQuAD file and more reviews. lm-eval's YAML files are included as installed, with local files in
place of the data sets; nothing is downloaded. Writes the table between the two markers in
docs/lm_eval.md; an hour on one core with 24 M parameters.
"""

from __future__ import annotations

import argparse
import datetime
import json
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from page import write_between

from harness.config import DataSource
from harness.engines.local import LocalEngine
from harness.evaluate import Evaluation, Workbench, evaluate
from harness.jsonl import read_rows
from harness.lm_eval.leaderboard import DOCUMENTS, Leaderboard
from harness.lm_eval.library import FEWSHOT_SEED, load_task, quiet
from harness.lm_eval.task import LmEval
from harness.records import Checkpoint, Model
from harness.store import Store
from harness.tasks.jsquad import JSQuAD
from harness.tasks.marc_ja import MarcJa

PAGE = Path(__file__).with_name("lm_eval.md")
SQUAD = "jsquad-valid-v1.3.json"
BEGIN, END = "<!-- parity: written by docs/lm_eval_parity.py -->", "<!-- end of parity -->"
# Task, what is taken of lm-eval's own YAML or written anew, and how many documents.
LEADERBOARD = {
    "ja_leaderboard_jsquad": 500,
    "ja_leaderboard_marc_ja": 400,
    "ja_leaderboard_jcommonsenseqa": 150,
}
OWN = {
    "answers_likely": (
        "jsquad",
        200,
        'output_type: loglikelihood\ndoc_to_text: "{{context}}\\n質問：{{question}}\\n答え："\n'
        'doc_to_target: "{{answers.text[0]}}"\n'
        "metric_list:\n  - {metric: perplexity, aggregation: perplexity, higher_is_better: false}\n"
        "  - {metric: acc, aggregation: mean, higher_is_better: true}\n",
    ),
    "contexts_rolling": (
        "jsquad",
        200,
        'output_type: loglikelihood_rolling\ndoc_to_text: ""\ndoc_to_target: context\n'
        "metric_list:\n"
        "  - {metric: bits_per_byte, aggregation: bits_per_byte, higher_is_better: false}\n",
    ),
    "answers_filtered": (
        "jsquad",
        100,
        'output_type: generate_until\ndoc_to_text: "{{context}}\\n質問：{{question}}\\n答え："\n'
        'doc_to_target: "{{answers.text}}"\n'
        'generation_kwargs: {until: ["\\n"], max_gen_toks: 24}\n'
        "metric_list:\n  - {metric: exact_match, aggregation: mean, higher_is_better: true}\n"
        "filter_list:\n  - {name: whole, filter: [{function: take_first}]}\n"
        '  - {name: first, filter: [{function: regex, regex_pattern: "([^、。]+)"},'
        " {function: take_first}]}\n",
    ),
}


@dataclass(frozen=True, slots=True)
class Parity:
    """How one task agrees. texts: answers written alike; likelihoods: largest difference in nats.

    greedy: continuations of which both say alike whether they are the greedy one.
    """

    task: str
    n: int
    texts: tuple[int, int]
    likelihoods: float | None
    compared: int
    greedy: tuple[int, int]
    figures: Mapping[str, tuple[float, float]]
    scores_differ: int
    seconds: tuple[float, float]


def write_tasks(folder: Path, data: Mapping[str, tuple[Path, Path | None]]) -> Path:
    """YAML files on local data in a folder. data: the rows of each task and those of examples."""
    import lm_eval.tasks
    import yaml

    home = Path(lm_eval.tasks.__file__).parent / "japanese_leaderboard"
    for name in LEADERBOARD:
        rows, examples = data[name.removeprefix("ja_leaderboard_")]
        own = {
            "include": str(home / f"{name}.yaml"),
            "task": name,
            "dataset_path": "json",
            "dataset_name": None,
            "dataset_kwargs": {"data_files": {"validation": str(rows), "train": str(examples)}},
        }
        if name == "ja_leaderboard_jsquad":  # a quarter of what lm-eval lets a model write
            own["generation_kwargs"] = {"until": ["\n\n"], "do_sample": False, "max_gen_toks": 64}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(own, allow_unicode=True), "utf-8")
    for name, (source, _, body) in OWN.items():
        files = {"data_files": {"test": str(data[source][0])}}
        text = f"task: {name}\ndataset_path: json\ntest_split: test\n"
        text += f"dataset_kwargs: {json.dumps(files)}\n"
        (folder / f"{name}.yaml").write_text(text + body, "utf-8")
    return folder


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """JSON Lines."""
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return path


def compared(name: str, folder: Path, limit: int, engine: LocalEngine, theirs: Any) -> Parity:
    """One task by both."""
    from lm_eval.evaluator import evaluate as lm_eval_evaluate

    begun = time.monotonic()
    ours = measured(LmEval(name, folder), Path(name), limit, engine)
    middle = time.monotonic()
    task = load_task(name, folder)
    task.set_fewshot_seed(FEWSHOT_SEED)
    # Logits of eight whole prompts would be a gigabyte.
    theirs.batch_size_per_gpu = 8 if task.OUTPUT_TYPE == "generate_until" else 1
    with quiet():
        outcome = lm_eval_evaluate(theirs, {"tasks": {name: task}}, limit=limit, bootstrap_iters=0)
    seconds = middle - begun, time.monotonic() - middle
    told = outcome["results"][name]
    figures = {
        r.metric: (r.value, next(v for k, v in told.items() if k in keys_of(r.metric, told)))
        for r in ours.results
    }
    first = outcome["samples"][name][0]["filter"]
    logged = [s for s in outcome["samples"][name] if s["filter"] == first]
    texts, likelihoods, greedy, differ = [], [], [], 0
    for row, sample in zip(ours.rows, logged, strict=True):
        answers = [answer[0] for answer in sample["resps"]]
        if isinstance(answers[0], str):
            same = answers[0] == row["response"]
            texts.append(same)
            differ += same and any(
                abs(row["scores"].get(f"{m},{first}", row["scores"].get(m)) - sample[m]) > 1e-9
                for m in sample["metrics"]
            )
            continue
        pairs = [a if isinstance(a, tuple) else (a, None) for a in answers]
        likelihoods += [abs(p - q) for p, (q, _) in zip(row["logprobs"], pairs, strict=True)]
        said = row["detail"]["filtered"][first]
        greedy += [s[1] == g for s, (_, g) in zip(said, pairs, strict=True) if g is not None]
    return Parity(
        name,
        len(ours.rows),
        (sum(texts), len(texts)),
        max(likelihoods) if likelihoods else None,
        len(likelihoods),
        (sum(greedy), len(greedy)),
        figures,
        differ,
        seconds,
    )


def keys_of(metric: str, told: Mapping[str, Any]) -> list[str]:
    """lm-eval's name of a figure of ours: with its filter."""
    if metric in told:
        return [metric]
    return [key for key in told if key.partition(",")[0] == metric and "_stderr" not in key]


def measured(task: Any, path: Path, limit: int | None, engine: LocalEngine) -> Evaluation:
    """A task by our engine, nothing stored before."""
    with tempfile.TemporaryDirectory() as place:
        bench = Workbench("parity", lambda: engine, Store(Path(place)), None)
        model = Model("model", "", datetime.date(2025, 1, 1))
        return evaluate(task, Checkpoint("model", model), DataSource(path, limit=limit), bench)


def same_prompts(task: Any, path: Path, name: str, folder: Path, limit: int) -> tuple[int, int]:
    """How many of our suite's prompts are lm-eval's, word for word."""
    ours = [sample.request for sample in task.load(path)[:limit]]
    theirs = load_task(name, folder)
    theirs.set_fewshot_seed(FEWSHOT_SEED)
    shots = theirs.get_config("num_fewshot")
    same = 0
    with quiet():
        for request, document in zip(ours, theirs.eval_docs, strict=False):
            context = theirs.fewshot_context(doc=document, num_fewshot=shots)
            same += request.prompt.rstrip("\n") == context
    return same, len(ours)


def lines(results: Sequence[Parity], prompts: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """The table and what stands beside it."""
    yield (
        "| task | n | same texts | largest difference of a log-likelihood (nats) "
        "| same greediness | lm-eval's HFLM | ours | s, HFLM | s, ours |"
    )
    yield "|---|---:|---:|---:|---:|---|---|---:|---:|"
    for r in results:
        texts = f"{r.texts[0]} of {r.texts[1]}" if r.texts[1] else "–"
        apart = "–" if r.likelihoods is None else f"{r.likelihoods:.1e} of {r.compared:,}"
        greedy = f"{r.greedy[0]:,} of {r.greedy[1]:,}" if r.greedy[1] else "–"
        theirs = ", ".join(f"{metric} {both[1]:.4f}" for metric, both in r.figures.items())
        ours = ", ".join(f"{both[0]:.4f}" for both in r.figures.values())
        yield (
            f"| {r.task} | {r.n} | {texts} | {apart} | {greedy} | {theirs} | {ours} "
            f"| {r.seconds[1]:.0f} | {r.seconds[0]:.0f} |"
        )
    yield ""
    differ = sum(r.scores_differ for r in results)
    alike = sum(r.texts[0] for r in results)
    yield f"Of {alike:,} answers that were written alike {differ} have other scores."
    yield ""
    told = "; ".join(f"{task} {same:,} of {n:,}" for task, (same, n) in prompts.items())
    yield f'Prompts with `prompts = "lm-eval"` that are lm-eval\'s, word for word: {told}.'


def published(folder: Path, options: argparse.Namespace) -> dict[str, tuple[Path, ...]]:
    """Questions and examples of each data set as the hub has them, in files of `folder`."""

    def commonsense(split: str) -> Iterator[Mapping[str, Any]]:
        return (row for _, row in read_rows(options.jglue / f"jcommonsenseqa-{split}-v1.3.json"))

    squad, marc = DOCUMENTS["jsquad"], DOCUMENTS["marc_ja"]
    return {
        "jsquad": (
            write_rows(folder / "squad.jsonl", squad(options.jglue / SQUAD)),
            write_rows(folder / "squad-train.jsonl", squad(options.squad_train)),
        ),
        "marc_ja": (
            write_rows(folder / "marc.jsonl", marc(options.reviews)),
            write_rows(folder / "marc-train.jsonl", marc(options.reviews_train)),
        ),
        "jcommonsenseqa": tuple(
            write_rows(folder / f"commonsense-{split}.jsonl", commonsense(split))
            for split in ("valid", "train")
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option in ("--model", "--jglue", "--squad-train", "--reviews", "--reviews-train"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--only", action="append", help="measure this task only, write nothing")
    parser.add_argument("--limit", type=int, help="documents a task at most; write nothing")
    options = parser.parse_args()
    model = Model("model", str(options.model.resolve()), datetime.date(2025, 1, 1))
    engine = LocalEngine(model, options.model)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        tasks = write_tasks(folder, published(folder, options))
        from lm_eval.models.huggingface import HFLM

        with quiet():
            theirs = HFLM(
                pretrained=str(options.model), dtype="float32", device="cpu", batch_size=1
            )
        results = []
        sizes = {**LEADERBOARD, **{name: size for name, (_, size, _) in OWN.items()}}
        for name, size in sizes.items():
            if options.only and name not in options.only:
                continue
            found = compared(name, tasks, min(size, options.limit or size), engine, theirs)
            print(found, flush=True)  # noqa: T201
            results.append(found)
        if options.only or options.limit:
            return
        prompts = {
            "jsquad": same_prompts(
                Leaderboard(JSQuAD(), options.squad_train), options.jglue / SQUAD,
                "ja_leaderboard_jsquad", tasks, 10_000,
            ),
            "marc_ja": same_prompts(
                Leaderboard(MarcJa(), options.reviews_train), options.reviews,
                "ja_leaderboard_marc_ja", tasks, 10_000,
            ),
        }  # fmt: skip
    write_between(PAGE, BEGIN, END, list(lines(results, prompts)))


if __name__ == "__main__":
    main()
