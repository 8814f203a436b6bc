"""The file: how it is opened, made, upgraded and replaced."""
