"""The file: opened, made, brought up to date, and replaced."""
