# Runs a program on a terminal of its own and shows what it writes there. SIGUSR1 closes the terminal, as an ended ssh
# session does; SIGUSR2 types the next character of the variable KEYS. Last it says how the program has ended.
import os
import pty
import signal
import sys


class Closed(Exception):
    pass


def close(*_):
    raise Closed


keys = list(os.environ.get("KEYS", ""))
signal.signal(signal.SIGUSR1, close)
signal.signal(signal.SIGUSR2, lambda *_: os.write(terminal, keys.pop(0).encode()))
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
print(f"pid {pid}", flush=True)
try:
    try:
        while True:
            sys.stdout.buffer.write(os.read(terminal, 65536))
            sys.stdout.buffer.flush()
    except OSError:
        # No program has this terminal open any more, as with nohup.
        _, status = os.waitpid(pid, 0)
except Closed:
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"code {os.WEXITSTATUS(status)}"
print(f"\nended: {how}", flush=True)
