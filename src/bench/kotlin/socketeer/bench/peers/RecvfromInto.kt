package socketeer.bench.peers

import socketeer.MAX_DATAGRAM
import java.nio.ByteBuffer

/** The path that allocates nothing but the sender's address. */
public class RecvfromInto : OursUdp({
    val buffer = ByteBuffer.allocateDirect(MAX_DATAGRAM)
    while (true) {
        val from = recvfromInto(buffer.clear())
        sendto(buffer.flip(), from)
    }
})
