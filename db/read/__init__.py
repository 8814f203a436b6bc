"""The questions that plain SQL answers, a file each: its SQL, its record and its function."""
