package socketeer.java;

import java.time.Duration;
import java.util.List;
import socketeer.Address;
import socketeer.SocketeerException;

/** What happened, as a value: handed to the function in {@link Setup#events()}; a logger is one such function. */
public sealed interface Event {
    /** A handler threw {@code cause}; its connection is closed, nobody else is touched. */
    record HandlerFailed(Address local, Address remote, Throwable cause) implements Event {}

    /** Something that belongs to no handler failed with {@code cause} and nobody was there to catch it. */
    record TaskFailed(Throwable cause) implements Event {}

    /**
     * Something has kept a loop to itself {@code atLeast} this long, so every other connection on it waits.
     *
     * @param holder the connection, or what else holds it
     * @param stack where it stands, innermost call first
     */
    record LoopBlocked(String holder, Duration atLeast, List<StackTraceElement> stack) implements Event {}

    /** Accepting pauses for {@code pause}: the process or the system is out of descriptors or memory. */
    record AcceptPaused(Address local, Duration pause, SocketeerException cause) implements Event {}

    /** Those that somebody should see go to standard error: what happens to events unless told otherwise. */
    static void print(Event event) {
        Events.print(event);
    }
}
