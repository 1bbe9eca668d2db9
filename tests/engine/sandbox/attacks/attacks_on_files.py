"""Snippets that read or change files that are not theirs, by the name of the attack. See attacks.py."""

READ = {
    "read an ssh key": "has_secret(Path(T.key).read_text())",
    "read an ssh key through the C library": """
file = libc.fopen
file.restype = ctypes.c_void_p
handle = file(T.key.encode(), b"r")
assert handle
""",
    "read an ssh key with openat2": """
how = (ctypes.c_uint64 * 3)(0, 0, 0)
fd = call("openat2", -100, T.key.encode(), ctypes.byref(how), 24)
has_secret(os.read(fd, 1000))
""",
    "read the app's database": """
connection = sqlite3.connect(f"file:{T.database}?mode=ro&immutable=1", uri=True)
has_secret(connection.execute("select text from note").fetchone()[0])
""",
    "list the home folder": "assert os.listdir(T.home)",
    "list /tmp": "os.listdir('/tmp')",
    "walk up from the scratch folder": """
fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
has_secret(os.read(os.open(os.path.relpath(T.key), os.O_RDONLY, dir_fd=fd), 1000))
""",
    "change to the home folder and read there": "os.chdir(T.home); has_secret(open('.ssh/id_ed25519').read())",
    "read through a new symlink": "os.symlink(T.key, 'link'); has_secret(open('link').read())",
    "read through a symlink planted in the corpus": "has_secret(open(T.corpus_link).read())",
    "read through a new hard link": "os.link(T.key, 'link'); has_secret(open('link').read())",
    "move a file into the scratch folder and read it": "os.rename(T.key, 'k'); has_secret(open('k').read())",
    "exchange a file with one of the scratch folder": """
Path("mine").write_text("")
call("renameat2", -100, b"mine", -100, T.key.encode(), 2)
has_secret(Path("mine").read_text())
""",
    "reopen a path descriptor": """
fd = os.open(T.key, os.O_PATH)
has_secret(open(f"/proc/self/fd/{fd}").read())
""",
    "import a module from the home folder": "sys.path.insert(0, T.home); import planted",
    "read another run's scratch folder": "has_secret(Path(T.other_scratch).read_text())",
    "read the environment of the app": "has_secret(Path(f'/proc/{T.victim}/environ').read_bytes())",
    "read the command line of the app": "assert Path(f'/proc/{T.victim}/cmdline').read_bytes()",
    "read the memory of the app": """
with open(f"/proc/{T.victim}/mem", "rb", 0) as memory:
    memory.seek(T.address)
    has_secret(memory.read(len(T.secret)))
""",
    "read a file the app has open": "has_secret(Path(f'/proc/{T.victim}/fd/{T.victim_fd}').read_text())",
    "read through the app's root": "has_secret(Path(f'/proc/{T.victim}/root{T.key}').read_text())",
    "read through the app's folder": "has_secret(Path(f'/proc/{T.victim}/cwd/.ssh/id_ed25519').read_text())",
    "read the memory map of the parent process": "assert Path(f'/proc/{os.getppid()}/maps').read_text()",
    "read the list of users": "assert 'root' in Path('/etc/passwd').read_text()",
    "read the list of connections": "assert Path('/proc/net/tcp').read_text()",
    "read the list of mounts": "assert Path('/proc/self/mounts').read_text()",
    "list the processes": "assert os.listdir('/proc')",
    "get a file handle": """
handle = (ctypes.c_uint8 * 136)()
struct.pack_into("I", handle, 0, 128)
mount = ctypes.c_int()
call("name_to_handle_at", -100, T.key.encode(), ctypes.byref(handle), ctypes.byref(mount), 0)
""",
    "watch the home folder": """
fd = call("inotify_init1", 0)
call("inotify_add_watch", fd, T.home.encode(), 0xFFF)
""",
    "watch the home folder with fanotify": """
fd = call("fanotify_init", 0x200, 0)
call("fanotify_mark", fd, 1, 0x2, -100, T.home.encode())
""",
}

INHERITED = {
    "read an inherited descriptor": """
for fd in range(3, 1024):
    try:
        text = os.pread(fd, 1000, 0)
    except OSError:
        continue
    if T.secret.encode() in text:
        break
else:
    raise OSError("no descriptor holds the secret")
""",
    "use an inherited folder": """
for fd in range(3, 1024):
    try:
        has_secret(os.read(os.open(".ssh/id_ed25519", os.O_RDONLY, dir_fd=fd), 1000))
        break
    except OSError:
        continue
else:
    raise OSError("no descriptor leads there")
""",
    "use an inherited connection": """
for fd in range(3, 1024):
    try:
        end = socket.socket(fileno=fd)
    except OSError:
        continue
    family = end.family
    end.detach()
    if family == socket.AF_INET:
        break
else:
    raise OSError("no descriptor is a connection")
""",
    "find a secret in its environment": "has_secret(repr(dict(os.environ)))",
}

WRITE = {
    "append to a file": "open(T.diary, 'a').write('x')",
    "overwrite a file in place": "fd = os.open(T.diary, os.O_WRONLY); os.write(fd, b'x')",
    "empty a file by opening it": "open(T.diary, 'w')",
    "empty a readable file by opening it read-only": "os.open(T.corpus_file, os.O_RDONLY | os.O_TRUNC)",
    "truncate a file by path": "os.truncate(T.diary, 1)",
    "delete a file": "os.unlink(T.diary)",
    "delete a folder": "os.rmdir(T.empty)",
    "rename a file": "os.rename(T.diary, T.diary + '.old')",
    "replace a file by one of the scratch folder": "Path('mine').write_text('x'); os.replace('mine', T.diary)",
    "make a file": "Path(T.home, '.bashrc').write_text('x')",
    "make a file in /tmp": "Path(T.in_tmp).write_text('x')",
    "make a file in shared memory": "Path('/dev/shm', T.token).write_text('x')",
    "make a folder": "os.mkdir(Path(T.home, 'new'))",
    "make a symlink": "os.symlink('/', Path(T.home, 'link'))",
    "make a hard link": "os.link(T.diary, Path(T.home, 'link'))",
    "make a pipe": "os.mkfifo(Path(T.home, 'pipe'))",
    "write to the app's database": """
connection = sqlite3.connect(T.database)
connection.execute("delete from note")
connection.commit()
""",
    "change the mode of a file": "os.chmod(T.diary, 0o777)",
    "change the mode of a readable file through its descriptor": """
os.fchmod(os.open(T.corpus_file, os.O_RDONLY), 0o600)
""",
    "change the mode of a file with fchmodat2": "call('fchmodat2', -100, T.diary.encode(), 0o777, 0)",
    "change the owner of a file": "os.chown(T.diary, -1, os.getgid())",
    "change the times of a file": "os.utime(T.diary, (1, 1))",
    "change the times of a readable file through its descriptor": """
os.utime(os.open(T.corpus_file, os.O_RDONLY), (1, 1))
""",
    "change the flags of a readable file": """
fd = os.open(T.corpus_file, os.O_RDONLY)
flags = bytearray(fcntl.ioctl(fd, 0x80086601, bytes(8)))
flags[0] ^= 0x40
fcntl.ioctl(fd, 0x40086602, bytes(flags))
""",
    "set an attribute of a file": "os.setxattr(T.diary, 'user.new', b'x')",
    "remove an attribute of a file": "os.removexattr(T.diary, 'user.secret')",
    "read an attribute of a file": "has_secret(os.getxattr(T.diary, 'user.secret'))",
    "write to the corpus": "open(T.corpus_file, 'ab').write(b'x')",
    "write to the corpus through a read-only descriptor": """
fd = os.open(T.corpus_file, os.O_RDONLY)
os.write(os.open(f"/proc/self/fd/{fd}", os.O_WRONLY), b"x")
""",
    "delete from the corpus": "os.unlink(T.corpus_file)",
    "stall the app with a lease on the corpus": """
fcntl.fcntl(os.open(T.corpus_file, os.O_RDONLY), 1024, fcntl.F_RDLCK)
""",
    "get woken when the corpus folder changes": """
fcntl.fcntl(os.open(os.path.dirname(T.corpus_file), os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_CREATE)
""",
}

ACCEPTED = {
    "see that a file exists, its size and its times": "assert os.stat(T.key).st_size",
    "see where a symlink points": "os.readlink(T.corpus_link)",
    "see whether a process exists, by its priority": "os.getpriority(os.PRIO_PROCESS, T.victim)",
    "hold an advisory lock on its own corpus": """
fcntl.flock(os.open(T.corpus_file, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
""",
}
