"""One of lm-eval's tasks as a suite of ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import DataError, MichiError, UnavailableError
from harness.lm_eval.faults import is_of_task, undone
from harness.lm_eval.identity import config_hash, public_config
from harness.lm_eval.judging import RESAMPLES, Judged, judged
from harness.lm_eval.library import FEWSHOT_SEED, NUMPY_SEED, load_task, quiet
from harness.lm_eval.model import Asked, language_model, needs_greediness
from harness.records import Ask, Grade, Graded, Request, Response, Sample
from harness.tasks import ChatTemplate, Study


@dataclass(slots=True)
class LmEval:
    """Asks what a task of lm-eval asks, and has lm-eval judge the answers.

    name: lm-eval's. include_path: a folder of YAML files where it is looked for first.
    num_fewshot: as lm-eval's option: how many examples, but for a task that sets 0. chats: whether
    prompts are written by the model's chat template, examples as turns of their own, as lm-eval's
    --apply_chat_template does. template: that of the model that is asked.
    """

    name: str
    include_path: Path | None = None
    num_fewshot: int | None = None
    chats: bool = False
    template: ChatTemplate | None = field(default=None, repr=False)
    _judged: Judged | None = field(default=None, init=False, repr=False)
    _limit: int | None = field(default=None, init=False, repr=False)

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`. config: hash of what the YAML says but for places of data."""
        task = self._task()
        figures = self._judged.figures if self._judged else []
        lower = [figure.score for figure in figures if figure.lower]
        bare = [figure.name for figure in figures if not figure.share]
        return {
            "lm_eval_task": self.name,
            "version": str(task.VERSION),
            "config": config_hash(task.config.to_dict(keep_callable=True)),
            "num_fewshot": task.get_config("num_fewshot"),
            "fewshot_seed": FEWSHOT_SEED,
            **({"chat_template": True, "fewshot_as_multiturn": True} if self.chats else {}),
            **({"lower_is_better": lower} if lower else {}),
            **({"no_shares": bare} if bare else {}),
        }

    def templated(self, template: ChatTemplate) -> LmEval:
        """See `ConductedTask`."""
        return dataclasses.replace(self, template=template)

    def conduct(self, limit: int | None, ask: Ask) -> list[Graded]:
        """See `ConductedTask`. Raises ConfigError, DataError and UnavailableError.

        A limit takes the first documents, as lm-eval's does.
        """
        task = self._task()
        asked = Asked()
        failed: list[Exception] = []

        def put(requests: Sequence[Request]) -> Mapping[Request, Response]:
            try:
                return ask(requests)
            except Exception as error:
                failed.append(error)
                raise

        with quiet():
            from lm_eval.evaluator import evaluate

            task.set_fewshot_seed(FEWSHOT_SEED)
            tasks = {"tasks": {self.name: task}}
            model = language_model(put, asked, self.template)
            try:
                outcome = evaluate(
                    model,
                    tasks,
                    limit=limit,
                    bootstrap_iters=RESAMPLES,
                    apply_chat_template=self.chats,
                    fewshot_as_multiturn=self.chats,
                )
            except Exception as error:
                if isinstance(error, MichiError) or error in failed:
                    raise
                raise DataError(undone(task, error)) from error
            try:
                self._judged = judged(task, outcome, asked)
            except Exception as error:
                if not is_of_task(error):
                    raise
                raise DataError(undone(task, error)) from error
        self._limit = limit
        return self._judged.graded

    def check(self, answers: Sequence[tuple[Request, Response]]) -> None:
        """See `ConductedTask`. Raises UnavailableError where greediness is wanted and not told."""
        if not needs_greediness(self._task()):
            return
        if any(r.finish == "scored" and q.continuations and not r.greedy for q, r in answers):
            raise UnavailableError(
                "this model's server does not tell whether a text is the one that it would write "
                "itself, which is what the task measures."
            )

    def study(self, graded: Sequence[tuple[Sample, Grade]]) -> Study:
        """lm-eval's figures with intervals of ours, and what its result files say of the task."""
        assert self._judged is not None, "conducted before it is measured"
        task = self._task()
        told = {
            "output_type": task.OUTPUT_TYPE,
            "version": task.VERSION,
            "num_fewshot": task.get_config("num_fewshot"),
            "documents": len(task.eval_docs),
            "limit": self._limit,
            "higher_is_better": {f.name: not f.lower for f in self._judged.figures},
            "stderr": {f.name: f.stderr for f in self._judged.figures},
            "bootstrap_iters": RESAMPLES,
            "seeds": {"random_seed": 0, "numpy_seed": NUMPY_SEED, "fewshot_seed": FEWSHOT_SEED},
            "config": public_config(task.dump_config()),
            "chat_template": self.template.text if self.template else None,
        }
        return Study(self._judged.measures, {"lm_eval": told})

    def _task(self) -> Any:
        return load_task(self.name, self.include_path, self.num_fewshot)
