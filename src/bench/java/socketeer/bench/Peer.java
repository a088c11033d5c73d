package socketeer.bench;

/** An echo server that takes part in the benchmark. It has a process of its own and one thread to move bytes on, where it has the choice. */
public interface Peer {
    /** Starts to serve on loopback and returns the port. Serves until the process ends. */
    int start() throws Throwable;

    /** Memory outside the heap that the JDK's buffer pools do not know of, in bytes. */
    default long ownOffHeapBytes() {
        return 0;
    }
}
