"""Questions with passages that a checkpoint's retriever found, and what answers make of them.

A sample's detail then has `retrieval`:

    passages   shown ones in their order: document, number, title ("" where the prompt has none),
               text, score, and whether each states what is asked for, or of two facts one (of a
               reason, which can't be parsed: whether it is of its document)
    hit        whether one is of the document that the question is about; null where it names none
    found      whether they state all that is asked for; null where none can: a near miss, a
               question on a document that the retriever does not have, and for the gold passage
               one that names none, which count in no figure
    note       why a question was asked without passages

and its row `citations`: the numbers that the answer cites, those among them that no passage has
(`not_shown`), whether the cited passages state all that is asked for, the numbers that state what
the answer says, and whether it cites one of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.grading.answers import fact_from_answer
from harness.grading.facts import TEXT, Fact, grade_fact
from harness.grading.statements import abstains
from harness.records import Grade, Sample
from harness.retrieval.citations import cited, without_citations
from harness.retrieval.passages import Passage
from harness.retrieval.retriever import Retriever
from harness.tasks import Measure, share

DOCUMENT = "document"  # in a sample's detail the document that its question names, if it names one
RETRIEVAL, CITATIONS = "retrieval", "citations"
FOUND = "found"  # a score of each answer, and the share of questions whose fact was found


def with_passages(sample: Sample, retriever: Retriever) -> Sample:
    """A knowledge sample with what is found for it; as it was, but for a note, if that is nothing.

    It is still paired by its question alone.
    """
    question, fact = sample.detail["question"], sample.detail["fact"]
    near_miss = "neighbour" in sample.detail  # whose document is its neighbour's
    document = "" if near_miss else sample.detail.get(DOCUMENT, "")
    hits = retriever.find(
        question, document, lambda p: _share_of(fact, question, _text(_shown(p, retriever.titled)))
    )
    passages = [
        {**_shown(hit.passage, retriever.titled), "score": round(hit.score, 4)} for hit in hits
    ]
    held = [_held(sample, passage) for passage in passages]
    answerable = not near_miss and (
        retriever.holds(document)
        if document
        # Passages may state a fact whatever they are of; the gold one is of a named document.
        else _parsed(fact) and retriever.retrieval.kind != "gold"
    )
    hit = any(passage["document"] == document for passage in passages)
    detail = {
        "passages": [{**p, "states": bool(of)} for p, of in zip(passages, held, strict=True)],
        "hit": hit if answerable and document else None,
        FOUND: _all_held(sample, held) if answerable else None,
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
    said = without_citations(text) if passages else text
    grade = rule(said)
    if shown[FOUND] is not None:
        grade = replace(grade, scores={**grade.scores, FOUND: float(shown[FOUND])})
    if not passages:
        return grade
    numbers = cited(text)
    not_shown = [number for number in numbers if not 1 <= number <= len(passages)]
    named = [passages[number - 1] for number in numbers if number not in not_shown]
    supporting = _supporting(sample, said, grade)
    citations = {
        "cited": numbers,
        "not_shown": not_shown,
        "states": _all_held(sample, [_held(sample, passage) for passage in named]),
        "supported_by": supporting,
        "supported": any(number in supporting for number in numbers),
    }
    return replace(grade, detail={CITATIONS: citations})


def retrieval_measures(graded: Sequence[tuple[Sample, Grade]]) -> list[Measure]:
    """What was found and used, clustered by document; nothing where nothing was looked up.

    found: recall at k. right_if_found, right_if_not_found: accuracy of the answers to either.
    right_and_cited: of the right answers to what was found, those that cite passages which state
    the fact. citation_precision: of those that cite anything, the mean share of cited passages that
    state the fact, or a part of it; one that was not shown states nothing. Citation recall and
    precision as in ALCE (Gao et al. 2023, arXiv 2305.14627), by typed values in place of a model of
    entailment.
    """
    answerable = [(s, g) for s, g in graded if s.detail.get(RETRIEVAL, {}).get(FOUND) is not None]
    found = [(s, g) for s, g in answerable if s.detail[RETRIEVAL][FOUND]]
    missed = [(s, g) for s, g in answerable if not s.detail[RETRIEVAL][FOUND]]
    cites = [(s, g) for s, g in found if g.correct and g.detail[CITATIONS]["cited"]]
    columns = {
        FOUND: [(s.cluster, float(s.detail[RETRIEVAL][FOUND])) for s, _ in answerable],
        "right_if_found": [(s.cluster, float(g.correct)) for s, g in found],
        "right_if_not_found": [(s.cluster, float(g.correct)) for s, g in missed],
        "right_and_cited": [
            (s.cluster, float(g.detail[CITATIONS]["states"])) for s, g in found if g.correct
        ],
        "citation_precision": [(s.cluster, _stating(s, g)) for s, g in cites],
    }
    return [share(metric, rows) for metric, rows in columns.items() if rows]


def _stating(sample: Sample, grade: Grade) -> float:
    """Of the passages that an answer cites the share that states what is asked for."""
    passages, citations = sample.detail[RETRIEVAL]["passages"], grade.detail[CITATIONS]
    shown = (n for n in citations["cited"] if n not in citations["not_shown"])
    return float(sum(passages[n - 1]["states"] for n in shown) / len(citations["cited"]))


def _parsed(fact: Fact | None) -> bool:
    return fact is not None and fact.type != TEXT


def _share_of(fact: Fact | None, question: str, text: str) -> float:
    """How much of the fact a text states; nothing of one that nobody can know."""
    return grade_fact(text, fact, question).scores["recall"] if fact else 0.0


def _parts(fact: Fact | None) -> list[Fact]:
    """What is asked for: one fact, or several of which each may stand in a passage of its own."""
    return [replace(fact, also=()), *fact.also] if fact else []


def _held(sample: Sample, passage: Mapping[str, Any]) -> frozenset[int]:
    """Which parts of what is asked for a passage states, by place."""
    return frozenset(
        place
        for place, part in enumerate(_parts(sample.detail["fact"]))
        if (
            _share_of(part, sample.detail["question"], _text(passage)) == 1
            if _parsed(part)
            else passage["document"] == sample.detail.get(DOCUMENT)
        )
    )


def _all_held(sample: Sample, held: Sequence[frozenset[int]]) -> bool:
    """Whether passages together state all that is asked for."""
    parts = _parts(sample.detail["fact"])
    return bool(parts) and len(frozenset().union(*held)) == len(parts)


def _shown(passage: Passage, titled: bool) -> dict[str, Any]:
    """A passage as a model gets to see it."""
    return {**dataclasses.asdict(passage), "title": passage.title if titled else ""}


def _text(passage: Mapping[str, Any]) -> str:
    return f"{passage['title']}\n{passage['text']}"


def _supporting(sample: Sample, said: str, grade: Grade) -> list[int]:
    """The numbers of the passages that state what an answer says, be it right or wrong."""
    passages = sample.detail[RETRIEVAL]["passages"]
    if grade.correct:
        return [number for number, p in enumerate(passages, 1) if p["states"]]
    if abstains(said):
        return []
    question = sample.detail["question"]
    given = fact_from_answer(said, question)
    stating = (_share_of(given, question, _text(p)) == 1 for p in passages)
    return [number for number, states in enumerate(stating, 1) if states]


def _why(retriever: Retriever, document: str, near_miss: bool) -> str:
    """Why a question is asked without passages."""
    if retriever.retrieval.kind == "embeddings":
        return "nothing found: the question's vector is zero"
    if retriever.retrieval.kind != "gold":
        return "nothing found: no passage has a word of the question"
    if near_miss:
        return "a near miss: no document is about it"
    if not document:
        return "the question names no document"
    return f"no document {document} in {retriever.retrieval.documents.name}"
