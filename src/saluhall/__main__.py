"""`python -m saluhall` is the `saluhall` command."""

from saluhall.cli import main

main()
