# Wrong: KeyboardInterrupt is not caught.
"""Chat server: python3 srv.py HOST PORT"""
import os
import select
import socket
import sys


def online(count):
    return "(%d %s online)" % (count, "users" if count > 1 else "user")


class Server:
    def __init__(self, host, port):
        os.makedirs("server", exist_ok=True)
        self.clients = {}
        self.count = 0
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((host, port))
        self.sock.listen(10)
        print("Chat server started on port %d." % port)

    def broadcast(self, data, sender=None):
        print(data.decode("utf-8", "replace"))
        for other in list(self.clients):
            if other is not sender:
                try:
                    other.sendall(data)
                except OSError:
                    pass

    def join(self):
        client, address = self.sock.accept()
        self.clients[client] = "%s:%d" % address
        self.count += 1
        client.sendall(("> Connected to the chat server " + online(self.count)).encode())
        self.broadcast(("> New user %s entered %s" % (self.clients[client], online(self.count))).encode(), client)

    def leave(self, client):
        name = self.clients.pop(client)
        client.close()
        self.count -= 1
        self.broadcast(("< The user %s left %s" % (name, online(self.count))).encode())

    def upload(self, client, words):
        name = words[1].decode().replace("'", "")
        size = int(words[2])
        got = 0
        with open(os.path.join("server", os.path.basename(name)), "wb") as out:
            while got < size:
                data = self.receive(client, min(4096, size - got))
                if not data:
                    self.leave(client)
                    return
                out.write(data)
                got += len(data)
        self.broadcast(("> User %s has uploaded a file" % self.clients[client]).encode(), client)

    def receive(self, client, most):
        try:
            return client.recv(most)
        except OSError:
            return b""

    def message(self, client):
        data = self.receive(client, 4096)
        words = data.split()
        if not data:
            self.leave(client)
        elif data.startswith(b"#upload ") and len(words) == 3 and words[2].isdigit():
            self.upload(client, words)
        else:
            self.broadcast(("[%s] " % self.clients[client]).encode() + data, client)

    def run(self):
        while True:
            ready, _, _ = select.select([self.sock] + list(self.clients), [], [])
            for sock in ready:
                if sock is self.sock:
                    self.join()
                else:
                    self.message(sock)


if len(sys.argv) < 3:
    print("valid format : python3 srv.py hostname port")
    sys.exit()
server = Server(sys.argv[1], int(sys.argv[2]))
server.run()
