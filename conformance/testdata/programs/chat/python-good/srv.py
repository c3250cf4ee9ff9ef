"""Chat server: python3 srv.py HOST PORT

One loop with select(). While a client uploads a file the others have to wait.
"""

import os
import select
import socket
import sys

BUFFER = 4096
FOLDER = "server"
SEND_LIMIT = 2.0  # seconds; a client that takes nothing for so long is dropped


def users(count):
    """Return the number of users as the messages show it."""
    return f"{count} {'user' if count < 2 else 'users'} online"


def parse_upload(data):
    """Return the name and the size in an upload command, or None."""
    try:
        word, name, size = data.decode("utf-8").split()
    except ValueError:  # not UTF-8, or not three words
        return None
    name = os.path.basename(name.replace("'", ""))
    if word != "#upload" or name in ("", ".", "..") or not size.isdecimal():
        return None
    return name, int(size)


class ChatServer:
    def __init__(self, host, port):
        os.makedirs(FOLDER, exist_ok=True)
        self.names = {}  # socket -> "IP:PORT"
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, port))
        self.listener.listen(64)
        print(f"Chat server started on port {port}.")

    def tell(self, sender, data):
        """Print a message and send it to everybody but the sender."""
        print(data.decode("utf-8", errors="replace"), flush=True)
        broken = []
        for sock in self.names:
            if sock is not sender and not self.send(sock, data):
                broken.append(sock)
        for sock in broken:
            self.leave(sock)

    def send(self, sock, data):
        try:
            sock.sendall(data)
            return True
        except OSError:
            return False

    def join(self):
        sock, address = self.listener.accept()
        sock.settimeout(SEND_LIMIT)
        name = f"{address[0]}:{address[1]}"
        self.names[sock] = name
        count = users(len(self.names))
        greeted = self.send(sock, f"> Connected to the chat server ({count})".encode())
        self.tell(sock, f"> New user {name} entered ({count})".encode())
        if not greeted:
            self.leave(sock)

    def leave(self, sock):
        if sock not in self.names:
            return
        name = self.names.pop(sock)
        sock.close()
        self.tell(None, f"< The user {name} left ({users(len(self.names))})".encode())

    def listen_to(self, sock):
        try:
            data = sock.recv(BUFFER)
        except OSError:
            data = b""
        if not data:
            self.leave(sock)
            return
        upload = parse_upload(data) if data.startswith(b"#upload") else None
        if upload is None:
            self.tell(sock, f"[{self.names[sock]}] ".encode() + data)
        else:
            self.receive(sock, *upload)

    def receive(self, sock, name, size):
        """Store a file; its bytes follow the command."""
        sock.settimeout(None)
        with open(os.path.join(FOLDER, name), "wb") as file:
            while size > 0:
                try:
                    data = sock.recv(min(size, BUFFER))
                except OSError:
                    data = b""
                if not data:
                    self.leave(sock)
                    return
                file.write(data)
                size -= len(data)
        sock.settimeout(SEND_LIMIT)
        self.tell(sock, f"> User {self.names[sock]} has uploaded a file".encode())

    def run(self):
        while True:
            ready, _, _ = select.select([self.listener, *self.names], [], [])
            for sock in ready:
                if sock is self.listener:
                    self.join()
                elif sock in self.names:
                    self.listen_to(sock)

    def close(self):
        for sock in [self.listener, *self.names]:
            sock.close()


def main():
    if len(sys.argv) < 3:
        print("valid format : python3 srv.py HOST PORT")
        sys.exit(1)
    try:
        server = ChatServer(sys.argv[1], int(sys.argv[2]))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"error: {error}")
    try:
        server.run()
    except KeyboardInterrupt:
        print("\nexit")
    finally:
        server.close()


if __name__ == "__main__":
    main()
