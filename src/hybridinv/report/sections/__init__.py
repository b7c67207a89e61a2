"""The sections of a report: each a function from what was read to what is said."""
