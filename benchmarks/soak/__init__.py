"""
A month of looks in minutes: does memory stay, is every look recorded, is every notice right?

Twenty portals on loopback, served by a separate process, are polled every ten minutes of an
injected clock, through the project's own collector, store, monitor and notifier, as the daemon
does. The portals show one simulated feed, each with a fault that comes back every two days
(``stories``); our own troubles come in turn, too (``troubles``); each notice is compared with its
fault (``notices``).

Each sample is of the process that looks, which holds whatever the daemon imports. The database was
made before, by another process: as on every day but the first.
"""
