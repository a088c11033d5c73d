package socketeer.java;

/**
 * A server's counters at one moment.
 *
 * @param open connections it holds now; one whose handler has ended is among them until its socket is closed
 * @param received bytes from all its connections so far, those closed and those open
 * @param sent bytes to them
 */
public record Statistics(
        long accepted, int open, long finished, long failed, long cancelled, long refused, long received, long sent) {}
