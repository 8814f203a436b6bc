"""Lengths of time in Korean."""

from __future__ import annotations


def length(minutes: int, *, parts: int = 2) -> str:
    """
    A length of time, such as ``3시간 5분``, ``2일 4시간``.

    Args:
        minutes: The length.
        parts: The most units, the largest first.
    """
    days, rest = divmod(minutes, 24 * 60)
    hours, rest = divmod(rest, 60)
    units = [(days, "일"), (hours, "시간"), (rest, "분")]
    return " ".join([f"{number}{unit}" for number, unit in units if number][:parts]) or "0분"
