"""The controlling process's part: results as they come, reports at the end."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import manifest
from harness.comparison.rated import to_grade_again
from harness.config import missing_parts
from harness.errors import MichiError
from harness.plugin.outcome import task_of
from harness.review.files import read_grades
from harness.runs import Item, append_item, item_from_row, read_run, write_json
from harness.scrub import place, scrub
from harness.settings import Settings
from harness.toml import suggestion

if TYPE_CHECKING:
    from harness.comparison.within import Comparisons


class Recorder:
    """Writes `results.jsonl` as items end, then the reports, then two tables on the terminal."""

    def __init__(self, settings: Settings, config: pytest.Config) -> None:
        self.settings = settings
        self.config = config
        self._items: list[Item] = []
        self._misused = False
        self._broke = False
        self._failed = False
        self._planned = False
        self._workers_stopped = False
        self._dead: list[str] = []
        self._notes: list[str] = []
        self._collected = 0
        self._told: dict[str, str] = {}
        self._compared: Comparisons | None = None  # once for the reports and the terminal

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Count eval items before anything is deselected (single process only)."""
        self._collected = sum("evaluate" in getattr(i, "fixturenames", ()) for i in items)

    def pytest_report_collectionfinish(self, items: list[pytest.Item]) -> list[str]:
        """Say before anything runs which parts are not here, and which gates can hardly tell."""
        chosen = {
            item.callspec.params["checkpoint"].id
            for item in items
            if "evaluate" in getattr(item, "fixturenames", ()) and hasattr(item, "callspec")
        }
        lines = [
            f"checkpoint {checkpoint.id}: not found: {part}"
            for checkpoint in self.settings.matrix.checkpoints
            if checkpoint.id in chosen
            for part in missing_parts(checkpoint)
        ]
        evals = [i.nodeid for i in items if "evaluate" in getattr(i, "fixturenames", ())]
        return [f"michi: {line}" for line in [*lines, *self._weak_gates(evals)]]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """The same of the gates, once, where workers collect."""
        if self._planned:
            return
        self._planned = True
        terminal: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        for line in self._weak_gates(ids):
            terminal.write_line(f"michi: {line}")

    def _weak_gates(self, nodeids: list[str]) -> list[str]:
        if not self.settings.gates:
            return []
        from harness.plugin.weak_gates import underpowered

        try:
            return underpowered(self.settings, map(task_of, nodeids))
        except MichiError:
            return []  # data that can't be read: the items say so

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Record the items that a report carries, or that their worker died."""
        lines = getattr(report, "michi_items", [])
        if report.when == "???":
            lines = []
            self._broke = True
            self._record_crash(report)
        elif error := getattr(report, "michi_error", ""):
            if error == "ServiceError":
                self._broke = True
            else:
                self._misused = True
            self._tell_once(report)
        elif getattr(report, "michi_broke", False):
            self._broke = True
        else:
            self._failed |= report.failed
        worker = getattr(report, "worker_id", "")
        for line in lines:
            self._record(item_from_row({**json.loads(line), "worker": worker}))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Remember a worker that did not end by itself, and how many eval items there were."""
        self._collected += getattr(node, "workeroutput", {}).get("michi_evals", 0)
        if error:
            self._dead.append(node.gateway.id)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """With -x xdist interrupts the session, as if somebody had pressed ^C."""
        self._workers_stopped = excinfo.type.__module__.startswith("xdist.")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the reports; say with the exit code whether a gate or the configuration failed."""
        found_none = session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
        if found_none and self._names_nothing(session):
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        if self._items:
            stopped = session.shouldstop or session.shouldfail  # -x
            self._finish(complete=exitstatus in (0, 1) and not stopped)
        if self._failed:  # a gate or an assertion, of any test: pytest's own 1
            if self._workers_stopped:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
            return
        if self._misused:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self._broke:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Two tables, then where the report is."""
        if self.config.option.no_summary or not (self._items or self._notes):
            return
        terminalreporter.section("michi", sep="=")
        whole = self.settings.shard is None
        if whole and self._items and (self.settings.run_folder / "run.json").exists():
            from harness.report.terminal import run_lines

            for line in run_lines(self.settings.run_folder, self._compared):
                terminalreporter.write_line(line)
        for note in self._notes:
            terminalreporter.write_line(note)
        if self.settings.annotations == "github":
            from harness.report.annotations import github_annotations

            for line in github_annotations(self._items, self.settings.strict):
                terminalreporter.write_line(line)

    def _tell_once(self, report: Any) -> None:
        """One cause is told once, however many checkpoints and workers meet it."""
        first = self._told.setdefault(str(report.longrepr), report.nodeid)
        if first != report.nodeid:
            report.outcome = "skipped"
            reason = f"Skipped: same {report.michi_error} as {first}"
            report.longrepr = (report.nodeid, 0, reason)

    def _record(self, item: Item) -> None:
        # Messages name files by their whole path, and engines may quote a key that was refused.
        item = dataclasses.replace(item, message=scrub(item.message, self.settings.root))
        if not self._items:
            self._tell_junit()
        self._items.append(item)
        try:
            append_item(self.settings.run_folder, item)
        except MichiError as error:
            self._misused = True
            self.note(str(error))

    def _tell_junit(self) -> None:
        """Where the report will be, as a property of the whole suite in --junit-xml's file."""
        from _pytest.junitxml import xml_key  # as pytest's own record_testsuite_property does

        xml = self.config.stash.get(xml_key, None)
        if xml is not None:
            page = self.settings.run_folder / "report.html"
            xml.add_global_property("michi.report", place(str(page), self.settings.root))

    def _record_crash(self, report: Any) -> None:
        from harness.plugin.spread import checkpoint_of

        checkpoint = checkpoint_of(report.nodeid, self.settings.matrix.checkpoints)
        if checkpoint is not None:
            message = "its worker process died; finished samples are kept, run it again to go on"
            task = task_of(report.nodeid)
            self._record(Item(checkpoint.id, task, report.nodeid, "crashed", message))

    def _finish(self, complete: bool) -> None:
        folder = self.settings.run_folder
        if self._dead:
            self.note(f"workers that died: {', '.join(self._dead)}")
        if not (folder / "run.json").exists():
            return  # no item came as far as a run folder
        try:
            begun = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            # A folder that is used again may have begun without --eval-redact.
            begun["redact"] = bool(begun.get("redact")) or self.settings.redact
            begun = manifest.finished(begun, self._items, complete)
            write_json(folder / "run.json", begun)
            if self.settings.shard is not None:
                self.note(self._answered())
                return
            if changed := self._to_grade_again():
                write_json(folder / "run.json", {**begun, "to_grade_again": changed})
            from harness.comparison.within import comparisons
            from harness.report.write import write_reports

            self._compared = comparisons(read_run(folder))
            written = write_reports(folder, compared=self._compared)
            shown = self._link_latest(folder)
        except MichiError as error:
            self._misused = True
            self.note(str(error))
            return
        if ungated := self._ungated():
            self.note(
                f"not gated: {', '.join(ungated)}: none of the usual figures was measured. Set "
                f"[gates.TASK.METRIC] in {_short(self.settings.matrix.path, self.config)}."
            )
        for path in written:
            if path.suffix == ".html":
                self.note(f"report: {_short(shown / path.name, self.config)}")

    def _answered(self) -> str:
        """What a shard did, and what comes next."""
        asked, stored = (sum(getattr(i, name) for i in self._items) for name in ("asked", "stored"))
        ended = sum(item.status == "answered" for item in self._items)
        folder = _short(self.settings.run_folder, self.config)
        return (
            f"{folder}: {asked:,} requests answered, {stored:,} were there already; {ended} of "
            f"{len(self._items)} items. When all shards have run: python -m harness merge "
            f"{_short(self.settings.run_folder.parent, self.config)}/*"
        )

    def _to_grade_again(self) -> dict[str, list[str]]:
        """Graded answers that changed; grades that broke during the run keep no report back."""
        try:
            grades = read_grades(self.settings.grades)
        except MichiError as error:
            self._misused = True
            self.note(str(error))
            return {}
        return to_grade_again(read_run(self.settings.run_folder), grades)

    def _ungated(self) -> list[str]:
        """Tasks that the baseline file holds and that no usual gate is for."""
        if self.settings.baseline is None or self.settings.matrix.gates:
            return []
        results = [r for item in self._items for r in item.results]
        gated = {r.task for r in results if r.gate}
        held = self.settings.baseline.content["tasks"]
        return sorted({r.task for r in results if r.task in held} - gated)

    def _link_latest(self, folder: Path) -> Path:
        """Point reports/latest at this run; returns it, or the run where links can't be made."""
        latest = self.settings.reports / "latest"
        if not folder.is_relative_to(self.settings.reports):
            return folder
        partial = latest.with_name(f"latest.{os.getpid()}.partial")
        try:
            partial.symlink_to(os.path.relpath(folder, latest.parent), target_is_directory=True)
            os.replace(partial, latest)
        except OSError:
            partial.unlink(missing_ok=True)
            return folder
        return latest

    def _names_nothing(self, session: pytest.Session) -> bool:
        """Whether -k left none of the eval items; says which names there are."""
        keyword = self.config.option.keyword
        if not keyword or not self._collected:
            return False
        known = [c.id for c in self.settings.matrix.checkpoints]
        self.note(
            f"-k {keyword!r} selects nothing.{suggestion(keyword, known)} Checkpoints of "
            f"{_short(self.settings.matrix.path, self.config)}: {', '.join(known)}."
        )
        return True

    def note(self, text: str) -> None:
        """Have something told at the end, once."""
        if text not in self._notes:
            self._notes.append(text)


def _short(path: Path, config: pytest.Config) -> str:
    base = config.invocation_params.dir
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
