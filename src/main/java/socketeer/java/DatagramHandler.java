package socketeer.java;

/** What a server does with one datagram, on a thread of its own; in all else like a {@link Handler}. */
@FunctionalInterface
public interface DatagramHandler {
    /** Serves {@code datagram}; {@code socket} is there to answer on. */
    void handle(DatagramSocket socket, Datagram datagram) throws Exception;
}
