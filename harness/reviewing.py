"""`python -m harness review`: the page for grading is served, or a file of grades is taken over."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.comparison.rated import rated
from harness.errors import ConfigError
from harness.review.importing import belonging, import_grades
from harness.runs import read_run
from harness.server import PORT, open_server, review_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("run", type=Path, nargs="?", metavar="RUN", help="such as reports/latest")
    parser.add_argument(
        "--import",
        type=Path,
        metavar="FILE",
        dest="source",
        help="take over grades that a report page saved, all or none; with RUN, say how many of "
        "them are of its answers",
    )
    parser.add_argument(
        "--grades",
        type=Path,
        metavar="DIR",
        default=Path("reports/grades"),
        help="where grades lie, to be committed (default: %(default)s)",
    )
    parser.add_argument("--port", type=_port, help=f"default: the first free one from {PORT} on")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def review(options: argparse.Namespace) -> Iterator[str]:
    """Run the command; yields lines to print as it goes. Raises MichiError."""
    if options.source is not None:
        yield from _import(options.source, options.grades, options.run)
    elif options.run is not None:
        yield from _serve(options)
    else:
        raise ConfigError("review: name a run folder, such as reports/latest, or --import FILE.")


def _serve(options: argparse.Namespace) -> Iterator[str]:
    content = review_page(options.run, options.grades)
    with open_server(content, options.grades, options.port) as server:
        yield server.address
        yield f"Only this machine can open it. Grades go to {options.grades}. Ctrl-C ends it."
        with contextlib.suppress(KeyboardInterrupt):
            if not options.no_browser and _has_screen():
                webbrowser.open(server.address)
            server.serve_forever()
    yield _written(server.written)


def _has_screen() -> bool:
    """Whether a browser would have a window: one for terminals would take this one over."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return os.name == "nt" or sys.platform == "darwin" or any(map(os.environ.get, names))


def _import(source: Path, grades: Path, folder: Path | None) -> Iterator[str]:
    run = None if folder is None else read_run(folder)  # before anything is written
    imported = import_grades(source, grades)
    yield f"{_written(imported.written)} Known already: {imported.known}."
    if run is not None:
        of = belonging(imported.events, ((a.suite, a.item, a.key) for a in rated(run)))
        yield (
            f"Of answers in {run.folder}: {of.answers}. Of its questions, but of answers that have "
            f"changed: {of.changed}. Of neither: {of.elsewhere}."
        )


def _written(counts: Mapping[Path, int]) -> str:
    """How many grades went into which files."""
    files = ", ".join(f"{count} to {path}" for path, count in sorted(counts.items()))
    return f"New grades: {files}." if files else "No new grades."


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535, or 0 for any free one")
    return int(text)
