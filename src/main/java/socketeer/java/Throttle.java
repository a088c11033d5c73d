package socketeer.java;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * Lets no more pass than its rate says, of whatever is taken from it: frames, requests, attempts. One for each
 * connection limits each, one for all limits them together. Any thread may take; who came first goes first.
 */
public final class Throttle {
    private final socketeer.Throttle throttle;

    /** No more than {@code rate}. */
    public Throttle(Rate rate) {
        throttle = Wrapped.throttle(rate);
    }

    /** Waits until one more may pass. A take that is interrupted while it waits has taken nothing. */
    public void take() throws IOException {
        Call.await(throttle::take);
    }

    /** {@link #take()} as a future. */
    public CompletableFuture<Void> takeAsync() {
        return Promise.begin(throttle::take);
    }

    @Override
    public String toString() {
        return throttle.toString();
    }
}
