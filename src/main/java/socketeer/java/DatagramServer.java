package socketeer.java;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import socketeer.DatagramAddress;

/** A datagram socket that is served: see {@link Net#udpSocket} and {@link Net#udpServer}. */
public final class DatagramServer {
    private final socketeer.DatagramServer server;
    private final Limits limits;

    DatagramServer(socketeer.DatagramServer server, Limits limits) {
        this.server = server;
        this.limits = limits;
    }

    /** Where it receives, with the real port. */
    public DatagramAddress address() {
        return server.getAddress();
    }

    /** Waits until it has stopped, all handlers have ended, and the socket is closed. */
    public void join() throws IOException {
        Call.await(server::join);
    }

    /** Stops with the time that {@link Limits#drain()} gives. */
    public Receipt stop() {
        return stop(limits.drain());
    }

    /** Stops: what has come already is handled for at most {@code grace}, then what runs is interrupted. */
    public Receipt stop(Duration grace) {
        return Scopes.receipt(Call.complete(call -> Scopes.stop(server, grace, call)));
    }

    /** {@link #stop(Duration)} as a future; cancelling it doesn't keep the server from stopping. */
    public CompletableFuture<Receipt> stopAsync(Duration grace) {
        return Promise.begin(call -> Scopes.stop(server, grace, call), Scopes::receipt);
    }

    @Override
    public String toString() {
        return server.toString();
    }
}
