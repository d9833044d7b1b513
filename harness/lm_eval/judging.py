"""What lm-eval judged, as samples, grades and figures of ours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.comparison.scores import cluster_of
from harness.lm_eval.model import Asked
from harness.records import Grade, Graded, Interval, Outcome, Request, Response, Sample
from harness.statistics.intervals import mean_interval
from harness.tasks import Measure

# Resamples of an aggregation that is no mean; those of texts take long, and lm-eval, too, makes
# do with 100 there.
RESAMPLES = 1000
_SLOW = ("bleu", "chrf", "chrf++", "ter")
_SLOW_RESAMPLES = 100
_SEED = 20240521


@dataclass(frozen=True, slots=True)
class Figure:
    """One of lm-eval's metrics behind one of its filters, over all documents.

    name: the metric's, with its filter (as lm-eval's results spell it) where there are several.
    value: as lm-eval aggregates. items: what it aggregates, by document. share: whether it is a
    mean of figures in [0, 1], which alone can be compared answer by answer. lower: whether less is
    better.
    """

    name: str
    value: float
    items: Mapping[int, Any]
    share: bool
    lower: bool
    stderr: float | None = None

    @property
    def score(self) -> str:
        """How the figure of one answer is called: our "accuracy" is the mean of "correct"."""
        return "correct" if self.name == "accuracy" else self.name


@dataclass(frozen=True, slots=True)
class Judged:
    """What lm-eval made of one task's answers."""

    graded: list[Graded]
    measures: list[Measure]
    figures: list[Figure]


def judged(task: Any, outcome: Mapping[str, Any], asked: Asked) -> Judged:
    """Rows and figures of `lm_eval.evaluator.evaluate`'s outcome for its one task."""
    name = str(task.task_name)
    examples: dict[int, list[Mapping[str, Any]]] = {}
    for example in outcome["samples"][name]:
        examples.setdefault(example["doc_id"], []).append(example)
    instances: dict[int, list[Any]] = {}
    for instance in task.instances:
        instances.setdefault(instance.doc_id, []).append(instance)
    figures = list(_figures(outcome, name, outcome["samples"][name]))
    graded = []
    for place, found in examples.items():
        own = sorted(instances[place], key=lambda instance: instance.idx)
        graded.append(_graded(task, place, found, own, figures, asked))
    clusters = {place: row[0].cluster for place, row in zip(examples, graded, strict=True)}
    measures = [
        _measure(task, figure, clusters, headline=place == 0)
        for place, figure in enumerate(figures)
    ]
    return Judged(graded, measures, figures)


def _figures(
    outcome: Mapping[str, Any], name: str, examples: Sequence[Mapping[str, Any]]
) -> Iterator[Figure]:
    several = len({example["filter"] for example in examples}) > 1
    higher = outcome.get("higher_is_better", {}).get(name) or {}
    for key, value in outcome["results"][name].items():
        metric, comma, filtered = key.partition(",")
        if not comma or metric.endswith("_stderr") or isinstance(value, (str, Mapping)):
            continue
        items = {
            example["doc_id"]: example[metric]
            for example in examples
            if example["filter"] == filtered and metric in example["metrics"]
        }
        yield Figure(
            name=key if several else metric,
            value=float(value),
            items=items,
            share=_is_share(items.values(), float(value)),
            lower=higher.get(metric) is False,
            stderr=_number(outcome["results"][name].get(f"{metric}_stderr,{filtered}")),
        )


def _is_share(items: Any, value: float) -> bool:
    numbers = [_number(item) for item in items]
    inside = bool(numbers) and all(number is not None and 0 <= number <= 1 for number in numbers)
    return inside and math.isclose(
        math.fsum(n for n in numbers if n is not None) / len(numbers), value, abs_tol=1e-9
    )


def _number(item: Any) -> float | None:
    """A finite number, numpy's and truth values included; None for anything else."""
    if isinstance(item, (str, bytes)):
        return None
    try:
        number = float(item)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _graded(
    task: Any,
    place: int,
    examples: Sequence[Mapping[str, Any]],
    instances: Sequence[Any],
    figures: Sequence[Figure],
    asked: Asked,
) -> Graded:
    first = examples[0]
    answered = [answer for instance in instances for answer in asked.of(instance)[:1]]
    document = first["doc"] if isinstance(first["doc"], Mapping) else {}
    sample = Sample(
        id=str(place),
        request=answered[0][0],
        gold=_gold(task, first),
        cluster=cluster_of(document, str(place)),
        detail={
            "doc_hash": first["doc_hash"],
            "prompt_hash": first["prompt_hash"],
            "target_hash": first["target_hash"],
            "doc": _plain(first["doc"]),
            "target": str(first["target"]),
            "arguments": _arguments(instances, answered[0][0]),
            "filtered": {e["filter"]: _plain(e["filtered_resps"]) for e in examples},
            "metrics": {e["filter"]: {m: _plain(e[m]) for m in e["metrics"]} for e in examples},
            **_repeats(first, instances, asked),
        },
    )
    return sample, _response(instances, answered, _choices(task, instances)), _grade(place, figures)


def _repeats(
    example: Mapping[str, Any], instances: Sequence[Any], asked: Asked
) -> dict[str, list[Any]]:
    """All that was answered to each instance, where it was asked more than once."""
    several = any(len(asked.of(instance)) > 1 for instance in instances)
    return {"resps": _plain(example["resps"])} if several else {}


def _choices(task: Any, instances: Sequence[Any]) -> int:
    """How many instances stand for choices; mutual information asks each without context, too."""
    mutual = "acc_mutual_info" in getattr(task, "_metric_fn_list", ())
    return len(instances) // 2 if mutual else len(instances)


def _response(
    instances: Sequence[Any], answered: Sequence[tuple[Request, Response]], choices: int
) -> Response:
    """What was written; of scored texts the likeliest of the first `choices`, with all values."""
    kind, response = instances[0].request_type, answered[0][1]
    if kind == "generate_until":
        return response
    cut = max(response.cut for _, response in answered)
    if kind == "loglikelihood_rolling":
        return Response("", "scored", response.tokens, response.logprobs, cut=cut)
    places = [
        request.continuations.index(instance.args[1])
        for instance, (request, _) in zip(instances, answered, strict=True)
    ]
    scored = list(zip(places, (response for _, response in answered), strict=True))
    values = tuple(response.logprobs[place] for place, response in scored)
    greedy = tuple(r.greedy[place] for place, r in scored if r.greedy)
    best = max(range(choices), key=values.__getitem__)
    text = str(instances[best].args[1]).strip()
    if len({instance.args[1] for instance in instances[:choices]}) == 1 < choices:
        text = str(instances[best].args[0])  # the choices are contexts
    tokens = {id(response): response.tokens for _, response in answered}
    return Response(text, "scored", sum(tokens.values()), values, greedy=greedy, cut=cut)


def _arguments(instances: Sequence[Any], request: Request) -> list[list[Any]]:
    """What lm-eval's log has of an instance; a prompt that the row tells anyhow is left out."""
    told = []
    for instance in instances:
        context, *rest = instance.args
        told.append([None if context == request.asked else context, *_plain(rest)])
    return told


def _gold(task: Any, example: Mapping[str, Any]) -> tuple[str, ...]:
    """The accepted answers; of choices the texts of those that are right."""
    target = example["target"]
    if task.OUTPUT_TYPE == "loglikelihood_rolling":
        return ()
    many = list(target) if isinstance(target, (list, tuple)) else [target]
    choices = task.doc_to_choice(example["doc"]) if task.get_config("doc_to_choice") else []
    if getattr(task, "multiple_input", 0):
        many = [task.doc_to_text(example["doc"])]
    return tuple(
        str(choices[t]) if choices and isinstance(t, int) and 0 <= t < len(choices) else str(t)
        for t in many
    )


def _grade(place: int, figures: Sequence[Figure]) -> Grade:
    scores: dict[str, float] = {}
    bare: dict[str, float] = {}
    for figure in figures:
        number = _number(figure.items.get(place))
        if number is not None:
            (scores if figure.share else bare)[figure.score] = number
    deciding = next((f for f in figures if f.share and not f.lower and f.score in scores), None)
    if deciding is None:
        outcome = Outcome.MEASURED
    else:
        score = scores[deciding.score]
        outcome = {1.0: Outcome.CORRECT, 0.0: Outcome.WRONG}.get(score, Outcome.PARTIAL)
    return Grade(outcome, scores, author(), figures=bare)


def author() -> str:
    """Who judged: lm-eval, with its version."""
    from harness.versions import versions

    return f"lm-eval:{versions(['lm-eval']).get('lm-eval', '?')}"


def _measure(task: Any, figure: Figure, clusters: Mapping[int, str], headline: bool) -> Measure:
    own = [clusters[place] for place in figure.items]
    if figure.share:
        values = [float(item) for item in figure.items.values()]
        value, interval = mean_interval(values, own)
    else:
        value, interval = figure.value, _bootstrapped(task, figure, own)
    return Measure(figure.name, value, interval, len(own), len(set(own)), headline)


def _bootstrapped(task: Any, figure: Figure, clusters: Sequence[str]) -> Interval:
    """Percentiles of lm-eval's own aggregation over resampled clusters."""
    import numpy as np

    metric = figure.name.partition(",")[0]
    aggregate = task.aggregation().get(metric)
    groups: dict[str, list[Any]] = {}
    for cluster, item in zip(clusters, figure.items.values(), strict=True):
        groups.setdefault(cluster, []).append(item)
    if aggregate is None or len(groups) == 1:
        return Interval(figure.value, figure.value, "not estimable")
    drawn, names = np.random.default_rng(_SEED), list(groups)
    resamples = _SLOW_RESAMPLES if metric in _SLOW else RESAMPLES
    values = []
    for _ in range(resamples):
        chosen = [names[i] for i in drawn.integers(len(names), size=len(names))]
        values.append(float(aggregate([item for name in chosen for item in groups[name]])))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return Interval(float(low), float(high), f"cluster bootstrap, {resamples} resamples")


def _plain(value: Any) -> Any:
    """What JSON can hold: numpy's numbers as numbers, anything else as lm-eval writes it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(entry) for entry in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    number = _number(value)
    return str(value) if number is None else number
