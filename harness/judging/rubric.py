"""What counts as right when a model judges: the same as when a person does (`harness.review`).

An answer to a question without a reference is judged by a rubric of its own, or by the team's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError

JAPANESE, ENGLISH = "ja", "en"
_LONGEST = 20_000  # characters


@dataclass(frozen=True, slots=True)
class JudgeRubric:
    """version: another one where any of the texts is another: a calibration is of all of them.

    texts: plain text by language. without_reference: the same where nothing is there to compare
    with.
    """

    version: str
    texts: Mapping[str, str]
    without_reference: Mapping[str, str]


DEFAULT = JudgeRubric(
    "built-in/1",
    {
        JAPANESE: """\
・正解だけと照らし合わせる。自分の知識では判定しない。
・正解の述べる内容が回答にすべて含まれ、意味が同じなら correct。言い回し、表記、語順は問わない。
・正解にない補足が付いていても、正解と食い違わなければ correct。
・内容が違う、足りない、正解と食い違う、または別の値も答えとして挙げているものは wrong。
・「分かりません」など、答えていないものは wrong。ただし、正解が「分かりません」などの場合は、\
そう答えていれば correct、ほかの答えは wrong。
・判断できなければ unsure。""",
        ENGLISH: """\
- Compare with the reference only. Do not judge by what you know yourself.
- correct: the answer says all that the reference says, with the same meaning. Wording, notation and
  order are free, and so is more that does not conflict with the reference.
- wrong: it says something else, leaves a part out, conflicts with the reference, or gives another
  value beside the right one.
- wrong: it does not answer ("I don't know"). But where the reference itself says that it is not
  known, saying so is correct and any other answer is wrong.
- unsure: it can't be decided.""",
    },
    {
        JAPANESE: """\
・正解は一つとは限らない。次のすべてを満たすものを correct とする。
　1. 質問に答えている(頼まれたことをしている)。
　2. 質問と同じ言語で、読んで意味が通る。質問が別の言語を求めていれば、その言語でよい。
　3. 広く知られている事柄に照らして、誤りがない。
　4. 途中で切れていたり、肝心なことが抜けていたりしない。短いだけなら構わない。
・誤ったこと、危険なことを勧めているもの、質問と関係のないもの、答えていないものは wrong。
・詳しさ、文体、意見の好みでは判定しない。
・判断できなければ unsure。""",
        ENGLISH: """\
- There may be many right answers. correct: all of these hold.
  1. It answers the question, or does what was asked for.
  2. It is in the question's language, or in the one that the question asks for, and makes sense.
  3. It says nothing that conflicts with common knowledge.
  4. It is complete: not cut off, with nothing left out that matters. Being short is no fault.
- wrong: it is false, advises what is harmful, is about something else, or does not answer.
- Do not judge by how much it says, by style, or by opinions that one may have either way.
- unsure: it can't be decided.""",
    },
)


def read_judge_rubric(path: Path | None) -> JudgeRubric:
    """A team's own rubric, one text for all languages and questions; built-in without a path.

    Its version is the file's name and 8 hexadecimal digits of its sha256. Raises DataError for a
    file that can't be read, is no text, empty, or longer than 20,000 characters.
    """
    if path is None:
        return DEFAULT
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig").strip()
    except OSError as error:
        raise DataError(f"{path}: the judge's rubric can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}).") from error
    if not text:
        raise DataError(
            f"{path}: empty. Say what counts as right, or leave rubric = ... out for the built-in."
        )
    if len(text) > _LONGEST:
        raise DataError(f"{path}: {len(text):,} characters, at most {_LONGEST:,} are sent.")
    version = f"{path.name}/{hashlib.sha256(content).hexdigest()[:8]}"
    everywhere = {JAPANESE: text, ENGLISH: text}
    return JudgeRubric(version, everywhere, everywhere)
