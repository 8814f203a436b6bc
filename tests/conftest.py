"""What holds for all tests: they fail for what they assert, not for when or where they run."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

from tests.support.inbox import inbox  # noqa: F401 - a fixture

# The same examples everywhere, and no limit of time: a busy machine is no fault.
settings.register_profile("nalssi", deadline=None, derandomize=True)
settings.load_profile("nalssi")

# What a shell starts in the background ignores Ctrl-C, and would hand that on to our processes.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Proxies and authorities of the network on which the tests run are no part of them.
for name in list(os.environ):
    if name.lower().endswith("_proxy") or name.startswith("SSL_CERT_"):
        del os.environ[name]

# Tables have the headings of the reader's language; the tests read English.
os.environ |= {"LC_ALL": "C.UTF-8"}
