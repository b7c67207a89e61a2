"""What leaves the library: reports, workbooks, exports."""
