"""Servers to practise on: one folder for each marketplace; `partner` and `receiver` stand for the partner's own server."""
