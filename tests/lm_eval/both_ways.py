"""One scripted model asked through lm-eval and through us, and what each writes of it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.config import DataSource
from harness.evaluate import Workbench, evaluate
from harness.jsonl import read_whole_rows
from harness.lm_eval.library import quiet
from harness.lm_eval.task import LmEval
from harness.records import Checkpoint, Request, Response
from harness.report.exporting import export_lm_eval
from harness.runs import Item, append_item, read_run
from harness.store import Store
from tests.lm_eval.world import DOCUMENTS
from tests.report import builder

HEAD = """task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{train: ./train.jsonl, test: ./test.jsonl}}}}
test_split: test
doc_to_text: "質問：{{{{question}}}}\\n応答："
"""
WRITE = """output_type: generate_until
doc_to_target: "{{answers[0]}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 12}
"""
CHOOSE = """output_type: multiple_choice
doc_to_target: label
doc_to_choice: choices
"""
EXACT = "metric_list:\n  - {metric: exact_match, aggregation: mean, higher_is_better: true}\n"
ACC = "metric_list:\n  - {metric: acc, aggregation: mean, higher_is_better: true}\n"


def task_of(folder: Path, name: str, body: str, functions: str = "") -> Path:
    """A folder with one task of lm-eval's on the small world's documents."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in (("train", DOCUMENTS[:5]), ("test", DOCUMENTS[2:])):
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        (folder / f"{split}.jsonl").write_text("".join(lines), "utf-8")
    (folder / f"{name}.yaml").write_text(HEAD.format(name=name) + body, "utf-8")
    if functions:
        (folder / "functions.py").write_text(functions, "utf-8")
    return folder


def drawn(*texts: str) -> int:
    return zlib.crc32("|".join(texts).encode())


def written(prompt: str) -> str:
    return ("1002円", "1005 yen", "わかりません")[drawn(prompt) % 3]


def likelihood(context: str, text: str) -> tuple[float, bool]:
    value = drawn(context, text)
    return -(value % 1000) / 37, value % 3 == 0


def answered(request: Request) -> Response:
    if not request.continuations:
        return Response(written(request.prompt), "stop", 3)
    if request.per_token:
        value, _ = likelihood("", request.continuations[0])
        return Response(request.continuations[0], "scored", 1, (value,))
    told = [likelihood(request.prompt, text) for text in request.continuations]
    values = tuple(value for value, _ in told)
    best = request.continuations[values.index(max(values))]
    return Response(best, "scored", 3, values, greedy=tuple(greedy for _, greedy in told))


class Scripted:
    """The model as an engine of ours."""

    def answer(self, checkpoint: Any, requests: Sequence[Request], skip: Any = ()) -> Any:
        yield [(request, answered(request)) for request in requests if request not in skip]

    def close(self) -> None: ...


def theirs(name: str, folder: Path, out: Path, limit: int | None = None) -> tuple[Any, Any]:
    """What lm-eval writes of it: its results, and its lines of samples."""
    from lm_eval.api.model import LM
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    class Model(LM):  # type: ignore[misc]
        def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
            return [likelihood(*request.args) for request in requests]

        def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
            return [likelihood("", request.args[0])[0] for request in requests]

        def generate_until(self, requests: list[Any]) -> list[str]:
            return [written(request.args[0]) for request in requests]

    tracker = EvaluationTracker(output_path=str(out))
    with quiet():
        import contextlib

        with contextlib.chdir(folder):
            manager = TaskManager(include_path=str(folder), include_defaults=False)
            found = simple_evaluate(
                Model(), tasks=[name], task_manager=manager, limit=limit, bootstrap_iters=1000
            )
    assert found is not None
    samples = found.pop("samples")
    tracker.general_config_tracker.model_name_sanitized = "base"
    tracker.save_results_aggregated(results=found, samples=samples)
    tracker.save_results_samples(task_name=name, samples=samples[name])
    return read(out / "base")


def ours(name: str, folder: Path, out: Path, limit: int | None = None) -> tuple[Any, Any]:
    """What we export of it, in the same form."""
    _, item, run = measured(name, folder, out, limit)
    append_item(run, item)
    export_lm_eval(read_run(run), out / "exported")
    return read(out / "exported" / "base")


def measured(
    name: str, folder: Path, out: Path, limit: int | None = None
) -> tuple[Sequence[Mapping[str, Any]], Item, Path]:
    """The sample rows of one task, and its item of a run in a folder of its own."""
    run = builder.start(out / "run", [builder.BASE])
    bench = Workbench("print", Scripted, Store(out / "store"), run)
    checkpoint = Checkpoint("base", builder.MODEL)
    done = evaluate(LmEval(name, folder), checkpoint, DataSource(Path(name), limit=limit), bench)
    return done.rows, Item("base", name, "", "measured", results=done.results), run


def read(folder: Path) -> tuple[Any, Any]:
    (results,) = folder.glob("results_*.json")
    (samples,) = folder.glob("samples_*.jsonl")
    return json.loads(results.read_text("utf-8")), read_whole_rows(samples)
