"""
The one door to the HTTP library: every user of httpx or its core imports it from here.

httpx2 has the same API. A change to it is a change of the import below and of the dependency; the
tests of ``fetch`` and ``notify`` run on it too, see ``tests/support/on_httpx2.py``.
"""

import httpcore
import httpx

__all__ = ["httpcore", "httpx"]
