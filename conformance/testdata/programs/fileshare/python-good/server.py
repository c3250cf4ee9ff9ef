"""File sharing server: shares the folder "server" on the local network.

Usage: python3 server.py
"""

import os
import signal
import socket
import struct
import sys
import threading

DISCOVERY_PORT = 30000
SHARING_PORT = 30001
FOLDER = "server"
SERVICE = "Gil's File Sharing Service"
QUESTION = b"SERVICE DISCOVERY"
GET, PUT, LIST, BYE = 1, 2, 3, 4
CHUNK = 65536
PARTIAL = ".partial-"

stopping = threading.Event()


class Gone(Exception):
    """The client has left, or is not worth listening to any longer."""


def say(line):
    """Print one line at once, whichever thread prints it."""
    sys.stdout.write(line.encode("utf-8", "replace").decode("utf-8") + "\n")
    sys.stdout.flush()


def shared_files():
    """Return the names of the files that are shared, as they are now."""
    names = []
    for entry in os.scandir(FOLDER):
        if entry.is_file() and not entry.name.startswith(PARTIAL):
            names.append(entry.name)
    return sorted(names)


def read_exactly(conn, count):
    """Read count bytes."""
    data = bytearray()
    while len(data) < count:
        piece = conn.recv(min(CHUNK, count - len(data)))
        if not piece:
            raise Gone("in the middle of a command")
        data += piece
    return bytes(data)


def read_name(conn):
    """Read a file's name; nothing but a plain name is taken."""
    raw = read_exactly(conn, read_exactly(conn, 1)[0])
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Gone("asked for a name that is not UTF-8")
    if name in ("", ".", "..") or "/" in name or "\0" in name or name.startswith(PARTIAL):
        raise Gone("asked for a name that is not a file's")
    return name


def send_list(conn):
    """Send the names of all files."""
    data = "\n".join(shared_files()).encode("utf-8", "surrogateescape")
    conn.sendall(struct.pack("!Q", len(data)) + data)


def send_file(conn, name):
    """Send a file's size and what is in it."""
    path = os.path.join(FOLDER, name)
    if not os.path.isfile(path):
        raise Gone(f"asked for {name!r}, which is not here")
    with open(path, "rb") as source:
        size = os.fstat(source.fileno()).st_size
        conn.sendall(struct.pack("!Q", size))
        left = size
        while left > 0:
            piece = source.read(min(CHUNK, left))
            if not piece:
                raise Gone("the file has become shorter")
            conn.sendall(piece)
            left -= len(piece)
    say(f"Sent {name}: {size} bytes")


def take_file(conn, name):
    """Store a file; it gets its name when all of it is here."""
    left = struct.unpack("!Q", read_exactly(conn, 8))[0]
    partial = os.path.join(FOLDER, f"{PARTIAL}{threading.get_ident()}")
    size = left
    try:
        with open(partial, "wb") as target:
            while left > 0:
                piece = conn.recv(min(CHUNK, left))
                if not piece:
                    raise Gone("in the middle of an upload")
                target.write(piece)
                left -= len(piece)
        os.replace(partial, os.path.join(FOLDER, name))
    finally:
        if os.path.exists(partial):
            os.remove(partial)
    say(f"Stored {name}: {size} bytes")


def converse(conn):
    """Do one command after the other."""
    while True:
        command = conn.recv(1)
        if not command or command[0] == BYE:
            return
        if command[0] == LIST:
            send_list(conn)
        elif command[0] == GET:
            send_file(conn, read_name(conn))
        elif command[0] == PUT:
            take_file(conn, read_name(conn))
        else:
            raise Gone(f"sent the unknown command {command[0]}")


def handle(conn, address):
    """Serve one client."""
    say(f"Connection received from {address[0]} on port {address[1]}")
    try:
        converse(conn)
    except Gone as reason:
        say(f"Client {address[0]}:{address[1]}: {reason}")
    except OSError as error:
        say(f"Client {address[0]}:{address[1]}: {error}")
    finally:
        conn.close()
        say(f"Connection to {address[0]} on port {address[1]} closed")


def accept_clients(listener):
    """Give every client a thread of its own."""
    while not stopping.is_set():
        try:
            conn, address = listener.accept()
        except OSError:
            return
        threading.Thread(target=handle, args=(conn, address), daemon=True).start()


def answer_discovery(sock):
    """Tell who asks what this service is called."""
    while not stopping.is_set():
        try:
            question, address = sock.recvfrom(1024)
            if question == QUESTION:
                sock.sendto(SERVICE.encode("utf-8"), address)
        except OSError:
            if stopping.is_set():
                return


def clean_up():
    """Remove what is left of uploads that were not finished."""
    for name in os.listdir(FOLDER):
        if name.startswith(PARTIAL):
            os.remove(os.path.join(FOLDER, name))


def main():
    os.makedirs(FOLDER, exist_ok=True)
    say("Files available for sharing:")
    for name in shared_files():
        say("    " + name)
    discovery = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    discovery.bind(("", DISCOVERY_PORT))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", SHARING_PORT))
    listener.listen(20)
    say(f"Listening for service discovery messages on SDP port {DISCOVERY_PORT}")
    say(f"Listening for file sharing connections on port {SHARING_PORT}")
    threading.Thread(target=answer_discovery, args=(discovery,), daemon=True).start()
    threading.Thread(target=accept_clients, args=(listener,), daemon=True).start()
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass
    stopping.set()
    clean_up()


if __name__ == "__main__":
    main()
