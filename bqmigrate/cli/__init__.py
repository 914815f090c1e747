"""The command line: reads arguments, shows, asks, calls the library, renders what it answers."""
