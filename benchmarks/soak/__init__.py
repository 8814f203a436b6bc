"""
A month of looks in minutes: is memory stable, every look recorded, every notice right?

Twenty portals on loopback, served by a separate process, are polled every ten minutes of an
injected clock, through the project's own collector, store, monitor and notifier, as the daemon
does. The portals show one simulated feed, each with a fault that comes back every two days
(``stories``); our own troubles come in turn, too (``troubles``); each notice is compared with its
fault (``notices``).

Each sample is of the process that polls, which has imported all that the daemon imports. Another
process made the database before, as on every day but the first.
"""
