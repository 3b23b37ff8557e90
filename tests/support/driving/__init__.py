"""How a test drives each explorable and reads what it shows: on a page of its own, and on the built site."""
