"""The daemon: polls every portal when it is due, until it is stopped."""
