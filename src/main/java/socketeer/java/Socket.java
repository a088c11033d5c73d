package socketeer.java;

import java.util.concurrent.CompletableFuture;
import socketeer.Address;
import socketeer.Option;

/** What all sockets share. Each can be used by any threads. */
public abstract sealed class Socket implements AutoCloseable
        permits BoundSocket, Listener, Connection, DatagramSocket, DatagramConnection {
    private final socketeer.Socket socket;

    Socket(socketeer.Socket socket) {
        this.socket = socket;
    }

    /** The address here: a value, fixed when the socket was made, readable after close. */
    public abstract Address local();

    /** False once it was closed, here or by the network. */
    public final boolean isOpen() {
        return socket.isOpen();
    }

    /**
     * Closes and returns when the descriptor is gone. Whatever waits on this socket ends with a
     * {@link socketeer.ClosedException}. Closing twice is fine; an interrupted thread still closes.
     */
    @Override
    public final void close() {
        Call.complete(socket::close);
    }

    /** {@link #close()}, to be waited for or not. */
    public final CompletableFuture<Void> closeAsync() {
        return Promise.begin(socket::close);
    }

    /** The value of {@code option}: {@code connection.get(Option.NoDelay)}. */
    public final <T> T get(Option<T> option) {
        return socket.get(option);
    }

    /** Sets {@code option}. @throws IllegalArgumentException naming option, value and platform */
    public final <T> void set(Option<T> option, T value) {
        socket.set(option, value);
    }

    @Override
    public final String toString() {
        return socket.toString();
    }
}
