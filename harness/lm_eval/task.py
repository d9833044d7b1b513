"""One of lm-eval's tasks as a suite of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.lm_eval.identity import config_hash
from harness.lm_eval.judging import Judged, judged
from harness.lm_eval.library import FEWSHOT_SEED, load_task, quiet
from harness.lm_eval.model import Asked, language_model
from harness.records import Ask, Grade, Graded, Sample
from harness.tasks import Study


@dataclass(slots=True)
class LmEval:
    """Asks what a task of lm-eval asks, and has lm-eval judge the answers.

    name: lm-eval's. include_path: a folder of YAML files where it is looked for first.
    num_fewshot: as lm-eval's option: how many examples, but for a task that sets 0.
    """

    name: str
    include_path: Path | None = None
    num_fewshot: int | None = None
    _judged: Judged | None = field(default=None, init=False, repr=False)

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
            "config": config_hash(task.dump_config()),
            "num_fewshot": task.get_config("num_fewshot"),
            "fewshot_seed": FEWSHOT_SEED,
            **({"lower_is_better": lower} if lower else {}),
            **({"no_shares": bare} if bare else {}),
        }

    def conduct(self, limit: int | None, ask: Ask) -> list[Graded]:
        """See `ConductedTask`. Raises ConfigError, DataError and UnavailableError.

        A limit takes the first documents, as lm-eval's does.
        """
        task = self._task()
        asked = Asked()
        with quiet():
            from lm_eval.evaluator import evaluate

            task.set_fewshot_seed(FEWSHOT_SEED)
            model = language_model(ask, asked, greediness=task.OUTPUT_TYPE == "loglikelihood")
            try:
                outcome = evaluate(
                    model, {"tasks": {self.name: task}}, limit=limit, bootstrap_iters=0
                )
                self._judged = judged(task, outcome, asked)
            except OverflowError as error:
                raise DataError(
                    f"lm-eval's task {self.name}: a perplexity is too large to be a number. "
                    "word_perplexity counts words between white space, of which Japanese has none: "
                    "set metric_list to bits_per_byte or byte_perplexity."
                ) from error
        return self._judged.graded

    def study(self, graded: Sequence[tuple[Sample, Grade]]) -> Study:
        """lm-eval's figures with intervals of ours, and what its result files say of the task."""
        assert self._judged is not None, "conducted before it is measured"
        task = self._task()
        return Study(
            self._judged.measures,
            {
                "lm_eval": {
                    "output_type": task.OUTPUT_TYPE,
                    "version": task.VERSION,
                    "num_fewshot": task.get_config("num_fewshot"),
                    "documents": len(task.eval_docs),
                    "higher_is_better": {f.name: not f.lower for f in self._judged.figures},
                }
            },
        )

    def _task(self) -> Any:
        return load_task(self.name, self.include_path, self.num_fewshot)
