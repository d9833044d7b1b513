"""A run's samples, packed for the page: each prompt once, each answer once however many gave it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.comparison.rated import written
from harness.review.events import sample_key
from harness.runs import Run

LONGEST = 4_000
Row = Mapping[str, Any]
_ZERO, _BASE = ord("#"), 88  # of the characters that stand for numbers


class Packing:
    """Samples of one task, packed as the page reads them (`assets/data.js` is the inverse).

    questions: [id, shared, rest, gold, stratum, texts, answers, keys, cluster]; the prompt is the
    first `shared` code points of the prompt before it and then `rest`. answers: one per checkpoint,
    0 where there is none, otherwise [text, outcome, score, reason, author, rule, reading]: indices
    into gold + texts and the lists of the same name (score: thousandths + 1, 0 for none; rule:
    place + 1 of the outcome by the rule, where a person judged; reading: `packed_reading`),
    trailing zeros left out. keys: under which each of gold and texts is graded
    (`harness.review.events.sample_key`), 16 characters each, all in one text: blanks for what no
    model wrote, but chose by likelihood, and "" where that is all of them. cluster: a number that
    questions of one document share.
    """

    def __init__(self, task: str) -> None:
        self._task = task
        self._pool = _Pool()
        self._clusters: dict[str, int] = {}
        self.prompt = ""  # of the question that was added last
        self.questions: list[list[Any]] = []

    def add(self, identifier: str, rows: Sequence[Row | None]) -> list[Any]:
        """Pack one question, with a row of each checkpoint that answered it. Returns it."""
        first = next(row for row in rows if row)
        prompt = cut(str(first["prompt"]))
        shared = _shared(self.prompt, prompt)
        gold = [cut(str(g)) for g in first["gold"]]
        texts = [str(g) for g in first["gold"]]  # whole: two long answers may begin alike
        answers = [self._pool.answer(row, texts) if row else 0 for row in rows]
        stratum = self._pool.place("strata", str(first.get("stratum") or ""))
        others = [cut(text) for text in texts[len(gold) :]]
        keys = _keys(self._task, first, texts, rows)
        cluster = str(first.get("cluster") or identifier)
        number = self._clusters.setdefault(cluster, len(self._clusters))
        rest = prompt[shared:]
        packed = [identifier, shared, rest, gold, stratum, others, answers, keys, number]
        self.questions.append(packed)
        self.prompt = prompt
        return packed

    def add_unanswered(
        self, identifier: str, prompt: str, gold: Sequence[str], stratum: str
    ) -> None:
        """Pack a question alone, for a list that leads to its answers."""
        place = self._pool.place("strata", stratum)
        number = len(self.questions)
        self.questions.append([identifier, 0, prompt, list(gold), place, [], [], "", number])

    @property
    def content(self) -> dict[str, Any]:
        """The questions, and the lists that they point into."""
        return {"questions": self.questions, **self._pool.lists}


def _keys(
    task: str,
    first: Mapping[str, Any],
    texts: Sequence[str],
    rows: Sequence[Row | None],
) -> str:
    identifier, prompt = str(first["id"]), str(first["prompt"])
    graded = {str(row["response"]) for row in rows if row and written(row)}
    keys = (sample_key(task, identifier, prompt, t) if t in graded else " " * 16 for t in texts)
    return "".join(keys).rstrip()


def _shared(first: str, second: str) -> int:
    """How many characters two texts begin with in common."""
    unlike = (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    return next(unlike, min(len(first), len(second)))


class _Pool:
    """Lists of texts that many samples share, by place."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, int]] = {
            "strata": {},
            "outcomes": {"correct": 0},
            "reasons": {"": 0},
            "authors": {},
        }

    @property
    def lists(self) -> dict[str, list[str]]:
        return {name: list(places) for name, places in self._places.items()}

    def place(self, name: str, text: str) -> int:
        places = self._places[name]
        return places.setdefault(text, len(places))

    def answer(self, row: Row, texts: list[str]) -> list[Any]:
        response = str(row["response"])
        if response not in texts:
            texts.append(response)
        packed: list[Any] = [
            texts.index(response),
            self.place("outcomes", str(row["outcome"])),
            _score((row.get("scores") or {}).get("f1")),
            self.place("reasons", cut(str(row.get("reason") or ""), 500)),
            self.place("authors", cut(str(row.get("author") or ""), 500)),
            self.place("outcomes", str(row["rule"]["outcome"])) + 1 if row.get("rule") else 0,
            packed_reading(row["reading"]) if row.get("reading") else 0,
        ]
        while packed and not packed[-1]:
            packed.pop()
        return packed


def packed_reading(reading: Mapping[str, Any]) -> str:
    """A recorded reading in three characters a token: how long it is, and how unlikely.

    Each stands for a number from 0 (the character "#") to 87. The first: characters of the text, of
    which a longer token takes several triples. The others: hundredths of the negative natural-log
    probability, to the base 88.
    """
    triples, begin = [], 0
    for end, logprob in zip(reading["ends"], reading["logprobs"], strict=True):
        hundredths = min(_BASE * _BASE - 1, max(0, round(-100 * logprob)))
        likelihood = [hundredths // _BASE, hundredths % _BASE]
        length, begin = max(0, end - begin), max(begin, end)
        most = _BASE - 1
        pieces = [most] * (length // most)
        if length % most or not pieces:
            pieces.append(length % most)
        triples += [number for piece in pieces for number in (piece, *likelihood)]
    return "".join(chr(_ZERO + number) for number in triples)


def _score(score: Any) -> int:
    if isinstance(score, (int, float)) and math.isfinite(score):
        return round(score * 1000) + 1
    return 0


def cut(text: str, longest: int = LONGEST) -> str:
    """A text that a page can hold; the mark says how much is missing."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]} … [+{len(text) - longest:,}]"


ANSWERED = "answered "  # how `harness.grading.choice` begins its reasons


def confusion(run: Run, checkpoint: str, task: str = "marc_ja") -> dict[str, Any] | None:
    """What was answered for each gold label; answers that are no label are counted apart.

    Returns {"labels": [...], "counts": [[...], ...]}: a row a gold label, a column an answered
    label and a last one for other answers. None where the item has no samples.
    """
    rows = {str(row["id"]): row for row in run.samples(checkpoint, task) if row["gold"]}
    if not rows:
        return None
    labels = sorted({str(row["gold"][0]) for row in rows.values()}, reverse=True)
    counts = [[0] * (len(labels) + 1) for _ in labels]
    for row in rows.values():
        gold = str(row["gold"][0])
        said = gold if row["correct"] else _said(row)
        column = labels.index(said) if said in labels else len(labels)
        counts[labels.index(gold)][column] += 1
    return {"labels": labels, "counts": counts}


def _said(row: Mapping[str, Any]) -> str:
    """The label of a wrong answer: in the grader's word, for in words it is longer than that."""
    reason = str(row["reason"])
    return reason[len(ANSWERED) :] if reason.startswith(ANSWERED) else str(row["response"]).strip()


def outcomes(run: Run, checkpoint: str, task: str = "knowledge") -> dict[str, dict[str, int]]:
    """How many answers of each form of question ended how: {form: {outcome: answers}}."""
    rows = {str(row["id"]): row for row in run.samples(checkpoint, task)}
    counts: dict[str, dict[str, int]] = {}
    for row in rows.values():
        form = counts.setdefault(str(row.get("stratum") or ""), {})
        outcome = str(row["outcome"])
        form[outcome] = form.get(outcome, 0) + 1
    return counts
