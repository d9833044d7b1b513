"""A task's own parameters, refused by name before anything is asked."""

from __future__ import annotations

from harness.errors import ConfigError


def at_least(task: str, name: str, value: object, least: int, why: str) -> None:
    """Refuse what is no whole number from `least` on.

    task, name: as a suite writes them. why: a sentence on what to give instead. Raises ConfigError.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigError(
            f"{task}({name}={value!r}): {name} must be a whole number, at least {least}. {why}"
        )


def between(task: str, name: str, value: object, low: float, high: float, why: str) -> None:
    """Refuse what is no number between `low` and `high`, ends excluded. Raises ConfigError."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low < value < high:  # type: ignore[operator]
        raise ConfigError(
            f"{task}({name}={value!r}): {name} must be between {low:g} and {high:g}. {why}"
        )
