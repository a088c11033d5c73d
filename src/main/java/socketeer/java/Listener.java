package socketeer.java;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import socketeer.StreamAddress;

/** A socket that accepts connections. */
public final class Listener extends Socket {
    final socketeer.Listener listener;

    /** The last future of an accept; the next one begins when, if that was given up, it is over. */
    private volatile Promise<socketeer.Connection, Connection> given;

    Listener(socketeer.Listener listener) {
        super(listener);
        this.listener = listener;
    }

    /**
     * Waits for the next connection. One that its peer gave up before it was accepted is passed over.
     *
     * @throws socketeer.ClosedException it is closed
     * @throws socketeer.BusyException another accept waits already
     * @throws socketeer.ExhaustedException out of descriptors or memory; the listener lives on
     */
    public Connection accept() throws IOException {
        Promise<socketeer.Connection, Connection> before = given;
        if (before != null) before.awaitOver();
        return new Connection(Call.await(listener::accept));
    }

    /** {@link #accept()} as a future. */
    public CompletableFuture<Connection> acceptAsync() {
        given = Promise.after(given, listener::accept, Connection::new, Sockets::forget);
        return given;
    }

    @Override
    public StreamAddress local() {
        return listener.getLocal();
    }
}
