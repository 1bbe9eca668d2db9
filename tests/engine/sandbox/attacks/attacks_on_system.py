"""Snippets that reach for the network, other processes, the kernel, or more than their share. See attacks.py."""

NETWORK = {
    "connect by TCP": "socket.create_connection(('127.0.0.1', T.tcp), 100)",
    "connect by TCP over IPv6": "socket.create_connection(('::1', T.tcp6), 100)",
    "connect by multipath TCP": """
socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).connect(("127.0.0.1", T.tcp))
""",
    "send data while connecting (fast open)": """
socket.socket().sendto(b"x", 0x20000000, ("127.0.0.1", T.tcp))
""",
    "fetch a page": """
import urllib.request
urllib.request.urlopen(f"http://127.0.0.1:{T.tcp}/?q=secret", timeout=100).read()
""",
    "connect with asyncio": """
import asyncio
async def connect():
    await asyncio.open_connection("127.0.0.1", T.tcp)
asyncio.run(connect())
""",
    "send a UDP datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', T.udp))",
    "send a UDP datagram over IPv6": """
socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", ("::1", T.udp6))
""",
    "listen by TCP": "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()",
    "listen by UDP": "socket.socket(type=socket.SOCK_DGRAM).bind(('127.0.0.1', 0))",
    "connect to a unix socket": "socket.socket(socket.AF_UNIX).connect(T.unix)",
    "connect to an abstract unix socket": "socket.socket(socket.AF_UNIX).connect('\\0' + T.abstract)",
    "send to a unix datagram socket": """
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", T.unix_datagram)
""",
    "send to a unix datagram socket from a socket pair": """
socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", T.unix_datagram)
""",
    "send a message to a unix datagram socket from a socket pair": """
socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendmsg([b"x"], [], 0, T.unix_datagram)
""",
    "send to a unix datagram socket from a raw socket pair": """
socket.socketpair(socket.AF_UNIX, socket.SOCK_RAW)[0].sendmsg([b"x"], [], 0, T.unix_datagram)
""",
    "listen on an abstract unix socket": "socket.socket(socket.AF_UNIX).bind('\\0x' + T.token)",
    "listen on a unix socket in the scratch folder": "socket.socket(socket.AF_UNIX).bind('here')",
    "ask netlink for the routes": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0))",
    "reach the kernel's crypto sockets": "socket.socket(38, socket.SOCK_SEQPACKET)",
    "open a packet socket": """
as_root_of_a_namespace(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW), 0x50000000)
""",
    "open a raw socket": """
as_root_of_a_namespace(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1), 0x50000000)
""",
    "open a vsock socket": "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)",
    "open a bluetooth socket": "socket.socket(31, socket.SOCK_RAW, 1)",
}

PROCESS = {
    "fork": """
pid = os.fork()
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
""",
    "fork with clone": """
pid = call("clone", 17, 0, 0, 0, 0)
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
""",
    "fork with clone3": """
arguments = (ctypes.c_uint64 * 8)(0, 0, 0, 0, 17, 0, 0, 0)
pid = call("clone3", ctypes.byref(arguments), 64)
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
""",
    "run a program": "assert subprocess.run(['/bin/echo', 'x'], capture_output=True).stdout",
    "spawn a program": "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)",
    "run a shell": "assert os.popen('echo x').read()",
    "execute a program by path": "reaches(errno.ENOENT, lambda: os.execv('/nothing/here', ['x']))",
    "execute a program by descriptor": """
Path("program").write_text("x")
reaches(errno.EACCES, lambda: os.execve(os.open("program", os.O_RDONLY), ["x"], {}))
""",
    "start a process with multiprocessing": """
import multiprocessing
process = multiprocessing.get_context("fork").Process(target=time.time)
process.start()
process.join()
assert process.exitcode == 0
""",
    "end the app": "os.kill(T.victim, signal.SIGTERM)",
    "end the app's process group": "os.killpg(T.victim, signal.SIGTERM)",
    "signal every process": "os.kill(-1, 0)",
    "signal the parent process": "os.kill(os.getppid(), 0)",
    "end the app with tkill": "call('tkill', T.victim, 15)",
    "end the app with tgkill": "call('tgkill', T.victim, T.victim, 15)",
    "end the app with a queued signal": """
info = (ctypes.c_uint8 * 128)()
struct.pack_into("iii", info, 0, 15, 0, -1)
call("rt_sigqueueinfo", T.victim, 15, ctypes.byref(info))
""",
    "end the app through a process descriptor": """
signal.pidfd_send_signal(os.pidfd_open(T.victim), signal.SIGTERM)
""",
    "end the app with a signal for input": """
a, b = socket.socketpair()
fcntl.fcntl(a, fcntl.F_SETOWN, T.victim)
fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
b.send(b"x")
""",
    "end the app with a signal for input, set by ioctl": """
a, b = socket.socketpair()
fcntl.ioctl(a, 0x8901, struct.pack("i", T.victim))
fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
b.send(b"x")
""",
    "trace the app": "call('ptrace', 0x4206, T.victim, 0, 0)",
    "read the app's memory with process_vm_readv": """
buffer = ctypes.create_string_buffer(len(T.secret))
here = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), len(T.secret))
there = (ctypes.c_uint64 * 2)(T.address, len(T.secret))
call("process_vm_readv", T.victim, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
has_secret(buffer.raw)
""",
    "write the app's memory with process_vm_writev": """
buffer = ctypes.create_string_buffer(b"OWNED")
here = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 5)
there = (ctypes.c_uint64 * 2)(T.address, 5)
call("process_vm_writev", T.victim, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
""",
    "write the app's memory through /proc": """
with open(f"/proc/{T.victim}/mem", "r+b", 0) as memory:
    memory.seek(T.address)
    memory.write(b"OWNED")
""",
    "take a descriptor of the app": """
fd = call("pidfd_getfd", os.pidfd_open(T.victim), T.victim_fd, 0)
has_secret(os.pread(fd, 1000, 0))
""",
    "compare the app with itself": "call('kcmp', T.victim, os.getpid(), 1, 0, 0)",
    "limit the app's file size": "resource.prlimit(T.victim, resource.RLIMIT_FSIZE, (1, 1))",
    "read the app's limits": "resource.prlimit(T.victim, resource.RLIMIT_FSIZE)",
    "slow the app down": "os.setpriority(os.PRIO_PROCESS, T.victim, 19)",
    "slow all the user's processes down": "os.setpriority(os.PRIO_USER, os.getuid(), os.getpriority(0, 0))",
    "pin the app to one processor": "os.sched_setaffinity(T.victim, {min(os.sched_getaffinity(T.victim))})",
    "make the app idle": "os.sched_setscheduler(T.victim, os.SCHED_IDLE, os.sched_param(0))",
    "make the app idle with sched_setattr": """
attributes = struct.pack("IIQiIQQQ", 48, 5, 0, 0, 0, 0, 0, 0)
call("sched_setattr", T.victim, attributes, 0)
""",
    "starve the app's disk access": "call('ioprio_set', 1, T.victim, 3 << 13)",
    "offer the app to the out-of-memory killer": """
Path(f"/proc/{T.victim}/oom_score_adj").write_text("1000")
""",
    "outlive the app": """
if libc.prctl(1, 0, 0, 0, 0):
    raise OSError(ctypes.get_errno(), "prctl")
""",
    "change its own limits": """
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
""",
}

KERNEL = {
    "make a user namespace": "detached(lambda: call('unshare', 0x10000000))",
    "mount a file system": """
as_root_of_a_namespace(lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, 0))
""",
    "open a file system": "as_root_of_a_namespace(lambda: call('fsopen', b'tmpfs', 0))",
    "copy the mount tree": "as_root_of_a_namespace(lambda: call('open_tree', -100, b'/', 0x8001))",
    "unmount a file system": """
as_root_of_a_namespace(lambda: reaches(errno.EINVAL, lambda: call("umount2", b"/usr", 0)))
""",
    "change the root": "as_root_of_a_namespace(lambda: call('chroot', b'/tmp'))",
    "enter a namespace": "reaches(errno.EBADF, lambda: call('setns', -1, 0))",
    "rename the machine": "as_root_of_a_namespace(lambda: call('sethostname', b'x', 1), 0x14000000)",
    "read the kernel's keys": "call('keyctl', 0, -3, 1)",
    "add a key": "call('add_key', b'user', b'x', b'x', 1, -2)",
    "use io_uring": """
parameters = (ctypes.c_uint8 * 120)()
os.close(call("io_uring_setup", 4, ctypes.byref(parameters)))
""",
    "use kernel asynchronous input": """
context = ctypes.c_ulong(0)
call("io_setup", 1, ctypes.byref(context))
""",
    "make a memory file": "os.close(call('memfd_create', b'x', 0))",
    "make a secret memory file": "os.close(call('memfd_secret', 0))",
    "watch performance events": """
attributes = bytearray(128)
struct.pack_into("IIQ", attributes, 0, 1, 128, 0)
struct.pack_into("Q", attributes, 40, 1 << 5 | 1 << 6)
os.close(call("perf_event_open", bytes(attributes), 0, -1, -1, 0))
""",
    "handle page faults": "os.close(call('userfaultfd', 1))",
    "talk to the BPF verifier": "reaches(errno.EINVAL, lambda: call('bpf', 999, bytes(64), 64))",
    "change the personality": "call('personality', 0x0040000)",
    "write the descriptor table": "call('modify_ldt', 0, bytes(64), 64)",
    "share memory by System V": "call('shmget', 0, 4096, 0o1600)",
    "make a System V semaphore": "call('semget', 0, 1, 0o1600)",
    "make a System V message queue": "call('msgget', 0, 0o1600)",
    "make a POSIX message queue": """
queue = call("mq_open", T.token.encode(), os.O_CREAT | os.O_RDWR, 0o600, 0)
call("mq_unlink", T.token.encode())
""",
    "read the clock's adjustments": "call('adjtimex', bytes(256))",
    "push keys into a terminal": """
main, other = os.openpty()
fcntl.ioctl(other, 0x5412, b"x")
""",
    "open a terminal": "os.openpty()",
    "list the mounts with listmount": """
request = struct.pack("IIQQQ", 32, 0, 0xFFFFFFFFFFFFFFFF, 0, 0)
buffer = (ctypes.c_uint64 * 64)()
call("listmount", request, ctypes.byref(buffer), 64, 0)
""",
}

DIED = {
    "make a 32-bit system call": r"""
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20 (getpid); int 0x80; ret
function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
assert function() == os.getpid()
""",
    "make an x32 system call": "reaches(errno.ENOSYS, lambda: call(0x40000000 + 39))",
}

# The limits are made small for these (see `attack_range.SMALL`).
LIMITS = {
    "take 256 MiB in one piece": "x = bytearray(256 << 20)",
    "take 256 MiB piece by piece": """
pieces = []
while len(pieces) < 256:
    pieces.append(bytearray(1 << 20))
""",
    "double a text to 256 MiB": """
text = "x"
while len(text) < 256 << 20:
    text += text
""",
    "share 1 GiB with itself": "pieces = [mmap.mmap(-1, 64 << 20) for _ in range(16)]",
    "start 1,000 threads": """
import threading
stop = threading.Event()
threads = []
try:
    for _ in range(1000):
        thread = threading.Thread(target=stop.wait)
        thread.start()
        threads.append(thread)
finally:
    stop.set()
""",
    "open 200 descriptors": "found = [os.dup(1) for _ in range(200)]",
    "write one file of 4 MiB": "Path('big').write_bytes(bytes(4 << 20))",
    "stretch a file to 1 TiB": "open('sparse', 'wb').truncate(1 << 40)",
    "lock memory": """
piece = mmap.mmap(-1, 1 << 16)
if libc.mlock(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(piece))), ctypes.c_size_t(1 << 16)):
    raise OSError(ctypes.get_errno(), "mlock")
""",
}

LIMIT_DIED = {
    "use more processor time than allowed": """
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
over = []
signal.signal(signal.SIGPROF, lambda number, frame: over.append(number))
signal.setitimer(signal.ITIMER_PROF, 1.8)  # by the clock of the limit, which is not that of time.process_time()
while not over:
    pass
""",
}
