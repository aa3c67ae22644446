"""The memory of a worker: its peak, and whether it grows."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

MB = 2**20


@contextmanager
def peak() -> Iterator[list[float]]:
    """The most memory that a worker used with its zygote and kernels: proportional set sizes."""
    found, done = [0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            for worker in psutil.Process().children():
                found[0] = max(found[0], _memory_of(worker))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def _memory_of(worker: psutil.Process) -> float:
    """MB of all its processes while they stand still: what one lets go, others' shares take up.

    One that is ending cannot be held, and its shares would count twice. Then nothing is read: 0.
    """
    held: list[psutil.Process] = []
    total = 0
    try:
        for process in [worker, *_below(worker)]:
            process.suspend()
            held.append(process)
        total = sum(process.memory_full_info().pss for process in held)
        still = all(process.status() == psutil.STATUS_STOPPED for process in held)
    except psutil.Error:
        still = False
    finally:
        for process in held:
            with suppress(psutil.Error):
                process.resume()
    return total / MB if still else 0.0


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def drift(count: int) -> dict[str, float]:
    """One worker's memory after a tenth of many small submissions, and after all of them."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        early, late = pool.apply(_soaked, (count,))
    return {
        "grading.soak_submissions": count,
        "grading.soak_early_mb": round(early, 1),
        "grading.soak_late_mb": round(late, 1),
    }


def _soaked(count: int) -> tuple[float, float]:
    from pitfalls.grading import Job, grade_notebook
    from pitfalls.grading._warm import warm_start

    source = {"cell_type": "code", "metadata": {}, "source": "sum(range(10))", "id": "a"}
    cells = [{**source, "outputs": [], "execution_count": None}]
    page = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
    sizes = []
    for number in range(count):
        grade_notebook(Job(f"s{number}", "soak", "soak", page, page, 1, warm=True))
        pids = (os.getpid(), warm_start().pid)
        sizes.append(sum(psutil.Process(pid).memory_full_info().uss for pid in pids) / MB)
    warm_start().close()
    return sizes[count // 10], sizes[-1]
