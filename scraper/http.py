"""
The one import of the HTTP library: all users of httpx or its core import it from here.

httpx2 has the same API. To change to it, change the import below and the dependency; the tests of
``fetch`` and ``notify`` run on it too, see ``tests/support/on_httpx2.py``.
"""

import httpcore
import httpx

__all__ = ["httpcore", "httpx"]
