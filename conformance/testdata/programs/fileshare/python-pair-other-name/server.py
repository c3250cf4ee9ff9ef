"""File sharing server: shares the folder "server" on the local network.

Usage: python3 server.py
"""

import os
import signal
import socketserver
import threading
import time

import wire

DISCOVERY_PORT = 30000
SHARING_PORT = 30001
FOLDER = "server"
SERVICE = "Team 7's File Sharing Service"


class Discovery(socketserver.BaseRequestHandler):
    """Tells who asks what this service is called."""

    def handle(self):
        question, sock = self.request
        if question == b"SERVICE DISCOVERY":
            sock.sendto(SERVICE.encode("utf-8"), self.client_address)


class Sharing(socketserver.StreamRequestHandler):
    """Serves one client."""

    def handle(self):
        print(f"Connection from {self.client_address}", flush=True)
        while True:
            message = wire.receive(self.rfile)
            if message is None or message["do"] == "bye":
                break
            wire.send(self.wfile, **self.answer(message))
        print(f"Connection from {self.client_address} closed", flush=True)

    def answer(self, message):
        if message["do"] == "list":
            return {"names": sorted(os.listdir(FOLDER))}
        path = os.path.join(FOLDER, os.path.basename(message["name"]))
        if message["do"] == "put":
            path = os.path.join(FOLDER, time.strftime("%H%M%S.upload"))
            with open(path, "wb") as target:
                target.write(message["data"])
            return {"stored": True}
        if not os.path.isfile(path):
            return {"error": "there is no such file"}
        with open(path, "rb") as source:
            return {"data": source.read()}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    os.makedirs(FOLDER, exist_ok=True)
    print("Shared files:", ", ".join(sorted(os.listdir(FOLDER))), flush=True)
    discovery = socketserver.UDPServer(("", DISCOVERY_PORT), Discovery)
    sharing = Server(("", SHARING_PORT), Sharing)
    print(f"Listening for service discovery messages on port {DISCOVERY_PORT}", flush=True)
    print(f"Listening for file sharing connections on port {SHARING_PORT}", flush=True)
    threading.Thread(target=discovery.serve_forever, daemon=True).start()
    threading.Thread(target=sharing.serve_forever, daemon=True).start()
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
