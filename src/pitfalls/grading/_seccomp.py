"""The system calls that a sandboxed notebook may not make."""

from __future__ import annotations

import errno
import mmap
import tempfile
from functools import cache
from typing import Any

__all__ = ["deny_list"]

# Calls that reach other processes, keyrings, mounts, namespaces or the kernel's insides, and
# System V IPC, whose memory no process owns. They fail with EPERM.
_FORBIDDEN = """
    acct add_key adjtimex bpf chroot clock_adjtime clock_settime delete_module fanotify_init
    finit_module get_mempolicy init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl
    lookup_dcookie mbind migrate_pages modify_ldt mount move_pages msgget name_to_handle_at
    open_by_handle_at perf_event_open personality pivot_root process_vm_readv
    process_vm_writev ptrace quotactl reboot request_key semget set_mempolicy setdomainname
    sethostname setns settimeofday shmget swapoff swapon sysfs syslog umount2 unshare
    userfaultfd ustat vhangup
""".split()
# The same for calls that an older libseccomp does not know by name: from 424 on, a call has
# one number on every architecture.
_FORBIDDEN_NUMBERS = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "quotactl_fd": 443,
}
# Absent (ENOSYS), so that the C library takes its older way: clone3 hides its flags from a
# filter, a memfd is memory that no process owns, and nobody has judged what came after 452.
_CLONE3, _MEMFD_SECRET, _NEWER = 435, 447, range(453, 512)

# CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_NAMESPACES = (0x80, 1 << 17, 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30)
_SHARED_VALIDATE = 3
_THP_DISABLE = 41  # PR_SET_THP_DISABLE: the watch on memory counts on small pages
_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into somebody's terminal
_NETLINK = 16  # the C library lists network interfaces through its protocol 0, NETLINK_ROUTE
_FAMILIES = (1, 2, 10, _NETLINK)  # with AF_UNIX, AF_INET, AF_INET6; AF_VSOCK heeds no namespace


@cache
def deny_list() -> bytes:
    """The deny list as the BPF program that ``bwrap --seccomp`` reads.

    Returns
    -------
    bytes
        A filter that allows every call but those that reach other processes, keyrings, mounts,
        namespaces or the kernel's less travelled interfaces.

    Raises
    ------
    RuntimeError
        When the system has no libseccomp.
    """
    import pyseccomp as seccomp

    program = seccomp.SyscallFilter(seccomp.ALLOW)
    program.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)  # a tree, not a chain, of comparisons

    def refuse(error: int, call: str | int, *args: Any) -> None:
        number = call if isinstance(call, int) else seccomp.resolve_syscall(0, call)
        if number >= 0:  # else: this architecture does not have it
            program.add_rule(seccomp.ERRNO(error), number, *args)

    for name in _FORBIDDEN:
        refuse(errno.EPERM, name)
    for number in _FORBIDDEN_NUMBERS.values():
        refuse(errno.EPERM, number)
    for number in (_CLONE3, _MEMFD_SECRET, *_NEWER):
        refuse(errno.ENOSYS, number)
    refuse(errno.ENOSYS, "memfd_create")
    for flag in _NAMESPACES:
        refuse(errno.EPERM, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    for request in _TERMINAL:
        # The kernel reads 32 bits of the request, and so does the filter.
        refuse(errno.EPERM, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, request))
    for call in ("socket", "socketpair"):
        for family in range(_FAMILIES[-1]):
            if family not in _FAMILIES:
                refuse(errno.EAFNOSUPPORT, call, seccomp.Arg(0, seccomp.EQ, family))
        refuse(errno.EAFNOSUPPORT, call, seccomp.Arg(0, seccomp.GT, _FAMILIES[-1]))
        netlink, other = seccomp.Arg(0, seccomp.EQ, _NETLINK), seccomp.Arg(2, seccomp.GT, 0)
        refuse(errno.EPROTONOSUPPORT, call, netlink, other)
    # Shared memory without a file outlives the process that is charged for it.
    for shared in (mmap.MAP_SHARED, _SHARED_VALIDATE):
        anonymous = mmap.MAP_ANONYMOUS
        kind = seccomp.Arg(3, seccomp.MASKED_EQ, 0xF | anonymous, shared | anonymous)
        refuse(errno.ENOMEM, "mmap", kind)
    # Huge pages are off inside, and stay so: only the call that says it again is allowed.
    huge_pages = seccomp.Arg(0, seccomp.MASKED_EQ, 0xFFFFFFFF, _THP_DISABLE)
    refuse(errno.EPERM, "prctl", huge_pages, seccomp.Arg(1, seccomp.NE, 1))
    refuse(errno.EPERM, "prctl", huge_pages, seccomp.Arg(2, seccomp.NE, 0))
    with tempfile.TemporaryFile() as file:
        program.export_bpf(file)
        file.seek(0)
        return file.read()
