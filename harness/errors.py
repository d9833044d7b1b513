"""What can go wrong, as a tree.

    MichiError
    ├── ConfigError      the matrix, an option or a path is wrong; nothing was asked
    │   └── IncomparableError   a gate's reference was measured otherwise
    ├── DataError        a data file is malformed: names the file and the line
    ├── WeightsError     a model or adapter can't be loaded, or does not do what it claims
    ├── StorageError     the run folder or the store can't be written
    └── UnavailableError what would answer is not here (no API engine, no key): the item is skipped

Every message is one paragraph that says what is wrong, where, and what to do. The plugin prints the
message without a traceback; `ConfigError`, `DataError` and `WeightsError` end pytest with exit
code 4, as pytest's own usage errors do.
"""

from __future__ import annotations


class MichiError(Exception):
    """Base of every error that is the user's to mend."""


class ConfigError(MichiError):
    """The matrix, an option or a path is wrong."""


class IncomparableError(ConfigError):
    """A gate's reference was measured otherwise: prompt, samples, decoding, precision."""


class DataError(MichiError):
    """A data file can't be read as what it should be."""


class WeightsError(MichiError):
    """A model or an adapter can't be loaded, or an adapter does nothing."""


class StorageError(MichiError):
    """The run folder or the store can't be written."""


class UnavailableError(MichiError):
    """The engine that a checkpoint needs is not installed or has no key."""


class InconclusiveWarning(UserWarning):
    """A gate could not tell; it warns where it is not set to fail."""
