"""Amounts of money: key (amount, currency, tax), tax being "included", "excluded" or ""."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.grading.numerals import ARABIC, KANJI_NUMERAL_CHARACTERS, NUMERAL, parse
from harness.grading.value import Value

_CURRENCIES = {
    "円": "JPY", "yen": "JPY", "jpy": "JPY", "¥": "JPY",
    "ドル": "USD", "usd": "USD", "$": "USD", "dollars": "USD",
    "ポンド": "GBP", "gbp": "GBP", "£": "GBP", "pounds": "GBP",
    "ユーロ": "EUR", "eur": "EUR", "€": "EUR", "euros": "EUR",
}  # fmt: skip
_BEFORE = r"¥|\$|£|€|\b(?:JPY|USD|GBP|EUR)"
# 円形, 円筒 ... are shapes; an amount is never followed by them.
_AFTER = (
    r"円(?![形筒盤周柱卓])|ドル|ポンド|ユーロ"
    r"|(?:yen|JPY|USD|dollars|GBP|pounds|EUR|euros)\b"
)
_AMOUNT = re.compile(
    rf"(?P<before>{_BEFORE})\s*(?P<signed>(?<!\d){ARABIC}[万億]?)(?:\s*円)?"
    rf"|(?P<plain>{NUMERAL})\s*(?P<after>{_AFTER})",
    re.IGNORECASE,
)

_INCLUDED = (
    r"(?:消費)?税込み?|(?:消費)?税を?含[むみめ]|内税"
    r"|(?:tax|VAT)[ -](?:included|inclusive|incl\b\.?)"
    r"|(?:includ(?:ing|es)|incl\.?|inclusive\s+of|with)\s+(?:tax|VAT)"
)
_EXCLUDED = (
    r"(?:消費)?税抜き?|(?:消費)?税別|外税|本体価格|\+\s*(?:消費)?税|プラス税"
    r"|(?:tax|VAT)[ -](?:excluded|exclusive|excl\b\.?)"
    r"|(?:exclud(?:ing|es)|excl\.?|exclusive\s+of|before|without|plus|ex\.?|\+)\s+(?:tax|VAT)"
)
_TAX = rf"(?:(?P<included>{_INCLUDED})|(?P<excluded>{_EXCLUDED}))"
_PRICE = r"(?:の?(?:価格|定価|金額|値段|料金|price))?"
_NUMBER_FOLLOWS = rf"[はで:、]?\s*[(]?[¥$£€\d{KANJI_NUMERAL_CHARACTERS}]"
_TAX_BEFORE = re.compile(
    rf"{_TAX}{_PRICE}[)\]]?(?:は|で|が|:|、|,|\s|\bof\b|\bis\b)*[(]?$", re.IGNORECASE
)
# 7,000円（税込7,700円）: the tax word belongs to the amount that follows it.
_TAX_AFTER = re.compile(
    rf"(?:です|で)?[、,]?(?:\s*[(\[]\s*|(?:\s+(?=[a-z+]))?){_TAX}"
    rf"(?!{_PRICE}{_NUMBER_FOLLOWS})[)\]]?",
    re.IGNORECASE,
)
_REACH = 24  # characters before an amount in which its tax word may stand


def find_money(text: str) -> Iterator[Value]:
    """Yield the amounts in normalised text, tax words included in their spans."""
    taken = 0
    for match in _AMOUNT.finditer(text):
        amount = parse(match["signed"] or match["plain"])
        if amount is None:
            continue
        currency = _CURRENCIES[(match["before"] or match["after"]).lower()]
        start, end = match.span()
        after = _TAX_AFTER.match(text, end)
        floor = max(taken, start - _REACH)
        before = _TAX_BEFORE.search(text[floor:start])
        if before:
            start = floor + before.start()
            tax = _flag(before)
        elif after:
            end, tax = after.end(), _flag(after)
        else:
            tax = ""
        taken = end
        yield Value("money", (amount, currency, tax), text[start:end], (start, end))


def same_money(gold: Value, stated: Value) -> bool:
    """Amount and currency equal; the tax flags too where both have one."""
    amount, currency, tax = _key(gold)
    return _key(stated)[:2] == (amount, currency) and (
        not tax or not _key(stated)[2] or _key(stated)[2] == tax
    )


def _key(value: Value) -> tuple[object, object, object]:
    assert isinstance(value.key, tuple)
    amount, currency, tax = value.key
    return amount, currency, tax


def _flag(match: re.Match[str]) -> str:
    return "included" if match["included"] else "excluded"
