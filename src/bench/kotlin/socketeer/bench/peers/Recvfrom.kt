package socketeer.bench.peers

/** Two lines. */
public class Recvfrom : OursUdp({
    while (true) {
        val (data, from) = recvfrom()
        sendto(data, from)
    }
})
