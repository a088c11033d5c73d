package socketeer.bench.peers

import java.nio.ByteBuffer

/** The path without allocation. The buffer is the handler's own, idle or not, and shows so in the memory of a connection. */
public class RecvInto : Ours({
    val buffer = ByteBuffer.allocateDirect(64 * 1024)
    while (recvInto(buffer) != -1) {
        send(buffer.flip())
        buffer.clear()
    }
})
