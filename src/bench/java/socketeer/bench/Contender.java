package socketeer.bench;

import java.util.List;

/**
 * One row of the tables.
 *
 * @param name what {@code -Dbench.peers} calls it
 * @param title what the tables call it
 * @param peer the {@link Peer}'s class; null for the one that isn't Java
 * @param modern whether it needs the newest JDK
 */
record Contender(String name, String title, String peer, boolean modern) {
    /** What everything is compared with. */
    static final String NIO = "nio";
    static final String NETTY = "netty-nio";
    static final String RECV_INTO = "recvInto";
    static final String RECV = "recv";
    static final String VIRTUAL = "virtual";
    static final String JAVA = "java";

    /** Echoes of a stream. */
    static final List<Contender> STREAMS = List.of(
        new Contender("c", "C, epoll", null, false),
        java(NIO, "bare NIO", "BareNio"),
        java(RECV_INTO, "**Socketeer**, `recvInto`", "RecvInto"),
        java(RECV, "**Socketeer**, `recv`", "Recv"),
        java("told", "**Socketeer**, `recv`, told of each connection", "Told"),
        java(NETTY, "Netty, NIO", "NettyNio"),
        java("netty-epoll", "Netty, native epoll", "NettyEpoll"),
        modern(VIRTUAL, "virtual threads", "VirtualThreads"),
        modern(JAVA, "**Socketeer** in Java, `recv`", "OursInJava$Recv"),
        modern("java-into", "**Socketeer** in Java, `recvInto`", "OursInJava$RecvInto"),
        java("ktor", "ktor's own sockets", "KtorSockets"));

    /** Echoes of datagrams. */
    static final List<Contender> DATAGRAMS = List.of(
        java(NIO, "bare NIO", "BareNioUdp"),
        java(RECV_INTO, "**Socketeer**, `recvfromInto`", "RecvfromInto"),
        java(RECV, "**Socketeer**, `recvfrom`", "Recvfrom"),
        java("ktor", "ktor's own sockets", "KtorUdp"));

    private static Contender java(String name, String title, String peer) {
        return new Contender(name, title, "socketeer.bench.peers." + peer, false);
    }

    private static Contender modern(String name, String title, String peer) {
        return new Contender(name, title, "socketeer.bench.peers." + peer, true);
    }
}
