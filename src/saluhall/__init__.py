"""Saluhall: a multichannel selling hub."""

VERSION = "0.1.0"
