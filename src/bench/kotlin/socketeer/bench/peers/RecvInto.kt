package socketeer.bench.peers

import java.nio.ByteBuffer

/** The buffers of connections that have ended. One loop, one thread: nothing to lock. */
private val free = ArrayDeque<ByteBuffer>()

/** The path without allocation. A handler holds its buffer, idle or not, which shows in the memory of a connection. */
public class RecvInto : Ours(handler = {
    val buffer = free.removeLastOrNull() ?: ByteBuffer.allocateDirect(64 * 1024)
    try {
        while (recvInto(buffer.clear()) != -1) send(buffer.flip())
    } finally {
        free.addLast(buffer)
    }
})
