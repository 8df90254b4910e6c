"""Saluhall: a multichannel selling hub."""
