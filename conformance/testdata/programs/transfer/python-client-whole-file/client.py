# Wrong: a file is read and sent as a whole.
"""File client: python3 client.py HOST PORT GET|PUT|DEL FILENAME"""
import os
import socket
import sys

SIZE = 8
BLOCK = 1024


def get_bytes(sock, amount):
    got = b""
    while len(got) < amount:
        new = sock.recv(amount - len(got))
        if not new:
            sys.exit("the server closed the connection")
        got += new
    return got


def wait_for(sock, word):
    got = get_bytes(sock, 1)
    if got == b"E":
        message = (got + sock.recv(4096)).decode()
        sock.close()
        print("server error: " + message.replace("ERROR: ", "", 1))
        sys.exit(1)
    got += get_bytes(sock, len(word) - 1)
    if got.decode() != word:
        sys.exit(f"the server said {got}")


def get_file(sock, name):
    sock.sendall(f"GET {name}".encode())
    wait_for(sock, "OK")
    sock.sendall(b"READY")
    size = int.from_bytes(get_bytes(sock, SIZE), "big")
    print(f"client receiving file {name} ({size} bytes)")
    sock.sendall(b"OK")
    with open(name, "wb") as f:
        left = size
        while left > 0:
            block = sock.recv(min(left, BLOCK))
            if not block:
                sys.exit("the server closed the connection")
            f.write(block)
            left -= len(block)
    wait_for(sock, "DONE")


def put_file(sock, name):
    size = os.path.getsize(name)
    sock.sendall(f"PUT {name}".encode())
    wait_for(sock, "OK")
    sock.sendall(size.to_bytes(SIZE, "big"))
    wait_for(sock, "OK")
    print(f"client sending file {name} ({size} bytes)")
    with open(name, "rb") as f:
        sock.sendall(f.read())
    wait_for(sock, "DONE")


def delete_file(sock, name):
    print(f"client deleting file {name}")
    sock.sendall(f"DEL {name}".encode())
    wait_for(sock, "DONE")


def check(command, name):
    folder = os.path.dirname(name) or "."
    if command == "PUT" and not os.path.isfile(name):
        sys.exit(f"client error: {name} does not exist")
    if command == "GET" and (os.path.isdir(name) or not os.access(folder, os.W_OK)):
        sys.exit(f"client error: unable to create file {name}")


def main():
    host, port, command, name = sys.argv[1:]
    check(command, name)
    sock = socket.create_connection((host, int(port)))
    wait_for(sock, "READY")
    if command == "GET":
        get_file(sock, name)
    elif command == "PUT":
        put_file(sock, name)
    else:
        delete_file(sock, name)
    sock.close()
    print("Complete")


main()
