"""A small exercise, and what a class hands in for it: honest, unlucky and hostile. The tests and the benchmark grade them; no command does."""
