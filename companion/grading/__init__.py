"""The instructor's kit: release exercises, grade what comes back, report. Its command line is `companion` (see `cli`).

`source` reads an exercise, `release` makes from it what students and readers get, `submissions` reads what students hand in,
`runner` and `grade` score it, `report` tells. Needs the extra `companion[grade]`; nothing else of companion imports this.
"""
