"""Wrap the job library: wake-ups for jobs. Due work is rows in tables, so a lost wake-up loses nothing."""

from saluhall.queue.wake_ups import WakeUps
from saluhall.queue.worker import run_jobs, schema

__all__ = ["WakeUps", "run_jobs", "schema"]
