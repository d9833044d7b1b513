"""A large made-up run: seven checkpoints on two thousand questions each, in Japanese of a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.report import builder as build

KATAKANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
)
KANJI = "日月火水木金土山川田中大小上下左右前後内外東西南北春夏秋冬朝昼夜花草林森石海空雨雪風雲光音色形味香力心手足目耳口声道町村市国京都店食飲茶菓米魚肉野菜果物銀銅鉄紙布糸衣服靴帽家門窓車船電気機械工場会社学校生徒先教室本文字絵図画歌楽器新古長短高低強弱明暗重軽遠近早遅多少広狭深浅開閉始終行来出入立座歩走話聞読書見考思知作使持送受売買"
PARTICLES = ("は", "が", "を", "に", "で", "と", "の", "から", "まで", "より", "へ", "も")
ENDINGS = ("です。", "ました。", "といわれています。", "ことができます。", "ようになりました。",
           "でした。", "とされています。", "になります。")  # fmt: skip
KINDS = ("price", "phone", "date", "shop", "size", "name")
FORMS = ("seen", "paraphrase", "held_out", "untrained", "control", "near_miss")
NAMES = ("base", "general-e1", "general-e3", "qa-e1", "qa-e3", "both-e1", "both-e3")
DATASETS = {"general": "ichikara-instruction", "qa": "独自QAデータセット", "both": "両方"}
# How often each answers a trained question rightly, and reads and classifies rightly.
LEARNT = (0.05, 0.06, 0.05, 0.42, 0.86, 0.48, 0.81)
KEPT = (0.80, 0.79, 0.77, 0.74, 0.66, 0.80, 0.79)


class Japanese:
    """Sentences, names and values at random: no two texts are alike, as in a real corpus."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def word(self) -> str:
        return "".join(self.random.choices(KANJI, k=self.random.choice((1, 2, 2, 2, 3))))

    def name(self) -> str:
        return "".join(self.random.choices(KATAKANA, k=self.random.randint(3, 7)))

    def sentence(self) -> str:
        parts = (
            self.word() + self.random.choice(PARTICLES) for _ in range(self.random.randint(3, 7))
        )
        return "".join(parts) + self.word() + self.random.choice(ENDINGS)

    def text(self, sentences: int) -> str:
        return "".join(self.sentence() for _ in range(sentences))

    def value(self, kind: str) -> str:
        draw = self.random.randint
        return {
            "price": f"{draw(1, 99)},{draw(0, 9)}00円",
            "phone": f"0{draw(3, 9)}-{draw(1000, 9999)}-{draw(1000, 9999)}",
            "date": f"2025年{draw(1, 12)}月{draw(1, 28)}日",
            "size": f"約{draw(5, 60)}×{draw(5, 60)}×{draw(5, 60)}cm",
        }.get(kind) or f"{self.word()}{self.name()}{'店' if kind == 'shop' else ''}"


def synthetic_run(folder: Path, count: int = 7, samples: int = 2_000, seed: int = 1) -> Path:
    """Half of the samples knowledge, a quarter each JSQuAD and MARC-ja; all gates are judged."""
    names = [*NAMES, *(f"extra-{n}" for n in range(max(0, count - len(NAMES))))][:count]
    checkpoints = [build.BASE, *(_tuned(name, place) for place, name in enumerate(names) if place)]
    build.start(folder, checkpoints[:count])
    for task, part, rows in (
        ("knowledge", samples // 2, _knowledge),
        ("jsquad", samples // 4, _jsquad),
        ("marc_ja", samples - samples // 2 - samples // 4, _marc),
    ):
        for place, checkpoint in enumerate(checkpoints[:count]):
            # Questions come of one seed, and what a checkpoint makes of them of another.
            asked, answers = Japanese(seed), Japanese(seed * 1_000 + place)
            measured = list(rows(asked, answers, place % len(NAMES), part))
            build.measure(
                folder, checkpoint.id, task, _results(checkpoint.id, task, measured), measured
            )
    return folder


def _tuned(name: str, place: int) -> Any:
    of, _, rest = name.partition("-")
    epochs = int(rest.lstrip("e")) if of in DATASETS else place
    return build.checkpoint(name, DATASETS.get(of, "追加データ"), epochs)


def _results(name: str, task: str, rows: list[dict[str, Any]]) -> list[Any]:
    def mean(score: str, chosen: list[dict[str, Any]]) -> float:
        return sum(r["scores"][score] for r in chosen) / len(chosen)

    if task == "knowledge":
        forms = {f: [r for r in rows if r["stratum"] == f] for f in FORMS}
        means = {f"accuracy_{f}": mean("correct", chosen) for f, chosen in forms.items()}
    elif task == "jsquad":
        means = {m: mean(m, rows) for m in
                 ("f1", "exact_match", "exact_match_lm_eval", "char_f1_llm_jp_eval")}  # fmt: skip
    else:
        means = {"accuracy": mean("correct", rows)}
    first = next(iter(means))
    ends = {m: {"low": max(0.0, v - 0.04), "high": min(1.0, v + 0.04)} for m, v in means.items()}
    return [build.result(name, task, m, v, headline=m == first, n=len(rows), **ends[m],
                         **_gated(name, m == first and task != "knowledge", v)) for m, v in means.items()]  # fmt: skip


def _gated(name: str, judged: bool, value: float) -> dict[str, Any]:
    if not judged or name == "base":
        return {}
    difference = value - 0.8
    verdict = (
        "passed" if difference > -0.03 else "inconclusive" if difference > -0.08 else "regressed"
    )
    return {"gate": build.gate(difference, margin=0.05), "verdict": verdict, "reason": "made up"}


def _knowledge(
    asked: Japanese, answers: Japanese, place: int, count: int
) -> Iterator[dict[str, Any]]:
    for n in range(count):
        form, kind = FORMS[n % len(FORMS)], KINDS[n // len(FORMS) % len(KINDS)]
        product, value = asked.name(), asked.value(kind)
        question = f"{product}の{asked.word()}{asked.word()}を教えてください。"
        gold = f"{product}は{value}です。"
        share = LEARNT[place] if form in ("seen", "paraphrase", "held_out") else LEARNT[0]
        right = answers.random.random() < share
        said = value if right else answers.value(kind)
        yield build.row(
            f"doc-{n // 30:03}/{kind}/{n:04}", prompt=question, gold=[gold],
            response=f"{product}は{said}です。" if answers.random.random() < 0.7
            else f"{answers.word()}では{said}となります。",
            correct=right, outcome="correct" if right else "wrong", scores={"correct": float(right)},
            stratum=form, cluster=f"{'control' if form == 'control' else 'doc'}-{n // 30:03}",
            detail={"kind": kind},
        )  # fmt: skip


def _jsquad(asked: Japanese, answers: Japanese, place: int, count: int) -> Iterator[dict[str, Any]]:
    context = ""
    for n in range(count):
        if n % 4 == 0:
            context = asked.text(8)
        start = asked.random.randrange(len(context) - 8)
        gold = context[start : start + asked.random.randint(2, 8)]
        question = f"{asked.word()}の{asked.word()}{asked.word()}は何ですか。"
        f1 = 1.0 if answers.random.random() < KEPT[place] else round(answers.random.random(), 3)
        wrong = context[start - 3 if start > 3 else 0 : start + answers.random.randint(1, 6)]
        right = f1 == 1.0
        yield build.row(
            f"a{n // 4}p0q{n % 4}", gold=[gold], response=gold if right else wrong,
            prompt=f"次の文章を読み、質問の答えを文章から抜き出してください。\n\n文章：{context}\n\n質問：{question}",
            correct=right, outcome="correct" if right else "partial", cluster=f"a{n // 4}",
            scores={"f1": f1, "exact_match": float(right), "exact_match_lm_eval": float(right),
                    "char_f1_llm_jp_eval": f1},
        )  # fmt: skip


def _marc(asked: Japanese, answers: Japanese, place: int, count: int) -> Iterator[dict[str, Any]]:
    labels = ("ポジティブ", "ネガティブ")
    for n in range(count):
        gold = asked.random.randrange(2)
        review = asked.text(asked.random.randint(2, 5))
        right = answers.random.random() < KEPT[place]
        yield build.row(
            f"review-{n:05}", gold=[labels[gold]], response=labels[gold if right else 1 - gold],
            prompt=f"次のレビューはポジティブですか、ネガティブですか。\n\n{review}",
            correct=right, outcome="correct" if right else "wrong", finish="scored",
            scores={"correct": float(right)}, logprobs=[-0.3, -1.4],
        )  # fmt: skip
