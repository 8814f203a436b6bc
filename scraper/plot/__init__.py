"""
Pictures of the history: a chart of stations over time, or a map of them at one moment.

| file | has |
|---|---|
| chart.py | the plain values of a chart: stretches, lines, frozen bands, skies |
| survey.py | the values of a map: each station's value at one moment, and whether it is live |
| ticks.py | the times under a chart |
| sky.py | the colour, sign and words of each condition |
| coast.py | a coarse outline of the land |
| placing.py | the placement of labels on a map |
| terminal.py | chart and map as text, drawn by plotext |
| figure.py, figure_map.py | chart and map as a file, drawn by matplotlib |
| paper.py | matplotlib itself: the sheet, Korean fonts, the written file |

Values flow one way: from the database's spells to plain values, and from those to text or a file.
"""
