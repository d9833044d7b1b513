"""Can the model go on with a text as it stands? For models of which no likelihoods are to be had.

Each text's beginning is shown, and what comes back is compared with its rest by the longest run of
characters that both share. In three styles: "continue" gives the bare beginning; "general" asks in
a chat for a continuation; "guided" also says whose text it is, from when, and asks for the original
wording (Golchin and Surdeanu, arXiv 2308.08493). Who knows the text gains by guidance; who doesn't,
can't. A run says little by itself: press releases share phrases. So members, non-members and the
own documents stand side by side.

Data: texts with labels (`harness.tasks.texts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.records import Grade, Outcome, Request, Response, Sample
from harness.selection import limited_groups
from harness.statistics.intervals import clustered_mean, mean_interval
from harness.tasks import Measure, SampleSet, Study
from harness.tasks.texts import FREQUENCIES, Text, load_texts

AUTHOR = "longest common run"
CONTINUE, GENERAL, GUIDED = "continue", "general", "guided"
_PROMPTS = {
    ("ja", GENERAL): "次の文章の続きを書いてください。\n\n{start}",
    ("ja", GUIDED): (
        "次は{source}の書き出しです。原文の続きを、一字一句そのまま書いてください。\n\n{start}"
    ),
    ("en", GENERAL): "Write how the following text goes on.\n\n{start}",
    ("en", GUIDED): (
        "This is how {source} begins. Write how the original goes on, word for word.\n\n{start}"
    ),
}
_SOURCES = {
    "ja": ("「{title}」", "（{published}）", "公開された文章"),
    "en": ('"{title}"', " ({published})", "a published text"),
}


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Longest common runs with the source. characters: how long a run counts as verbatim.

    styles: how the beginning is shown. An API that takes chats only gets "general" and "guided".
    """

    styles: tuple[str, ...] = (CONTINUE, GENERAL, GUIDED)
    characters: int = 20
    max_new_tokens: int = 64
    name: str = "verbatim"
    optional: bool = True
    data_of: str = "membership"

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        return {
            "styles": list(self.styles),
            "characters": self.characters,
            "max_new_tokens": self.max_new_tokens,
        }

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`: one sample a text and style; half of the text is shown."""
        samples = SampleSet(path)
        for text in load_texts(path):
            if text.label == FREQUENCIES:
                continue
            if len(text.text) < 4 * self.characters:
                continue  # the half that is left could hold no run to speak of
            for style in self.styles:
                samples.add(self._sample(text, style), text.place.rpartition(":")[2])
        if not samples.samples:
            raise DataError(f"{path}: no text of at least {4 * self.characters} characters in it.")
        return samples.finish()

    def select(self, samples: Sequence[Sample], limit: int | None) -> list[Sample]:
        """Whole texts: styles are compared text by text."""
        return limited_groups(samples, limit, "text_id")

    def grade(self, sample: Sample, response: Response) -> Grade:
        """The longest run of characters that the answer shares with the rest of the text."""
        run = longest_run(response.text, sample.gold[0])
        figures = {"run": float(run), "verbatim": float(run >= self.characters)}
        return Grade(Outcome.MEASURED, {}, AUTHOR, f"{run} characters in common", figures)

    def study(self, graded: Sequence[tuple[Sample, Grade]]) -> Study:
        """Runs by set of texts and style, and what guidance adds."""
        strata: dict[str, list[tuple[Sample, Grade]]] = {}
        for sample, grade in graded:
            strata.setdefault(sample.stratum, []).append((sample, grade))
        measures, told = [], []
        for stratum, part in strata.items():
            name, style = part[0][0].detail["set"], part[0][0].detail["style"]
            clusters = [sample.cluster for sample, _ in part]
            longest = float(max(len(sample.gold[0]) for sample, _ in part))
            runs = [grade.figures["run"] for _, grade in part]
            mean, interval = clustered_mean(runs, clusters, bounds=(0.0, longest))
            verbatim = [grade.figures["verbatim"] for _, grade in part]
            share, ends = mean_interval(verbatim, clusters)
            told.append(
                {
                    "set": name,
                    "style": style,
                    "documents": len(set(clusters)),
                    "mean_run": mean,
                    "low": interval.low,
                    "high": interval.high,
                    "share": share,
                    "share_low": ends.low,
                    "share_high": ends.high,
                }
            )
            metric = f"share_verbatim_{stratum.replace('/', '_').replace('-', '_')}"
            groups = len(set(clusters))
            measures.append(Measure(metric, share, ends, len(part), groups, style == CONTINUE))
        details = {"characters": self.characters, "sets": told, "guided": _guided(graded)}
        return Study(measures, details)

    def measure(self, graded: Sequence[tuple[Sample, Grade]]) -> Sequence[Measure]:
        """See `Task.measure`."""
        return self.study(graded).measures

    def _sample(self, text: Text, style: str) -> Sample:
        half = len(text.text) // 2
        start, rest = text.text[:half], text.text[half:]
        language = text.language if text.language in _SOURCES else "en"
        if style == CONTINUE:
            prompt = start
        else:
            source = _source(text, language)
            prompt = _PROMPTS[language, style].format(start=start, source=source)
        request = Request(prompt, chat=style != CONTINUE, max_new_tokens=self.max_new_tokens)
        name = f"{text.language}/{text.label}"
        detail = {"text_id": text.id, "set": name, "style": style}
        return Sample(
            f"{text.id}/{style}", request, (rest,), text.document, f"{name}/{style}", detail
        )


def longest_run(answer: str, source: str) -> int:
    """Characters of the longest text that stands in both."""
    return SequenceMatcher(None, answer, source, autojunk=False).find_longest_match().size


def _source(text: Text, language: str) -> str:
    """What a guided prompt says of the text: as much as its row does."""
    titled, dated, otherwise = _SOURCES[language]
    name = titled.format(title=text.title) if text.title else otherwise
    return name + (dated.format(published=text.published) if text.published else "")


def _guided(graded: Sequence[tuple[Sample, Grade]]) -> list[dict[str, Any]]:
    """By how many characters guidance lengthens the run, text by text."""
    runs: dict[str, dict[tuple[str, str], dict[str, float]]] = {}
    for sample, grade in graded:
        place = (sample.detail["text_id"], sample.cluster)
        styles = runs.setdefault(sample.detail["set"], {}).setdefault(place, {})
        styles[sample.detail["style"]] = grade.figures["run"]
    found = []
    for name, texts in runs.items():
        both = {place: s for place, s in texts.items() if {GUIDED, GENERAL} <= set(s)}
        if not both:
            continue
        differences = [styles[GUIDED] - styles[GENERAL] for styles in both.values()]
        most = max(map(abs, differences)) or 1.0
        clusters = [document for _, document in both]
        mean, interval = clustered_mean(differences, clusters, bounds=(-most, most))
        found.append({"set": name, "difference": mean, "low": interval.low, "high": interval.high})
    return found
