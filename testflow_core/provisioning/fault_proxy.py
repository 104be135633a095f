"""Stands before the ports of services and can refuse and delay: standard library only, a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
from typing import TypeAlias, TypedDict

LOOPBACK = "127.0.0.1"
_CHUNK = 64 * 1024
_AHEAD = 64
# A socket that lingers for no time is reset when it is closed, as a crashed peer's is (`man 7 socket`).
_RESET = struct.pack("ii", 1, 0)

Answers: TypeAlias = "asyncio.Queue[tuple[float, bytes]]"


class Order(TypedDict):
    """What the proxy is told; which keys there are is a matter of the verb."""

    verb: str
    service: str
    port: int
    behind: int
    cut: bool
    seconds: float


class Gate:
    """One port that stands for another: open or shut, and how many seconds later than they came answers go on."""

    def __init__(self, port: int, behind: int) -> None:
        self.delay = 0.0
        self._port = port
        self._behind = behind
        self._servers: list[asyncio.Server] = []
        self._links: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Accept connections; OSError where the port is taken."""
        self._servers.append(await asyncio.start_server(self._link, LOOPBACK, self._port, backlog=1024))

    def shut(self, *, cut: bool) -> None:
        """Refuse connections; those that are open are reset where they are to be cut."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        for link in tuple(self._links) if cut else ():
            _reset(link)

    async def _link(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        self._links.add(answers)
        try:
            # What was accepted just before the gate was shut is heard of only now; nobody listens at port 0.
            service, questions = await asyncio.open_connection(LOOPBACK, self._behind if self._servers else 0)
        except OSError:
            _reset(answers)
            self._links.discard(answers)
            return
        self._links.add(questions)
        line: Answers = asyncio.Queue(_AHEAD)
        both = (self._ask(client, questions), self._hear(service, line), _answer(line, answers))
        tasks = [asyncio.ensure_future(each) for each in both]
        try:
            await asyncio.gather(*tasks)
        except OSError:
            # One side was reset: so is the other.
            _reset(answers)
            _reset(questions)
        finally:
            for task in tasks:
                task.cancel()
            for link in (answers, questions):
                self._links.discard(link)
                link.close()

    async def _ask(self, client: asyncio.StreamReader, questions: asyncio.StreamWriter) -> None:
        while part := await client.read(_CHUNK):
            questions.write(part)
            await questions.drain()
        _end(questions)

    async def _hear(self, service: asyncio.StreamReader, line: Answers) -> None:
        part = b"-"
        while part:
            part = await service.read(_CHUNK)
            # Each by its own time: a delay is no limit to how much passes.
            await line.put((asyncio.get_running_loop().time() + self.delay, part))


async def _answer(line: Answers, answers: asyncio.StreamWriter) -> None:
    part = b"-"
    while part:
        due, part = await line.get()
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        answers.write(part)
        await answers.drain()
    _end(answers)


def _end(link: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        link.write_eof()


def _reset(link: asyncio.StreamWriter) -> None:
    connection: socket.socket = link.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    link.transport.abort()


async def _obey(gates: dict[str, list[Gate]], order: Order) -> None:
    mine = gates.setdefault(order["service"], [])
    if order["verb"] == "stand":
        mine.append(Gate(order["port"], order["behind"]))
        await mine[-1].open()
    for gate in mine:
        if order["verb"] == "shut":
            gate.shut(cut=order["cut"])
        elif order["verb"] == "open":
            await gate.open()
        elif order["verb"] == "delay":
            gate.delay = order["seconds"]


async def _serve(orders: int, answers: int) -> None:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(orders, "rb", 0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    gates: dict[str, list[Gate]] = {}
    while line := await reader.readline():
        trouble = ""
        try:
            await _obey(gates, json.loads(line))
        except OSError as error:
            trouble = str(error)
        os.write(answers, json.dumps({"trouble": trouble}).encode() + b"\n")


def main() -> None:
    """Do what each line of the input says, and answer each by a line; the end of the input is the end."""
    asyncio.run(_serve(sys.stdin.fileno(), sys.stdout.fileno()))
