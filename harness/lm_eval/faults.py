"""What is wrong with a YAML file of lm-eval, its functions or its data: where, and the way out.

lm-eval leaves out files that it can't read and metrics that it doesn't know, and says so in its log
alone, which is not shown here.
"""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, DataError
from harness.jsonl import read_rows

_SPLITS = ("test_split", "validation_split", "training_split", "fewshot_split")


def refuse_broken_yaml(folder: Path, name: str) -> None:
    """Raise ConfigError where a file that lm-eval left out may be the task that is looked for."""
    import yaml

    for file in sorted(folder.rglob("*.yaml")):
        try:
            yaml.compose(file.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            place = f"{file}:{mark.line + 1}" if mark else str(file)
            told = getattr(error, "problem", None) or str(error).splitlines()[0]
            raise ConfigError(
                f"{place}: no YAML that can be read ({told}). lm-eval leaves such a file out, and "
                f"there is no task {name!r} in the others of {folder}. Mend it."
            ) from error


def refuse_unknown_metrics(name: str, entry: Any, task: Any) -> None:
    """Raise ConfigError where a task names metrics that lm-eval does not know, and would leave out.

    A task with functions of its own (process_results) names them as it likes.
    """
    if task.get_config("process_results") is not None:
        return
    known: Mapping[str, Any] = getattr(task, "_metric_fn_list", {})
    if unknown := [metric for metric, function in known.items() if function is None]:
        raise ConfigError(
            f"lm-eval's task {name} ({entry.yaml_path}): metric {', '.join(unknown)}: neither "
            "lm-eval has one of that name, nor evaluate on this machine. Mend the name in "
            "metric_list."
        )


def data_files(config: Mapping[str, Any]) -> list[str]:
    """The files that a YAML names as its data."""
    files = (config.get("dataset_kwargs") or {}).get("data_files") or ()
    if isinstance(files, str):
        return [files]
    groups = files.values() if isinstance(files, Mapping) else files
    return [name for some in groups for name in ([some] if isinstance(some, str) else some)]


def unbuilt(name: str, entry: Any, error: Exception) -> str:
    """Why a task can't be built, and the way out."""
    config = entry.cfg or {}
    told = (str(error) or type(error).__name__).splitlines()[0]
    if isinstance(error, ImportError):
        return f"lm-eval's task {name} needs more than is installed: {told}"
    if broken := _broken_line(config, Path(entry.yaml_path or ".").parent):
        return f"lm-eval's task {name} ({entry.yaml_path}): {broken}"
    if wrong := _wrong_data(config, error):
        return f"lm-eval's task {name} ({entry.yaml_path}): {wrong}"
    path, part = config.get("dataset_path"), config.get("dataset_name")
    wanting = isinstance(error, OSError) or "find cache" in told or "BuilderConfig" in told
    if not path or not wanting:
        return f"lm-eval can't build its task {name} ({entry.yaml_path}): {_raised(error)}"
    files = (config.get("dataset_kwargs") or {}).get("data_files")
    if files:
        return f"lm-eval's task {name}: its data {files} can't be read: {told}"
    arguments = ", ".join(repr(a) for a in (path, part) if a)
    called = f"{path} ({part})" if part else str(path)
    return (
        f"lm-eval's task {name}: its data set {called} is not on this machine ({told}), and an "
        "evaluation fetches nothing. Bring it into Hugging Face's cache where there is a network:\n"
        f'    python -c "import datasets; datasets.load_dataset({arguments})"\n'
        "or write a YAML file of your own with `dataset_path: json` and `data_files`, and name its "
        "folder with include_path (docs/lm_eval.md)."
    )


def undone(task: Any, error: Exception) -> str:
    """Why a task could be built and not be asked or judged, and where that is written."""
    source = (task.get_config("metadata") or {}).get("config_source")
    place = f" ({source})" if source else ""
    return f"lm-eval can't do its task {task.task_name}{place}: {_raised(error)}"


def is_of_task(error: Exception) -> bool:
    """Whether an error comes out of a task's own function, or is too large a figure of its."""
    return isinstance(error, OverflowError) or _own_frame(error) is not None


def _raised(error: Exception) -> str:
    """What an error says, after the line of the task's own function that it came out of.

    Else after the name of lm-eval's function, which mostly is that of a setting.
    """
    if isinstance(error, OverflowError):
        return (
            "a perplexity is too large to be a number. word_perplexity counts words between white "
            "space, of which Japanese has none: set metric_list to bits_per_byte or "
            "byte_perplexity."
        )
    said = " ".join(str(error).split())
    told = f"{type(error).__name__}: {said}" if said else type(error).__name__
    if "larger than population" in said:
        return "num_fewshot is more than the split has that examples come from."
    if (frame := _own_frame(error)) is not None:
        return f"{frame.filename}:{frame.lineno}, in {frame.name}: {told}"
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame.name for frame in frames if "lm_eval" in Path(frame.filename).parts]
    if not theirs:
        return told
    if "_compute_task_aggregations" in theirs:
        return f"values of a metric can't be put together by {theirs[-1]}: {told}"
    if not said and theirs[-1].startswith("doc_to_"):
        return f"its YAML sets no {theirs[-1]}."
    return f"in lm-eval's {theirs[-1]}: {told}"


def _own_frame(error: Exception) -> traceback.FrameSummary | None:
    """The innermost frame that is neither ours nor an installed library's nor Python's own."""
    libraries = {str(Path(path)) for path in sysconfig.get_paths().values()}
    libraries.add(str(Path(__file__).parents[1]))
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_file() and not libraries & {str(parent) for parent in file.parents}:
            return frame
    return None


def _wrong_data(config: Mapping[str, Any], error: Exception) -> str:
    """What is wrong with a task's rows where lm-eval says no more than a name or a number."""
    splits = {key: config[key] for key in _SPLITS if config.get(key)}
    (said,) = error.args if len(error.args) == 1 else (None,)
    if isinstance(error, KeyError) and said in splits.values():
        setting = next(key for key, split in splits.items() if split == said)
        return f"{setting} is {said!r}, and its data have no such split."
    if isinstance(error, StopIteration) or "corresponds to no data" in str(said):
        return "its data have no rows."
    if isinstance(error, IndexError) and config.get("doc_to_choice") and not is_of_task(error):
        return "in its first row doc_to_target is the number of a choice that there is not."
    return ""


def _broken_line(config: Mapping[str, Any], beside: Path) -> str:
    """The first line of the task's own JSON Lines that is none; "" if that is not what is wrong."""
    for name in data_files(config):
        file = beside / name
        if file.suffix != ".jsonl" or not file.is_file():
            continue
        try:
            for _ in read_rows(file):
                pass
        except DataError as error:
            return str(error)
    return ""
