package socketeer.bench;

import java.util.List;
import socketeer.bench.load.Transport;

/**
 * One row of the tables.
 *
 * @param name what {@code -Dbench.peers} calls it
 * @param title what the tables call it
 * @param peer the {@link Peer}'s class; null for the one that isn't Java
 * @param modern whether it needs the newest JDK
 * @param transport what it echoes
 */
record Contender(String name, String title, String peer, boolean modern, Transport transport) {
    /** What everything is compared with. */
    static final String NIO = "nio";
    static final String NETTY = "netty-nio";
    static final String RECV_INTO = "recvInto";
    static final String RECV = "recv";
    static final String DATAGRAMS = "udp-nio";

    private static final String PEERS = "socketeer.bench.peers.";

    static final List<Contender> ALL = List.of(
        new Contender("c", "C, epoll", null, false, Transport.TCP),
        java(NIO, "bare NIO", "BareNio"),
        java(RECV_INTO, "**Socketeer**, `recvInto`", "RecvInto"),
        java(RECV, "**Socketeer**, `recv`", "Recv"),
        java(NETTY, "Netty, NIO", "NettyNio"),
        java("netty-epoll", "Netty, native epoll", "NettyEpoll"),
        new Contender("virtual", "virtual threads", PEERS + "VirtualThreads", true, Transport.TCP),
        new Contender("java", "**Socketeer** in Java, `recv`", PEERS + "OursInJava$Recv", true, Transport.TCP),
        new Contender("java-into", "**Socketeer** in Java, `recvInto`", PEERS + "OursInJava$RecvInto", true, Transport.TCP),
        java("ktor", "ktor's own sockets", "KtorSockets"),
        datagrams(DATAGRAMS, "bare NIO", "BareDatagrams"),
        datagrams("udp-recvfromInto", "**Socketeer**, `recvfromInto`", "RecvfromInto"),
        datagrams("udp-recvfrom", "**Socketeer**, `recvfrom`", "Recvfrom"),
        datagrams("udp-ktor", "ktor's own sockets", "KtorDatagrams"));

    private static Contender java(String name, String title, String peer) {
        return new Contender(name, title, PEERS + peer, false, Transport.TCP);
    }

    private static Contender datagrams(String name, String title, String peer) {
        return new Contender(name, title, PEERS + peer, false, Transport.UDP);
    }

    boolean isDatagrams() {
        return transport == Transport.UDP;
    }
}
