"""The package that the chapters import: data, models, losses, training and plots for a course on autoencoders.

Nothing is imported here, so `import companion` costs nothing: write `from companion import data, plots`.
"""

__version__ = "0.1.0"
