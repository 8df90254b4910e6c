"""The thin door to the job library: bells that wake jobs. What is due stands in tables; a lost bell loses nothing."""

from saluhall.queue.bells import Bells
from saluhall.queue.worker import install, run_jobs

__all__ = ["Bells", "install", "run_jobs"]
