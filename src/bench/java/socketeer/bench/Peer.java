package socketeer.bench;

/** An echo server that takes part: in a process of its own and, where it has the choice, on one thread. */
public interface Peer {
    /** Starts to serve on loopback and returns the port. Serves until the process ends. */
    int start() throws Throwable;

    /** Memory outside the heap that the JDK's buffer pools do not know of, in bytes. */
    default long ownOffHeapBytes() {
        return 0;
    }
}
