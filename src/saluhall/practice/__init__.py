"""Servers to practise on: one folder for each marketplace; `partner` and `receiver` play the partner's own server."""
