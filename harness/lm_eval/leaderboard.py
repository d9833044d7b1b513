"""jsquad and marc_ja asked word for word as lm-eval's ja_leaderboard tasks ask.

lm-eval's own task object is built from its own YAML, with local files in the published form in
place of the data set on the hub. It writes the prompts and draws the examples; grading and figures
stay ours, whose `exact_match_lm_eval` and `accuracy` are lm-eval's `exact_match` and `acc`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.config.suites import LEADERBOARD, Suites
from harness.lm_eval.identity import config_hash
from harness.lm_eval.library import FEWSHOT_SEED, load_local, quiet, read_config
from harness.lm_eval.model import generation
from harness.records import Grade, Request, Response, Sample
from harness.tasks import AskedTask, Measure, Task
from harness.tasks.jsquad import JSQuAD, questions
from harness.tasks.marc_ja import MarcJa, reviews

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """A task of ours with lm-eval's prompts. fewshot: the file that examples are drawn from.

    Which examples those are is in the identity's hash of samples: prompts show them.
    """

    task: AskedTask
    fewshot: Path

    @property
    def name(self) -> str:
        """See `Task.name`."""
        return self.task.name

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        name = LEADERBOARD[self.name]
        config = read_config(name)
        choices = config.get("doc_to_choice")
        return {
            "prompts": f"lm-eval {name}",
            "version": str((config.get("metadata") or {}).get("version")),
            "config": config_hash(config),
            "num_fewshot": config.get("num_fewshot"),
            "fewshot_seed": FEWSHOT_SEED,
            **({"answers": choices} if isinstance(choices, list) else {}),
        }

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`. A limit leaves each question the examples that it has among all."""
        samples = self.task.load(path)
        asked = _requests(self.name, path, self.fewshot)
        return [
            dataclasses.replace(sample, request=request)
            for sample, request in zip(samples, asked, strict=True)
        ]

    def grade(self, sample: Sample, response: Response) -> Grade:
        """See `Task.grade`."""
        return self.task.grade(sample, response)

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
        """See `Task.measure`."""
        return self.task.measure(graded)


def as_asked(task: Task, suites: Suites) -> Task:
    """A task as [suites] has it asked: jsquad and marc_ja with lm-eval's prompts, if it says so."""
    fewshot = suites.fewshot.get(task.name)
    if fewshot is None or not isinstance(task, (JSQuAD, MarcJa)):
        return task
    return Leaderboard(task, fewshot)


@lru_cache(maxsize=4)
def _requests(task: str, path: Path, fewshot: Path) -> list[Request]:
    """What is asked of each row of a file, in its order. Raises DataError for either file."""
    name, read = LEADERBOARD[task], DOCUMENTS[task]
    built = load_local(name, {"train": list(read(fewshot)), "validation": list(read(path))})
    with quiet():
        built.set_fewshot_seed(FEWSHOT_SEED)
        built.build_all_requests()
    by_row: dict[int, list[Any]] = {}
    for instance in built.instances:
        by_row.setdefault(instance.doc_id, []).append(instance)
    return [_request(instances, name) for instances in by_row.values()]


def _request(instances: Sequence[Any], name: str) -> Request:
    context, last = instances[0].args
    if instances[0].request_type == "generate_until":
        return generation(context, last, task=name)
    offered = [instance.args[1] for instance in instances]
    # White space before an answer belongs to it however it is written (`harness.engines.joint`);
    # without it the answers are our labels.
    space = offered[0][: len(offered[0]) - len(offered[0].lstrip())]
    return Request(
        context + space,
        chat=False,
        continuations=tuple(text.removeprefix(space) for text in offered),
        joint=True,
    )


def _jsquad(path: Path) -> Iterator[Document]:
    """SQuAD's questions as the data set on the hub has them."""
    for _, title, context, question in questions(path):
        answers = question["answers"]
        yield {
            "id": str(question["id"]),
            "title": title,
            "context": context,
            "question": question["question"],
            "answers": {
                "text": [str(answer["text"]) for answer in answers],
                "answer_start": [int(answer.get("answer_start", -1)) for answer in answers],
            },
            "is_impossible": bool(question.get("is_impossible", False)),
        }


def _marc_ja(path: Path) -> Iterator[Document]:
    """Reviews as the data set on the hub has them: 0 is positive, 1 negative."""
    for _, id, text, label in reviews(path):
        yield {"review_id": id, "sentence": text, "label": int(label == "negative")}


DOCUMENTS: Mapping[str, Callable[[Path], Iterator[Document]]] = {
    "jsquad": _jsquad,
    "marc_ja": _marc_ja,
}
