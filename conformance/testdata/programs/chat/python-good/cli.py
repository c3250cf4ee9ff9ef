"""Chat client: python3 cli.py HOST PORT

What is typed is sent line by line; what the server sends is shown at once.
"""

import codecs
import os
import select
import socket
import sys
import time

BUFFER = 4096
ANNOUNCEMENT = "I will upload a file"
PAUSE = 0.1  # seconds between the command and the file, which nothing else keeps apart


def show(text):
    """Print something where the prompt is, and a new prompt below it."""
    sys.stdout.write("\r" + text + "\n[You] ")
    sys.stdout.flush()


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.announced = False

    def listen(self):
        """Show what has come; return False if the server has gone."""
        try:
            data = self.sock.recv(BUFFER)
        except OSError:
            data = b""
        if not data:
            return False
        text = self.decoder.decode(data)
        if text:
            show(text)
        return True

    def talk(self, line):
        """Send what was typed."""
        if self.announced and line.startswith("#upload"):
            self.upload(line)
            return
        self.announced = line == ANNOUNCEMENT
        self.sock.sendall(line.encode("utf-8", errors="surrogateescape"))
        sys.stdout.write("[You] ")
        sys.stdout.flush()

    def upload(self, line):
        name = line[len("#upload"):].strip().strip("'")
        try:
            with open(name, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                time.sleep(PAUSE)
                self.sock.sendall(f"#upload '{name}' {size}".encode())
                time.sleep(PAUSE)
                while data := file.read(BUFFER):
                    self.sock.sendall(data)
        except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
            show(f"> Cannot upload: {error}")
            return
        self.announced = False
        show(f"> File '{name}' has uploaded!")

    def run(self):
        while True:
            ready, _, _ = select.select([self.sock, sys.stdin], [], [])
            if self.sock in ready and not self.listen():
                print("\nserver closed")
                return
            if sys.stdin in ready:
                line = sys.stdin.readline()
                if not line:
                    print("\nexit")
                    return
                self.talk(line.rstrip("\n"))


def main():
    if len(sys.argv) < 3:
        print("valid format : python3 cli.py HOST PORT")
        sys.exit(1)
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.connect((sys.argv[1], int(sys.argv[2])))
    except (OSError, ValueError, OverflowError):
        print("Unable to connect")
        sys.exit(1)
    try:
        Client(sock).run()
    except KeyboardInterrupt:
        print("\nexit")
    except OSError:
        print("\nserver closed")
    finally:
        sock.close()


if __name__ == "__main__":
    main()
