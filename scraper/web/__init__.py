"""
The web view: pages, data and pictures of what is in a database, served or frozen to files.

| file | has |
|---|---|
| static.py, static/, templates/ | style, script and icon; the templates |
| missing.py | what is said where the extra is not installed |
| app.py | the app: which answer goes out how, its headers, its errors |
| addresses.py | every address, what answers it, and which files a frozen site has of it |
| answer.py | what is asked and what is answered, and for how long that holds |
| door.py | the way to the database: read-only, a time for each request, so many at once |
| words.py | Korean and English for states, reasons and times |
| render.py | templates, links and numbers on a page |
| draw.py, strip.py | map, chart and the strip of days as plain shapes, for SVG templates |
| front.py, stations.py, portals.py, evidence.py, about.py | the pages, a file for each kind |
| feed.py, embed.py | the Atom feed, and what other pages embed |
| data.py, operations.py, openapi.py | the data addresses, and what describes them |
| site.py | writes the answers as files |

It only reads, and asks ``db.query`` alone: what is true is not worked out again here.
"""
