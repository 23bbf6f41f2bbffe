"""Answers probes with 200. Reads any other request, then closes the connection without an answer.

Run: `breaking_off.py PORT`. Prints a line per request without an answer. This is a process of its own, so that the
threads of `run.py` do not delay it.
"""
import asyncio, sys


async def serve(reader, writer):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET "):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        else:
            await reader.readexactly(length(head))
            print("broke off", flush=True)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def length(head):
    for line in head.decode("latin-1").lower().split("\r\n"):
        name, _, value = line.partition(":")
        if name == "content-length":
            return int(value)
    return 0


async def main(port):
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=128)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
