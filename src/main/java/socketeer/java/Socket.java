package socketeer.java;

import java.util.concurrent.CompletableFuture;
import socketeer.Address;
import socketeer.Option;

/** What all sockets share. Each can be used by any threads. */
public sealed interface Socket extends AutoCloseable
        permits BoundSocket, Listener, Connection, DatagramSocket, DatagramConnection {
    /** The address here: a value, fixed when the socket was made, readable after close. */
    Address local();

    /** False once it was closed, here or by the network. */
    boolean isOpen();

    /**
     * Closes and returns when the descriptor is gone. Whatever waits on this socket ends with a
     * {@link socketeer.ClosedException}. Closing twice is fine; an interrupted thread still closes.
     */
    @Override
    void close();

    /** {@link #close()}, to be waited for or not. */
    CompletableFuture<Void> closeAsync();

    /** The value of {@code option}: {@code connection.get(Option.NoDelay)}. */
    <T> T get(Option<T> option);

    /** Sets {@code option}. @throws IllegalArgumentException naming option, value and platform */
    <T> void set(Option<T> option, T value);
}
