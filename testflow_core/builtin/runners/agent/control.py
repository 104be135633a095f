"""The socket over which the agent is given its seats, a socket each. Must be read by Python 3.6 too."""

import array
import json
import os
import socket


class Control:
    """Takes standard input over, so that nothing else that runs here can read from it."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=os.dup(0))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        self.descriptor = self._socket.fileno()

    def seat(self) -> int:
        """The descriptor of the next seat, waited for; -1 where there will be none any more."""
        size = array.array("i").itemsize
        said, ancillary, _, _ = self._socket.recvmsg(1, socket.CMSG_SPACE(size))
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                return array.array("i", data[:size])[0]
        if said:
            raise OSError("a seat came without its socket")
        return -1

    def refuse(self, reason: str) -> None:
        """Tell everybody who wants a seat why there is nothing for it here."""
        line = (json.dumps({"event": "unusable", "reason": reason}) + "\n").encode()
        while True:
            seat = self.seat()
            if seat < 0:
                return
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=seat) as asking:
                try:
                    asking.sendall(line)
                except OSError:
                    continue
