"""
What is true when: the facts that follow from the looks, the same in any order of their arrival.

| file | has |
|---|---|
| spells.py | the stretches of looks with the same box; calls the others, in the order below |
| seen.py, printed.py, memory.py | the looks, temperatures and open runs that the others need |
| pauses.py | the stretches without a look |
| dates.py | proofs, by page dates, that a box existed earlier |
| stations.py | the stations that a portal ever showed |
| same.py, bands.py, short.py | the boxes of the same set |
| sets.py | when a set was published at the latest |
| standing.py, parts.py | since when a portal shows a set, or parts of it, without a break |
| late_days.py, lateness.py | the days on which a portal is late, and the rule for them |
| doubts.py | why a set may be old although its portal was the first to show it |
| labels.py | the words that one portal lost and another printed |
| flagging.py, flags.py, runs.py | the temperatures that may be wrong, and the rules for them |

``db/validity.py`` makes states of these facts.
"""
