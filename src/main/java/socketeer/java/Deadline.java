package socketeer.java;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import socketeer.TimedOutException;

/** Interrupts the thread that made it when the time is over, unless its work is over first; never later. */
final class Deadline {
    private final Thread worker = Thread.currentThread();
    private boolean struck;
    private boolean ended;

    static <T, X extends Exception> T within(Duration limit, Body<T, X> body) throws X, IOException {
        if (limit.isNegative() || limit.isZero()) throw new IllegalArgumentException("limit > 0, was " + limit);
        Deadline deadline = new Deadline();
        CompletableFuture<Void> timer = new CompletableFuture<>();
        timer.orTimeout(Bounds.nanos(limit), TimeUnit.NANOSECONDS).whenComplete((nothing, cause) -> {
            if (cause instanceof TimeoutException) deadline.strike();
        });
        try {
            T result = body.run();
            // It struck and met no call that waits: then this was done in time, and the next call isn't to be hit.
            if (deadline.end()) Thread.interrupted();
            return result;
        } catch (Exception cause) {
            if (deadline.end() && (cause instanceof InterruptedIOException || cause instanceof InterruptedException)) {
                throw new TimedOutException("not done within " + limit, cause);
            }
            throw cause;
        } finally {
            deadline.end();
            timer.complete(null);
        }
    }

    private synchronized void strike() {
        if (ended) return;
        struck = true;
        worker.interrupt();
    }

    /** From now on it doesn't strike; whether it did. */
    private synchronized boolean end() {
        ended = true;
        return struck;
    }
}
