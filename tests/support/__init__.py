"""What tests of several folders share. Nothing here is a test."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # the repository
