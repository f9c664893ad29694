"""The command line: the only place that imports click, that prints, and that exits."""
