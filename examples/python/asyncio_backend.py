"""A backend in Python: one thread for everything, with asyncio.

python3 asyncio_backend.py /tmp/x.sock
"""

import asyncio
import signal
import sys

from handoff import Receiver

TIMEOUT = 60  # seconds that a client may keep us waiting
HEAD = 1 << 16  # bytes of the longest request head that a front lets through


async def serve(client, preread, address):
    """One request. Whatever goes wrong with it ends here."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=HEAD)
    reader.feed_data(preread)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, client)
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    try:
        await asyncio.wait_for(greet(reader, writer, address), TIMEOUT)
    except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


async def greet(reader, writer, address):
    head = await reader.readuntil(b"\r\n\r\n")
    target = head.split(b" ")[1].decode()  # the front has seen that it is a head
    host, port = address
    content = f"Hello {host}:{port}, this is asyncio. You asked for {target}.\n".encode()
    fields = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": len(content),
        "Connection": "close",  # the next request may be for another backend
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + content)
    writer.write_eof()  # acts at once; a close would wait for the front's copy
    await writer.drain()


async def main():
    loop = asyncio.get_running_loop()
    receiver = Receiver(sys.argv[1])
    stopped = asyncio.Event()
    clients = set()

    def take():
        for connection in receiver.take():
            task = loop.create_task(serve(*connection))
            clients.add(task)
            task.add_done_callback(clients.discard)
        if receiver.stopped:
            loop.remove_reader(receiver)
            stopped.set()

    loop.add_reader(receiver, take)
    loop.add_signal_handler(signal.SIGTERM, receiver.stop)
    await stopped.wait()
    await asyncio.gather(*clients)


asyncio.run(main())
