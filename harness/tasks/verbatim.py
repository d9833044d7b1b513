"""Can the model go on with a text as it stands? For models of which no likelihoods are to be had.

Each text's beginning is shown, and what comes back is compared with its rest by the longest run of
characters that both share. In three styles: "continue" gives the bare beginning; "general" asks in
a chat for a continuation; "guided" also says whose text it is, from when, and asks for the original
wording (Golchin and Surdeanu, arXiv 2308.08493). Who knows the text gains by guidance; who doesn't,
can't. A run says little by itself: press releases share phrases. So members, non-members and the
own documents stand side by side.

How long a run counts as verbatim. Carlini et al. (2021, arXiv 2012.07805; 2023, arXiv 2202.07646)
take 50 tokens after a prefix. Ours is in characters, because an API does not say its tokens, and
shorter, because half of a press release is shown: 20 in Japanese and 50 elsewhere, so that two
different texts seldom share it. In 250 pairs drawn from the embedded Japanese texts .8 % share 20
characters by chance; of the English ones 23 % share 20 and .8 % share 50; of pairs of articles on
Kyoto none and .4 % share 20.

Data: texts with labels (`harness.tasks.texts`).
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, DataError
from harness.records import Grade, Outcome, Request, Response, Sample
from harness.selection import limited_groups
from harness.statistics.intervals import clustered_mean, mean_interval
from harness.tasks import Measure, SampleSet, Study
from harness.tasks.parameters import at_least
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


CHARACTERS: Mapping[str, int] = {"ja": 20}
ELSEWHERE = 50


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Longest common runs with the source. characters: how long a run counts as verbatim in every
    language; without it `CHARACTERS`.

    styles: how the beginning is shown. An API that takes chats only gets "general" and "guided".
    left_out: texts of each set that are too short; `prepared` fills it in.
    """

    styles: tuple[str, ...] = (CONTINUE, GENERAL, GUIDED)
    characters: int | None = None
    max_new_tokens: int = 64
    left_out: Mapping[str, int] = field(default_factory=dict)
    name: str = "verbatim"
    optional: bool = True
    endless: bool = True  # see `Task`: it goes on with a text
    data_of: str = "membership"
    read: dict[Path, list[Text]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = (CONTINUE, GENERAL, GUIDED)
        if not self.styles or len({*self.styles} & {*known}) < len(self.styles):
            raise ConfigError(
                f"Verbatim(styles={self.styles!r}): expected some of {', '.join(known)}, each once."
            )
        if self.characters is not None:
            why = "Left out, it is 20 for Japanese and 50 for other texts."
            at_least("Verbatim", "characters", self.characters, 1, why)
        at_least("Verbatim", "max_new_tokens", self.max_new_tokens, 1, "64 is the default.")

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Task.identity`."""
        return {
            "styles": list(self.styles),
            "characters": self.characters or {**CHARACTERS, "": ELSEWHERE},
            "max_new_tokens": self.max_new_tokens,
        }

    def generative(self) -> Verbatim:
        """See `Task`: a chat model can't be given a bare beginning."""
        chats = tuple(style for style in self.styles if style != CONTINUE)
        return dataclasses.replace(self, styles=chats or (GENERAL, GUIDED))

    def preliminary(self, path: Path) -> list[Request]:
        """None: only the texts that are left out are counted before."""
        return []

    def prepared(self, path: Path, answers: Mapping[Request, Response]) -> Verbatim:
        """With how many texts of each set are too short to be asked about."""
        short = Counter(_set(text) for text in self._texts(path) if self._short(text))
        return dataclasses.replace(self, left_out=short)

    def load(self, path: Path) -> list[Sample]:
        """See `Task.load`: one sample a text and style; half of the text is shown."""
        samples = SampleSet(path)
        texts = self._texts(path)
        for text in texts:
            if self._short(text):
                continue
            for style in self.styles:
                samples.add(self._sample(text, style), text.place.rpartition(":")[2])
        if not samples.samples:
            needed = sorted({4 * self.least(text.language) for text in texts}) or [4 * ELSEWHERE]
            told = " or ".join(map(str, needed))
            raise DataError(
                f"{path}: no text of at least {told} characters in it (four times what counts as "
                "verbatim). Give longer texts, or ask for less with Verbatim(characters=...)."
            )
        return samples.finish()

    def least(self, language: str) -> int:
        """Characters of a run that counts as verbatim."""
        return self.characters or CHARACTERS.get(language, ELSEWHERE)

    def _texts(self, path: Path) -> list[Text]:
        """The texts that have a label to be asked by."""
        found = self.read.get(path) or self.read.setdefault(path, load_texts(path))
        return [text for text in found if text.label != FREQUENCIES]

    def _short(self, text: Text) -> bool:
        """Whether the half that is left could hold no run to speak of."""
        return len(text.text) < 4 * self.least(text.language)

    def select(self, samples: Sequence[Sample], limit: int | None) -> list[Sample]:
        """Whole texts: styles are compared text by text."""
        return limited_groups(samples, limit, "text_id")

    def grade(self, sample: Sample, response: Response) -> Grade:
        """The longest run of characters that the answer shares with the rest of the text."""
        run = longest_run(response.text, sample.gold[0])
        figures = {"run": float(run), "verbatim": float(run >= sample.detail["characters"])}
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
                    "characters": part[0][0].detail["characters"],
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
        details = {
            "characters": _lengths(told),
            "sets": told,
            "left_out": dict(self.left_out),
            "guided": _guided(graded),
        }
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
        name, least = _set(text), self.least(text.language)
        detail = {"text_id": text.id, "set": name, "style": style, "characters": least}
        return Sample(
            f"{text.id}/{style}", request, (rest,), text.document, f"{name}/{style}", detail
        )


def _set(text: Text) -> str:
    return f"{text.language}/{text.label}"


def _lengths(sets: Sequence[Mapping[str, Any]]) -> int | str:
    """How long a run counts as verbatim, by language where that differs: "20 (ja), 50 (en)"."""
    by_language = {entry["set"].partition("/")[0]: entry["characters"] for entry in sets}
    lengths = set(by_language.values())
    if len(lengths) == 1:
        return int(lengths.pop())
    return ", ".join(f"{length} ({language})" for language, length in by_language.items())


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
