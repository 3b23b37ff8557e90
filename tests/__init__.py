"""The course's tests. What a test needs beside Python is said by its markers: see `needs`."""
