"""The committee report: one set of words and tables, as Word, tagged PDF and workbook."""
