"""The same grading step on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

from ._course import CourseError

__all__ = ["ClusterWorkers"]

P = ParamSpec("P")
T = TypeVar("T")
_PATIENCE = 10  # seconds for the scheduler to answer, and for its first worker


class ClusterWorkers(Executor):
    """A `concurrent.futures` executor over Dask's futures.

    A job whose worker dies is run by another one; Dask gives it up after three deaths. Each worker
    wants one thread (``dask worker ADDRESS --nthreads 1``), bubblewrap, and this version of the
    kit.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.

    Attributes
    ----------
    threads : int
        How many jobs the workers that are there run at once.

    Raises
    ------
    CourseError
        When there is no Dask, no scheduler, or no worker.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise CourseError(
                "A cluster needs Dask; install it with `pip install 'pitfalls[cluster]'`."
            ) from None
        try:
            self._client = Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CourseError(
                f"There is no Dask scheduler at {address} ({str(error).strip() or 'no answer'}); "
                "start one with `dask scheduler`, and give the address that it prints."
            ) from None
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            self._client.close()
            raise CourseError(
                f"The cluster at {address} has no worker; start one with "
                f"`dask worker {address} --nthreads 1`."
            ) from None
        self.threads = sum(self._client.nthreads().values())
        self._executor = self._client.get_executor(pure=False)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As every executor."""
        future: Future[T] = self._executor.submit(fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; it goes on for others."""
        self._executor.shutdown(wait=wait and not cancel_futures)
        self._client.close()

    def stop(self) -> None:
        """Withdraw what has not begun, and leave the cluster."""
        self.shutdown(wait=False, cancel_futures=True)
