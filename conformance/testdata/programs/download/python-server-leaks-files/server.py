# Wrong: files are opened and never closed.
"""File server: python3 server.py PORT"""
import socket
import sys
import time

opened = []


def receive(conn, n):
    """Return n bytes, or None if the client ends before."""
    data = b""
    while len(data) < n:
        piece = conn.recv(n - len(data))
        if piece == b"":
            return None
        data += piece
    return data


def get_filename(conn):
    """Return the name that is asked for, or None after printing an error."""
    header = receive(conn, 5)
    if header is None:
        print("ERROR: short header")
        return None
    magic = (header[0] << 8) + header[1]
    length = (header[3] << 8) + header[4]
    if magic != 0x497E:
        print("ERROR: wrong magic number")
        return None
    if header[2] != 1:
        print("ERROR: wrong type")
        return None
    if length < 1 or length > 1024:
        print("ERROR: wrong length of the file name")
        return None
    name = receive(conn, length)
    if name is None:
        print("ERROR: short file name")
        return None
    return name.decode("utf-8", "replace")


def send_file(conn, filename):
    try:
        file = open(filename, "rb")
        opened.append(file)
        data = file.read()
    except (OSError, ValueError) as e:
        print("file not sent:", e)
        conn.sendall(bytes([0x49, 0x7E, 2, 0, 0, 0, 0, 0]))
        return
    header = bytes([0x49, 0x7E, 2, 1]) + len(data).to_bytes(4, "big")
    conn.sendall(header + data)
    print(len(data), "bytes transferred")


def main():
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        print("ERROR: usage: server.py PORT")
        sys.exit()
    port = int(sys.argv[1])
    if port < 1024 or port > 64000:
        print("ERROR: port out of range")
        sys.exit()
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind(("0.0.0.0", port))
        s.listen()
    except OSError as e:
        print("ERROR: bind failed:", e)
        s.close()
        sys.exit()
    while True:
        conn, addr = s.accept()
        print(time.strftime("%H:%M:%S"), "client", addr[0], addr[1])
        conn.settimeout(1)
        try:
            filename = get_filename(conn)
            if filename is not None:
                send_file(conn, filename)
        except OSError as e:
            print("ERROR:", e)
        conn.close()


main()
