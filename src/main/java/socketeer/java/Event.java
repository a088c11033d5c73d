package socketeer.java;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import socketeer.Address;
import socketeer.Refusal;
import socketeer.SocketeerException;
import socketeer.Why;

/**
 * What happened, as a value: handed to the function in {@link Setup#events()} on the thread where it happens, which is
 * mostly a loop's; a logger is one such function. {@code name} is always the server's.
 */
public sealed interface Event {
    /** Those that somebody should see go to standard error: what happens to events unless told otherwise. */
    Consumer<Event> PRINT = Events.printed();

    /** A server has taken in a connection. */
    record Accepted(Address local, Address remote, String name) implements Event {}

    /** A server has turned a connection away. */
    record Refused(Address local, Address remote, Refusal why, String name) implements Event {}

    /**
     * A connection that was accepted is closed.
     *
     * @param why how its handler ended
     * @param cause what the handler threw, or the limit it ran into; null if it returned
     * @param received bytes from the peer
     * @param sent bytes to it
     * @param duration from accept to close
     * @param client whom the header of a proxy named; null if none did
     */
    record Closed(
            Address local,
            Address remote,
            Why why,
            Throwable cause,
            long received,
            long sent,
            Duration duration,
            String name,
            Address client)
            implements Event {}

    /**
     * A handler threw {@code cause}, or ran into a limit; its connection is closed, nobody else is touched.
     *
     * @param client whom the header of a proxy named; null if none did
     */
    record HandlerFailed(Address local, Address remote, Throwable cause, String name, Address client)
            implements Event {}

    /** A server can accept no more, because of {@code cause}; the net fails with that. */
    record ServerFailed(Address local, Throwable cause, String name) implements Event {}

    /** Something that belongs to no handler failed with {@code cause} and nobody was there to catch it. */
    record TaskFailed(Throwable cause) implements Event {}

    /**
     * Something has kept a loop to itself {@code atLeast} this long, so every other connection on it waits.
     *
     * @param holder the connection, or what else holds it
     * @param stack where it stands, innermost call first
     */
    record LoopBlocked(String holder, Duration atLeast, List<StackTraceElement> stack) implements Event {}

    /**
     * Accepting pauses for {@code pause}; who comes meanwhile waits in the backlog.
     *
     * @param cause the process or the system is out of descriptors or memory; null: {@link Limits#acceptRate()} is
     *   reached
     */
    record AcceptPaused(Address local, Duration pause, SocketeerException cause, String name) implements Event {}

    /** A server was told to stop while it held {@code open} connections, which have {@code grace} to end. */
    record Draining(Address local, int open, Duration grace, String name) implements Event {}

    /** A server has stopped. */
    record Drained(Address local, Receipt receipt, String name) implements Event {}
}
