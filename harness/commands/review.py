"""`python -m harness review`: the page for grading is served, or a file of grades is taken over."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import webbrowser
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.commands.server import PORT, open_server, review_page
from harness.comparison.rated import rated, rated_items
from harness.errors import ConfigError
from harness.report.terminal import plain
from harness.review.events import GradeEvent
from harness.review.importing import belonging, import_grades
from harness.review.judgement import judgements
from harness.runs import Run, read_run

GRADES = Path("reports/grades")
_NEXT = "`pytest evals` counts them; nothing is asked again for that."


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
        default=GRADES,
        help="where grades lie, to be committed (default: %(default)s)",
    )
    parser.add_argument("--port", type=_port, help=f"default: the first free one from {PORT} on")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def run(options: argparse.Namespace) -> int:
    """Serve the page, or import grades. Raises MichiError."""
    for line in review(options):
        print(plain(line), flush=True)
    return 0


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
        if options.port is None and server.server_port != PORT:
            yield (
                f"Port {PORT} is taken: this page has port {server.server_port}. Grades that an "
                "earlier page did not send yet are kept in the browser under that page's port: "
                "open this one there with --port."
            )
        yield f"Only this machine can open it. Grades go to {options.grades}. Ctrl-C ends it."
        with contextlib.suppress(KeyboardInterrupt):
            if not options.no_browser and _has_screen():
                webbrowser.open(server.address)
            server.serve_forever()
    yield _written(server.written)
    if server.written:
        yield _NEXT


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
    if imported.written:
        yield _NEXT


def uncounted(run: Run, events: Iterable[GradeEvent]) -> int:
    """How many verdicts on a run's answers are other than those in its figures, or came since.

    One that was taken back since is among them.
    """
    now = judgements(events)
    fields = () if now else ("people",)
    answers = (answer for answers in rated_items(run, *fields) for answer in answers)
    # Of the many answers that nobody ever judged none need be remembered.
    then = {a.key: a.opinions for a in answers if a.opinions or a.key in now}
    count = 0
    for key, opinions in then.items():
        before = {author: opinion["verdict"] for author, opinion in opinions.items()}
        after = {a: o.verdict for a, o in now[key].opinions.items()} if key in now else {}
        count += sum(before.get(author) != after.get(author) for author in before | after)
    return count


def _written(counts: Mapping[Path, int]) -> str:
    """How many events went into which files; one that takes a grade back is one, too."""
    files = ", ".join(f"{count} to {path}" for path, count in sorted(counts.items()))
    return f"Grades given or changed: {files}." if files else "No new grades."


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535, or 0 for any free one")
    return int(text)
