# Wrong: KeyboardInterrupt is not caught.
"""Chat client: python3 cli.py HOST PORT"""
import codecs
import os
import select
import socket
import sys
import time


def prompt():
    print("[You] ", end="", flush=True)


def upload(sock, line):
    name = line.split("'")[1]
    try:
        size = os.path.getsize(name)
        source = open(name, "rb")
    except OSError as error:
        print("> No such file: %s" % error)
        prompt()
        return
    sock.sendall(("#upload '%s' %d" % (name, size)).encode())
    time.sleep(0.1)
    with source:
        sock.sendall(source.read())
    print("\r> File '%s' has uploaded!" % name)
    prompt()


def chat(sock):
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    announced = False
    while True:
        ready, _, _ = select.select([sys.stdin, sock], [], [])
        if sock in ready:
            data = sock.recv(4096)
            if not data:
                print("\n server closed")
                return
            print("\r" + decoder.decode(data))
            prompt()
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if line == "":
                return
            line = line.rstrip("\n")
            if announced and line.startswith("#upload"):
                upload(sock, line)
                announced = False
                continue
            sock.sendall(line.encode())
            time.sleep(0.1)
            announced = line == "I will upload a file"
            prompt()


if len(sys.argv) < 3:
    print("valid format : python3 cli.py hostname port")
    sys.exit()
sock = socket.socket()
try:
    sock.connect((sys.argv[1], int(sys.argv[2])))
except OSError:
    print("Unable to connect")
    sys.exit()
try:
    chat(sock)
except ConnectionError:
    print("\n server closed")
sock.close()
