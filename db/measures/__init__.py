"""Questions that need computation: statistics, comparisons, evidence."""
