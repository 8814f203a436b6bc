"""
The web view: pages, data and pictures of a database, served or written to files.

| file | has |
|---|---|
| static.py, static/, templates/ | style, script and icon; the templates |
| missing.py | the error for a missing extra |
| refusal.py | an error as an answer: a page for a browser, JSON for a program |
| app.py | the app: responses, headers, errors |
| addresses.py | every address, its function, and its files in a written site |
| answer.py | the request and the answer, and how long it holds |
| door.py | access to the database: read-only, with a time limit and a bound on requests |
| words.py | Korean and English for states, reasons and times |
| render.py | templates, links and numbers on a page |
| draw.py, strip.py | map, chart and the strip of days as plain shapes, for SVG templates |
| front.py, stations.py, portals.py, evidence.py, about.py | the pages, a file for each kind |
| feed.py, embed.py | the Atom feed, and parts for other pages to embed |
| data.py, operations.py, openapi.py | the data addresses, and their description |
| site.py | writes the answers to files |

It only reads, by ``db.query``; it contains no rules about values of its own.
"""
