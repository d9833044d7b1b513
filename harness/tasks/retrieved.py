"""Questions with passages that a checkpoint's retriever found, and what answers make of them.

A sample's detail then has `retrieval`:

    passages   shown ones in their order: document, number, title, score, and whether each states
               the fact (of a fact that can't be parsed, a reason: whether it is of its document)
    hit        whether one is of the document that the question is about; null where it names none
    found      whether one states the whole fact; null where none can: a near miss, or a question
               on a document that the retriever does not have. Such questions count in no figure
    note       why a question was asked without passages

and its row `citations`: the numbers that the answer cites, those that state what it says, and
whether the two have one in common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.grading.answers import fact_from_answer
from harness.grading.facts import TEXT, Fact, grade_fact
from harness.grading.statements import abstains
from harness.records import Grade, Sample
from harness.retrieval.citations import cited, without_citations
from harness.retrieval.retriever import Hit, Retriever
from harness.statistics.intervals import mean_interval
from harness.tasks import Measure

RETRIEVAL, CITATIONS = "retrieval", "citations"
FOUND = "found"  # a score of each answer, and the share of questions whose fact was found
Graded = Sequence[tuple[Sample, Grade]]


def with_passages(sample: Sample, retriever: Retriever) -> Sample:
    """A knowledge sample with what is found for it; as it was, but for a note, if that is nothing.

    It is still paired by its question alone.
    """
    question, fact = sample.detail["question"], sample.detail["fact"]
    near_miss = "neighbour" in sample.detail  # whose document is its neighbour's
    document = "" if sample.cluster == sample.id else sample.cluster
    stated = _stated(fact, question)
    hits = retriever.find(question, "" if near_miss else document, stated)
    passages = [_passage(hit, fact, document, stated) for hit in hits]
    about = None if near_miss or not document else document
    hit = None if about is None else any(p["document"] == about for p in passages)
    answerable = not near_miss and (not document or retriever.holds(document))
    detail = {
        "passages": passages,
        "hit": hit if answerable else None,
        FOUND: any(p["states"] for p in passages) if answerable else None,
        "note": "" if hits else _why(retriever, document, near_miss),
    }
    sample = replace(sample, detail={**sample.detail, RETRIEVAL: detail})
    if not hits:
        return sample
    request = replace(sample.request, prompt=retriever.prompt(question, hits))
    return replace(sample, request=request, closed_book=sample.request.prompt)


def grade_with_passages(sample: Sample, text: str, rule: Callable[[str], Grade]) -> Grade:
    """The rule's grade of an answer without its citations, and what they are worth."""
    shown = sample.detail[RETRIEVAL]
    passages = shown["passages"]
    if not passages:
        return _with_found(rule(text), shown)
    said = without_citations(text)
    grade = rule(said)
    numbers = [number for number in cited(text) if 1 <= number <= len(passages)]
    supporting = _supporting(sample, said, grade)
    citations = {
        "cited": numbers,
        "supported_by": supporting,
        "supported": any(number in supporting for number in numbers),
    }
    return replace(_with_found(grade, shown), detail={CITATIONS: citations})


def retrieval_measures(graded: Graded) -> list[Measure]:
    """What was found and used, clustered by document; nothing where nothing was looked up.

    found: recall at k. right_if_found, right_if_not_found: accuracy of the answers to either.
    right_and_cited: of the right answers to what was found, those that cite a passage which states
    the fact.
    """
    answerable = [(s, g) for s, g in graded if s.detail.get(RETRIEVAL, {}).get(FOUND) is not None]
    found = [(s, g) for s, g in answerable if s.detail[RETRIEVAL][FOUND]]
    missed = [(s, g) for s, g in answerable if not s.detail[RETRIEVAL][FOUND]]
    columns = {
        FOUND: [(s.cluster, float(s.detail[RETRIEVAL][FOUND])) for s, _ in answerable],
        "right_if_found": [(s.cluster, float(g.correct)) for s, g in found],
        "right_if_not_found": [(s.cluster, float(g.correct)) for s, g in missed],
        "right_and_cited": [(s.cluster, _cites(s, g)) for s, g in found if g.correct],
    }
    return [_share(metric, rows) for metric, rows in columns.items() if rows]


def _share(metric: str, rows: Sequence[tuple[str, float]]) -> Measure:
    clusters, scores = zip(*rows, strict=True)
    value, interval = mean_interval(scores, clusters)
    return Measure(metric, value, interval, len(scores), len(set(clusters)))


def _cites(sample: Sample, grade: Grade) -> float:
    passages = sample.detail[RETRIEVAL]["passages"]
    numbers = grade.detail[CITATIONS]["cited"]
    return float(any(passages[number - 1]["states"] for number in numbers))


def _with_found(grade: Grade, shown: Mapping[str, Any]) -> Grade:
    if shown[FOUND] is None:
        return grade
    return replace(grade, scores={**grade.scores, FOUND: float(shown[FOUND])})


def _stated(fact: Fact | None, question: str) -> Callable[[str], float]:
    """How much of the fact a text states; nothing of one that nobody can know."""
    if fact is None:
        return lambda text: 0.0
    return lambda text: grade_fact(text, fact, question).scores["recall"]


def _passage(
    hit: Hit, fact: Fact | None, document: str, stated: Callable[[str], float]
) -> dict[str, Any]:
    found = hit.passage
    worded = fact is not None and fact.type == TEXT
    states = found.document == document if worded else stated(found.text) == 1
    return {
        "document": found.document,
        "number": found.number,
        "title": found.title,
        "score": round(hit.score, 3),
        "states": states,
        "text": found.text,
    }


def _supporting(sample: Sample, said: str, grade: Grade) -> list[int]:
    """The numbers of the passages that state what an answer says, be it right or wrong."""
    passages = sample.detail[RETRIEVAL]["passages"]
    if grade.correct:
        return [number for number, p in enumerate(passages, 1) if p["states"]]
    if abstains(said):
        return []
    question = sample.detail["question"]
    given = _stated(fact_from_answer(said, question), question)
    return [number for number, p in enumerate(passages, 1) if given(p["text"]) == 1]


def _why(retriever: Retriever, document: str, near_miss: bool) -> str:
    """Why a question is asked without passages."""
    if retriever.retrieval.kind != "gold":
        return "nothing found: no passage has a word of the question"
    if near_miss:
        return "a near miss: no document is about it"
    if not document:
        return "the question names no document"
    return f"no document {document} in {retriever.retrieval.documents.name}"
