"""The daemon: looks at every portal when it is due, until it is stopped."""
