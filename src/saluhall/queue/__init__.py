"""Wrap the job library: wake-ups between processes. Due work is rows in tables, so a lost wake-up loses nothing."""

from saluhall.queue.wake_ups import WakeUps
from saluhall.queue.worker import receive_wake_ups, schema

__all__ = ["WakeUps", "receive_wake_ups", "schema"]
