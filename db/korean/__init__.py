"""
Our words in Korean, for tables, pages, pictures and datasets: one Korean word for one thing.

| file | has |
|---|---|
| words.py | the words of values: states, flags, causes, outcomes, skies |
| headings.py | the headings of tables |
| sentences.py | the sentences: why a value is in its state, why one is missing, and problems |
| lengths.py | lengths of time |
| lines.py | the lines of citations, charts and maps, and those beside tables |
| cells.py | the cells of a table, by the heading of the column |

Values in files, JSON and CSV stay English in every language, and so do messages of errors.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Language: TypeAlias = Literal["ko", "en"]
