package socketeer.java;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** A blocking call on a thread of its own, a virtual one where there are any. */
final class Waiting<T> {
    private final CompletableFuture<T> outcome = new CompletableFuture<>();
    private final CompletableFuture<Boolean> interruptedAfterwards = new CompletableFuture<>();
    private volatile Thread thread;

    Waiting(Callable<T> call) {
        Threads.EXECUTOR.execute(() -> {
            thread = Thread.currentThread();
            try {
                outcome.complete(call.call());
            } catch (Throwable cause) {
                outcome.completeExceptionally(cause);
            }
            interruptedAfterwards.complete(Thread.interrupted());
        });
    }

    /** Waits until the call has begun and waits in its turn. */
    Waiting<T> parked() {
        while (!outcome.isDone() && (thread == null || thread.getState() != Thread.State.WAITING)) Thread.yield();
        return this;
    }

    Waiting<T> interrupt() {
        parked();
        thread.interrupt();
        return this;
    }

    /** The same for a thread that waits in the kernel, in a select for example. */
    void interruptAnyhow() {
        thread.interrupt();
    }

    boolean interruptedAfterwards() throws Exception {
        return interruptedAfterwards.get(60, TimeUnit.SECONDS);
    }

    T get() throws Exception {
        try {
            return outcome.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof Exception cause ? cause : failed;
        }
    }
}
