"""What counts as right when a person grades: built in, or a team's own file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError

FILE = "rubric.md"
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Rubric:
    """version: what each grade names; another one where the text is another. text: plain text."""

    version: str
    text: str


DEFAULT = Rubric(
    "default/2",
    """\
正解の基準
・正解と照らし合わせて判定する。自分の知識や、ほかの資料では判定しない。
・質問が求める値がすべて述べられていれば正解。言い回しや表記、語順は問わない。
・正解の値のほかに、同じ種類の別の値（別の価格、別の日付など）を答えとして挙げていれば不正解。
・「分かりません」など、答えていないものは不正解。ただし、正解が「分かりません」「情報がない」などの場合は、\
そう答えていれば正解、値を答えていれば不正解。
・判断できないときは保留にする。

What counts as right
- Judge the answer against the given gold answer only, not against what you know or look up.
- Right: every value that the question asks for is stated. Wording, notation and order are free.
- Wrong: beside the right value another of its kind is given as an answer (another price, date ...).
- Wrong: no answer ("I don't know"). But where the gold answer itself says that it is not known or
  not told, saying so is right and any value is wrong.
- Skip what you can't decide.
""",
)


def read_rubric(folder: Path) -> Rubric:
    """`rubric.md` in a folder of grades, or the built-in rubric where there is none.

    Its version is "rubric.md/" and 8 hexadecimal digits of the file's sha256. Raises DataError for
    a file that is no text, empty, or too long for anybody to go by.
    """
    path = folder / FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return DEFAULT
    except NotADirectoryError:
        return DEFAULT  # reading the grades says so
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}).") from error
    if not text.strip():
        raise DataError(f"{path}: empty. Say what counts as right, or delete it for the built-in.")
    if len(text) > _LONGEST:
        raise DataError(f"{path}: {len(text):,} characters, at most {_LONGEST:,} are shown.")
    return Rubric(f"{FILE}/{hashlib.sha256(content).hexdigest()[:8]}", text)
