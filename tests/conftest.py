"""Settings for all tests, so that the machine and its environment do not decide their results."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

from tests.support.inbox import inbox  # noqa: F401 - a fixture

# The same examples on every machine, and no time limit: a busy machine is no fault.
settings.register_profile("nalssi", deadline=None, derandomize=True)
settings.load_profile("nalssi")

# A shell's background jobs ignore Ctrl-C, and the processes that tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Proxies and certificates of the machine's network would change the requests of the tests.
for name in list(os.environ):
    if name.lower().endswith("_proxy") or name.startswith("SSL_CERT_"):
        del os.environ[name]

# The headings of tables follow the language of the environment; the tests expect English.
os.environ |= {"LC_ALL": "C.UTF-8"}
