"""The instructor's kit: release exercises, grade what comes back, report. Its command line is `coursework` (see `cli`).

    assignment  what an instructor writes and hands out         handin   what comes back, and whose it is
    sandbox     where a student's code runs                     wire     what crosses its wall: data, never code
    scoring     the instructor's tests against a submission     report   tables, gradebooks, pages

`selftest` grades the reference and the wrong answers of an exercise before it is released. companion knows nothing of all this.
"""
