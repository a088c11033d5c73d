package socketeer.java;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import socketeer.StreamAddress;

/** A running server: see {@link Net#tcpServer}. */
public final class Server {
    private final socketeer.Server server;
    private final Limits limits;

    Server(socketeer.Server server, Limits limits) {
        this.server = server;
        this.limits = limits;
    }

    /** Where it listens, with the real port. */
    public StreamAddress address() {
        return server.getAddress();
    }

    /** How many connections it holds now. */
    public int connections() {
        return server.getConnections();
    }

    /** What reports call it and its handler. */
    public String name() {
        return server.getName();
    }

    /** What it has counted so far. */
    public Statistics statistics() {
        socketeer.Statistics now = server.getStatistics();
        return new Statistics(
                now.getAccepted(),
                now.getOpen(),
                now.getFinished(),
                now.getFailed(),
                now.getCancelled(),
                now.getRefused(),
                now.getReceived(),
                now.getSent());
    }

    /** Waits until it has stopped and its last connection has ended. @throws IOException what made it fail */
    public void join() throws IOException {
        Call.await(server::join);
    }

    /** Stops with the time that {@link Limits#drain()} gives. */
    public Receipt stop() {
        return stop(limits.drain());
    }

    /**
     * Stops: takes no new connection but those that wait in the backlog, lets handlers know, ends the input of every
     * connection so that its handler answers what has come and ends; after {@code grace} interrupts those that go on,
     * then aborts. Zero stops at once. Always returns, two seconds after {@code grace} at the latest.
     */
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
