"""From values to words, and to JSON documents; nothing here calls or decides."""
