"""What a terminal is left with when somebody leaves a passphrase's prompt: for test_signals.sh.

prompt.py interrupt SIGNAL COMMAND...  sends the signal at the prompt (INT: types Ctrl-C); the command must end by it
prompt.py stop COMMAND...              types Ctrl-Z at the prompt, then the same passphrase wherever one is asked for

In all cases what is typed is hidden at the prompt and shown afterwards, and the passphrase is never seen.
"""
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time

PATIENCE = 20
SECRET = b"correct horse battery"


def shows(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


def read_until(fd, seen, prompt, hidden):
    """Until there is a prompt and the terminal hides what is typed."""
    end = time.monotonic() + PATIENCE
    while not (seen.count(prompt) and shows(fd) != hidden):
        if time.monotonic() > end:
            sys.exit(f"no prompt in {seen!r}")
        if select.select([fd], [], [], 0.02)[0]:
            try:
                seen += os.read(fd, 4096)
            except OSError:
                sys.exit(f"ended before the prompt: {seen!r}")
    return seen


def ended(pid, fd, seen):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.02)[0]:
            try:
                seen += os.read(fd, 4096)
            except OSError:
                pass
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status, seen
    os.kill(pid, signal.SIGKILL)
    sys.exit(f"still there after {PATIENCE} s: {seen!r}")


def start(command):
    """In a session of its own, on a new terminal."""
    master, terminal = pty.openpty()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
            signal.signal(number, signal.SIG_DFL)  # who runs the tests may ignore them
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(terminal, fd)
        os.closerange(3, 256)
        os.execv(command[0], command)
    return pid, master, terminal


def interrupt(name, command):
    pid, fd, terminal = start(command)
    seen = read_until(fd, b"", b"passphrase", True)
    os.write(fd, SECRET)
    number = getattr(signal, "SIG" + name)
    if number == signal.SIGINT:
        os.write(fd, b"\x03")
    else:
        os.kill(pid, number)
    status, seen = ended(pid, fd, seen)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != number:
        sys.exit(f"status {status} after {name}: {seen!r}")
    return terminal, seen


def stop(command):
    pid, fd, terminal = start(command)
    seen = read_until(fd, b"", b"passphrase", True)
    os.write(fd, b"\x1a")  # a session's first process cannot stop: it is asked again
    seen = read_until(fd, b"", b"passphrase", True)
    os.write(fd, SECRET + b"\n")
    seen = read_until(fd, b"", b"again", True)
    os.write(fd, SECRET + b"\n")
    status, seen = ended(pid, fd, seen)
    if status != 0:
        sys.exit(f"status {status}: {seen!r}")
    return terminal, seen


def main():
    kind, rest = sys.argv[1], sys.argv[2:]
    terminal, seen = interrupt(rest[0], rest[1:]) if kind == "interrupt" else stop(rest)
    if not shows(terminal):
        sys.exit("the terminal still hides what is typed")
    if SECRET in seen:
        sys.exit(f"the passphrase is shown: {seen!r}")


main()
