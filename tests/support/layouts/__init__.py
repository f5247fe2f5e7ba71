"""Small public data set layouts with known truth: see ../layouts.py."""
