"""
Pictures of what was seen: a chart of stations over time, or a map of them at one moment.

| file | has |
|---|---|
| chart.py | what a chart shows, as plain values: stretches, lines, frozen bands, skies |
| survey.py | what a map shows: each station's value at one moment, and whether it is live |
| ticks.py | the times under a chart |
| sky.py | the colour, sign and words of each condition |
| coast.py | a coarse outline of the land |
| placing.py | where on a map a label has room |
| terminal.py | chart and map as text, drawn by plotext |
| figure.py, figure_map.py | chart and map as a file, drawn by matplotlib |
| paper.py | matplotlib itself: the sheet, letters for Korean, the file that is written |

Values go one way: from the database's spells to plain values, and from those to text or a file.
"""
