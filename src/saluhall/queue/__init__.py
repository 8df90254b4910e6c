"""The thin door to the job library: bells that wake jobs. What is due stands in tables; a lost bell loses nothing."""

from saluhall.queue.wake_ups import Bells
from saluhall.queue.worker import run_jobs, schema

__all__ = ["Bells", "run_jobs", "schema"]
