"""
Our words in Korean, for tables, pages, pictures and datasets: one Korean word for one thing.

| file | has |
|---|---|
| words.py | the words of values: states, flags, causes, outcomes, skies |
| headings.py | the headings of tables |
| sentences.py | the sentences: why a value is in its state, why one is missing, notes, legends |
| lengths.py | lengths of time |

Values in files, JSON and CSV stay English in every language, and so do messages of errors.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Language: TypeAlias = Literal["ko", "en"]
