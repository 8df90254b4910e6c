"""Jobs: each drains one kind of due row for one key, and stops when nothing is due."""
