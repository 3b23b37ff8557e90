"""What tests of several folders share. Nothing here is a test."""
