"""Sessions that evaluate nothing don't notice the plugin; and it stands without its neighbours."""

from __future__ import annotations

import pytest

from tests.plugin.helpers import asked, items, latest, outcomes, output

PLAIN = "def test_one():\n    assert True\n\ndef test_two():\n    assert True\n"


@pytest.fixture
def plain(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project that has nothing to do with evals."""
    pytester.makepyfile(test_plain=PLAIN)
    return pytester


def untouched(project: pytest.Pytester, result: pytest.RunResult) -> bool:
    """No header, no section, no warning, no folder. Paths and installed plugins are pytest's."""
    own = ("platform ", "plugins:", "rootdir:")  # a clone's folder has our name, too
    lines = [line for line in output(result).splitlines() if not line.startswith(own)]
    said = [line for line in lines if "michi" in line or "warning" in line.lower()]
    return said == [] and not (project.path / "reports").exists()


def test_a_session_without_matrix_is_untouched(plain: pytest.Pytester) -> None:
    result = plain.runpytest_subprocess("-v")
    assert outcomes(result) == {"passed": 2}
    assert untouched(plain, result)


def test_a_session_without_matrix_is_untouched_under_workers(plain: pytest.Pytester) -> None:
    result = plain.runpytest("-n", "2")
    assert outcomes(result) == {"passed": 2}
    assert untouched(plain, result)


def test_plain_tests_beside_a_matrix_are_untouched(project: pytest.Pytester) -> None:
    project.makepyfile(test_plain=PLAIN)
    result = project.runpytest("test_plain.py")
    assert outcomes(result) == {"passed": 2}
    assert untouched(project, result)


def test_plain_tests_beside_a_matrix_are_untouched_under_workers(project: pytest.Pytester) -> None:
    project.makepyfile(test_plain=PLAIN)
    result = project.runpytest("test_plain.py", "-n", "2")
    assert outcomes(result) == {"passed": 2}
    assert untouched(project, result)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_k_that_selects_no_plain_test_stays_pytests_own_affair(
    project: pytest.Pytester, workers: str
) -> None:
    project.makepyfile(test_plain=PLAIN)
    result = project.runpytest("test_plain.py", "-k", "absent", "-n", workers)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert untouched(project, result)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_broken_matrix_that_nobody_asks_for_disturbs_nobody(
    project: pytest.Pytester, workers: str
) -> None:
    project.makepyfile(test_plain=PLAIN)
    (project.path / "world" / "matrix.toml").write_text("[models\n")
    result = project.runpytest("test_plain.py", "-n", workers)
    assert result.ret == 0
    assert outcomes(result) == {"passed": 2}
    assert untouched(project, result)


def test_plain_tests_and_evals_go_together(project: pytest.Pytester) -> None:
    project.makepyfile(test_plain=PLAIN)
    result = project.runpytest()
    assert outcomes(result) == {"passed": 14}
    assert len(items(latest(project))) == 12


def test_a_checkpoint_fixture_of_somebody_else_is_left_alone(plain: pytest.Pytester) -> None:
    plain.makepyfile(
        test_own="""
        import pytest

        @pytest.fixture
        def checkpoint():
            return "mine"

        def test_mine(checkpoint):
            assert checkpoint == "mine"
        """
    )
    assert outcomes(plain.runpytest("test_own.py")) == {"passed": 1}


def test_without_the_cache_plugin(project: pytest.Pytester) -> None:
    result = project.runpytest("evals", "-k", "jsquad", "-p", "no:cacheprovider")
    assert outcomes(result) == {"passed": 4}
    assert not (project.path / ".pytest_cache").exists()


def test_without_the_terminal_plugin(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("evals", "-k", "jsquad", "-p", "no:terminal")
    assert result.ret == 0
    assert output(result) == ""
    assert len(items(latest(project))) == 4


def test_without_xdist(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("evals", "-k", "jsquad", "-p", "no:xdist")
    assert outcomes(result) == {"passed": 4}
    assert len(items(latest(project))) == 4


def test_without_capture(project: pytest.Pytester) -> None:
    result = project.runpytest("evals", "-k", "jsquad", "-s")
    assert outcomes(result) == {"passed": 4}


def test_without_the_junit_plugin(project: pytest.Pytester) -> None:
    assert project.runpytest("evals", "-k", "jsquad", "-p", "no:junitxml").ret == 0


def test_switched_off_it_is_gone(project: pytest.Pytester) -> None:
    project.makepyfile(test_plain=PLAIN)
    result = project.runpytest("test_plain.py", "-p", "no:michi", "-W", "ignore")
    assert outcomes(result) == {"passed": 2}
    evals = project.runpytest("evals/test_jsquad.py", "-p", "no:michi", "-W", "ignore")
    assert outcomes(evals) == {"errors": 1}
    assert "fixture 'evaluate' not found" in output(evals)
    assert asked(project) == []
