"""Problems are records in the file, and are shown as sentences."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.file.sentences import problem as from_sentence
from db.problems import as_json, from_json, sentences
from db.reading import SENTENCES, Problem
from scraper import normalize
from scraper.sidebar import Line, Sidebar

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
PLAIN = TEXT.filter(lambda word: repr(word) == f"'{word}'")
"""Words in which ``repr`` escapes no character."""

PROBLEMS = st.builds(Problem, kind=st.sampled_from(list(SENTENCES)), city=TEXT, word=PLAIN)


def as_shown_by_a_view(problems: list[Problem]) -> str | None:
    with closing(sqlite3.connect(":memory:")) as conn:
        (text,) = conn.execute(f"SELECT {sentences('?')}", (as_json(problems),)).fetchone()
    return None if text is None else str(text)


@given(st.lists(PROBLEMS, max_size=3))
def test_problems_are_read_back_unchanged(problems):
    assert from_json(as_json(problems)) == tuple(problems)


@given(st.lists(PROBLEMS, min_size=1, max_size=3), st.lists(PROBLEMS, min_size=1, max_size=3))
def test_problems_of_several_sidebars_are_read_line_by_line(first, second):
    assert from_json(f"{as_json(first)}\n{as_json(second)}") == (*first, *second)


@given(st.lists(PROBLEMS, max_size=3))
def test_a_view_writes_the_sentences_that_python_writes(problems):
    assert as_shown_by_a_view(problems) == ("\n".join(map(str, problems)) if problems else None)


def test_a_sentence_is_one_line_and_a_view_has_it_as_printed():
    problem = Problem(kind="unknown label", city="a\nb", word="c\n'd")
    assert str(problem) == r'''a b: unknown label "c\n'd"'''
    assert as_shown_by_a_view([problem]) == "a b: unknown label 'c 'd'"


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param("unknown city 'x'", id="a sentence"),
        pytest.param('[["unknown weather","",""]]', id="another kind"),
        pytest.param('[["unknown city",""]]', id="two values"),
        pytest.param("7", id="a number"),
    ],
)
def test_an_invalid_stored_problem_is_refused(stored):
    with pytest.raises((ValueError, TypeError)):
        from_json(stored)


# ---- sentences of an older nalssi


@given(
    st.builds(
        Problem,
        kind=st.sampled_from(["unknown label", "unknown icon code"]),
        city=TEXT,
        word=st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    )
)
def test_an_unknown_word_is_read_back_from_its_old_sentence(problem):
    assert from_sentence(str(problem)) == problem


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_an_unknown_city_is_read_back_from_its_old_sentence(city):
    problem = Problem(kind="unknown city", word=city)
    assert from_sentence(str(problem)) == problem


def test_each_problem_of_a_reader_is_read_back_from_its_sentence():
    lines = [
        Line(label="눈보라", icon="04", city="서울", temperature="4.9"),
        Line(label="맑음", icon="08", city="부산", temperature="99.9"),
        Line(label="맑음", icon="77", city="북대구", temperature="x: temperature: cannot read y"),
        Line(label="", icon="", city="고창", temperature=""),
        Line(label="맑음", icon="01", city="", temperature="1.0"),
        Line(label="맑음", icon="01", city="제주", temperature="1.0"),
        Line(label="맑음", icon="01", city="제주", temperature="2.0"),
    ]
    seen = Sidebar(page_date=None, date_printed=None, lines=tuple(lines), fragment="")
    problems = normalize.readings(seen).problems
    # A missing label of an unknown city is a problem of the list, not of a line.
    assert {problem.kind for problem in problems} == set(SENTENCES) - {"labels left out", "other"}
    assert [from_sentence(str(problem)) for problem in problems] == list(problems)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(lambda text: f"!{text}"))
def test_an_unknown_sentence_is_kept(sentence):
    assert str(from_sentence(sentence)) == sentence.replace("\n", " ")


def test_problems_are_stored_in_the_documented_form():
    problems = [
        Problem(kind="unknown label", city="고창", word="눈보라"),
        Problem(kind="no temperature", city="부산"),
    ]
    stored = '[["unknown label","고창","눈보라"],["no temperature","부산",""]]'
    assert as_json(problems) == stored
