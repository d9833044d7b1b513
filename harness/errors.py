"""What can go wrong, as a tree.

    MichiError
    ├── ConfigError      the matrix, an option or a path is wrong; nothing was asked
    │   └── IncomparableError   a gate's reference was measured otherwise
    ├── DataError        a data file is malformed: names the file and the line
    ├── WeightsError     a model or adapter can't be loaded, or does not do what it claims
    ├── StorageError     the run folder or the store can't be written
    ├── ServiceError     an API gave no answer, after all retries: an infrastructure error
    └── UnavailableError what would answer is not here (no key, no likelihoods): the item is skipped

Every message is one paragraph that says what is wrong, where, and what to do. The plugin prints the
message without a traceback; `ServiceError` ends pytest with exit code 3, the others with 4, as
pytest's own usage errors do.
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


class ServiceError(MichiError):
    """A server gave no answer, after all retries. What it answered before is kept."""


class UnavailableError(MichiError):
    """What a task needs of a checkpoint is not to be had: no key, no likelihoods, no data."""


class InconclusiveWarning(UserWarning):
    """A gate could not tell; it warns where it is not set to fail."""


class JudgeWarning(UserWarning):
    """The judge can't be asked; the rule's grades stand."""


class RetrievalWarning(UserWarning):
    """What is looked up is not all that there is: texts that a model can't take whole."""


class ServedWarning(UserWarning):
    """A server's answers are not what a figure takes them for: of several models, or cut off."""
