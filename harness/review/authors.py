"""Who graded: what may be a name, and which file an author's grades lie in."""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 60
# Never file names on Windows, whatever their extension.
_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)\d")
_PLAIN = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_HASHED = re.compile(r".*-[0-9a-f]{8}")
# With hash and ending below the 143 bytes that encrypted home folders leave for a name.
_BYTES = 100


def author_fault(name: str) -> str:
    """What is wrong with an author's name, or ""."""
    if not 1 <= len(name) <= LONGEST:
        return f"expected a name of 1 to {LONGEST} characters"
    if name != name.strip():
        return "expected a name without blanks around it"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name):
        return "a name has no control characters"
    return ""


def slug(author: str) -> str:
    """A file name, without ending, on any system: like the name, and another for each author.

    Letters and digits of any script are kept. Where anything had to be changed, and where a file
    system could take two names for one (upper case, composed letters), 8 hexadecimal digits of the
    name's sha256 follow: a name that needs none can't end in such digits itself.
    """
    if _PLAIN.fullmatch(author) and not (_DEVICES.fullmatch(author) or _HASHED.fullmatch(author)):
        return author
    composed = unicodedata.normalize("NFC", author)
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else "-" for c in composed)
    readable = re.sub("-+", "-", kept).encode()[:_BYTES].decode(errors="ignore").strip("-")
    digits = hashlib.sha256(author.encode()).hexdigest()[:8]
    return f"{readable or 'author'}-{digits}"
