"""The functions of GoogleSQL that the embedded warehouse has been taught, a file per family."""
