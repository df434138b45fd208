"""One run of one command: CPU, wall, memory, exit code, and what it said."""

import os
import pathlib
import signal
import subprocess
import threading
import time

# Memory is looked at this often, and new processes are looked for that often; both in seconds.
SAMPLE = 0.01
LOOK_AROUND = 0.25


def measure(command, log, discard_output=False, timeout=None):
    """A dictionary with what `command` took.

    cpu: user and system seconds of the whole tree of processes (`wait4`).
    wall: seconds by the clock.
    rss: the largest resident set of one process in MB, mapped files included (`wait4`). Never less than Python's own,
        which the process is a copy of before it becomes another.
    anon: the largest sum of anonymous memory of all processes in MB, SAMPLED, so that a short peak can be missed;
        None where there is no /proc.
    exit: the exit code, negative for a signal; "timeout" where it was stopped.
    load: the load average before.
    """
    load = os.getloadavg()[0]
    with open(log, "wb") as file:
        started = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if discard_output else file,
            stderr=file,
            start_new_session=True,
        )
        sampler = Sampler(process.pid, started + timeout if timeout else None)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        sampler.done.set()
        sampler.join()
    return {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": wall,
        "rss": usage.ru_maxrss / 1024,
        "anon": sampler.peak,
        "exit": "timeout" if sampler.stopped else process.returncode,
        "load": load,
    }


class Sampler(threading.Thread):
    """Looks at the memory of all processes of a session until told that they are done; stops them at the deadline."""

    def __init__(self, session, deadline):
        super().__init__(daemon=True)
        self.session, self.deadline = session, deadline
        self.done = threading.Event()
        self.peak, self.stopped = None, False

    def run(self):
        processes, looked_around = [self.session], time.monotonic()
        while not self.done.wait(SAMPLE):
            now = time.monotonic()
            if now - looked_around > LOOK_AROUND:
                processes, looked_around = of_session(self.session), now
            found = [kb for kb in map(anonymous, processes) if kb is not None]
            if found:
                self.peak = max(self.peak or 0, sum(found) / 1024)
            if self.deadline and now > self.deadline and not self.stopped:
                self.stopped = True
                os.killpg(self.session, signal.SIGKILL)


def anonymous(process):
    """Anonymous resident memory in KB."""
    try:
        status = pathlib.Path(f"/proc/{process}/status").read_bytes()
    except OSError:
        return None
    _, found, rest = status.partition(b"RssAnon:")
    return int(rest.split(None, 1)[0]) if found else None


def of_session(session):
    """All processes of a session."""
    found = [session]
    for name in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else []):
        try:
            # The name stands in brackets and may hold anything; behind it: state, parent, group, session.
            stat = pathlib.Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(stat[3]) == session and int(name) != session:
            found.append(int(name))
    return found


def machine():
    """What a reader needs to know of this machine, and nothing that names it."""
    info = {"cores": os.cpu_count(), "system": f"{os.uname().sysname} {os.uname().machine}", "cpu": "unknown"}
    if hasattr(os, "sched_getaffinity"):
        info["cores"] = len(os.sched_getaffinity(0))
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                info["cpu"] = line.partition(":")[2].strip()
                break
        total = pathlib.Path("/proc/meminfo").read_text().partition("MemTotal:")[2].split()[0]
        info["memory_gb"] = round(int(total) / (1 << 20), 1)
    except OSError:
        pass
    return info
