"""Questions that take more than reading what is stored: statistics, comparisons, evidence."""
