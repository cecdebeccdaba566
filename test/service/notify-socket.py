# The side of systemd: a datagram socket at a path, which Node cannot open. Prints each message as a line of JSON, then goes
# on. File descriptors that come along (BARRIER=1) are closed by not being asked for, which is the answer to a barrier.
import json
import socket
import sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(json.dumps(listener.recv(65536).decode().splitlines()), flush=True)
