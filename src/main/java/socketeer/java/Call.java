package socketeer.java;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;
import kotlin.Result;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.CoroutineContext;
import kotlin.coroutines.intrinsics.IntrinsicsKt;
import kotlinx.coroutines.CompletableJob;
import kotlinx.coroutines.JobKt;

/**
 * One suspending call, and the thread that waits for it.
 *
 * <p>The loop writes the result and unparks; in between the thread is parked and nothing else happens, so a virtual
 * thread is off its carrier. An interrupt cancels the call and then waits for what becomes of it, which takes no time:
 * so the call is over when its thread goes on, and what had come by then is either its result or still to be received.
 */
final class Call implements Continuation<Object> {
    private final Thread caller = Thread.currentThread();
    private final CompletableJob job = JobKt.Job(null);
    private volatile Object result;

    /** A suspending function with all its arguments but the last; who calls it knows the type that it gives. */
    @FunctionalInterface
    interface Suspending {
        Object begin(Continuation<Object> call) throws IOException;
    }

    private Call() {}

    /** Before any call that waits. @throws InterruptedIOException the thread is interrupted already */
    static void begin() throws InterruptedIOException {
        if (Thread.interrupted()) throw new InterruptedIOException("interrupted before it began");
    }

    /**
     * What {@code function} gives; waits for it unless it is there already.
     *
     * @throws InterruptedIOException if the thread is interrupted; its status is then cleared
     * @throws IllegalStateException on a loop's thread, which this would hold
     */
    @SuppressWarnings("unchecked") // Who calls it knows what the function gives.
    static <T> T await(Suspending function) throws IOException {
        begin();
        return (T) new Call().run(function);
    }

    /** The same where an interrupt must not come between: it is kept for the next call. */
    @SuppressWarnings("unchecked") // Who calls it knows what the function gives.
    static <T> T complete(Suspending function) {
        boolean interrupted = Thread.interrupted();
        try {
            return (T) new Call().run(function);
        } catch (IOException cause) {
            throw Failures.sneak(cause);
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }

    private Object run(Suspending function) throws IOException {
        Loops.refuse();
        Object outcome = function.begin(this);
        return outcome == IntrinsicsKt.getCOROUTINE_SUSPENDED() ? waitForResult() : outcome;
    }

    private Object waitForResult() throws IOException {
        boolean interrupted = false;
        while (result == null) {
            LockSupport.park(this);
            if (Thread.interrupted()) {
                interrupted = true;
                job.cancel(null);
            }
        }
        Object outcome = result == NULL ? null : result;
        if (!(outcome instanceof Result.Failure failure)) {
            // It was done when the interrupt came, which is then for the next call.
            if (interrupted) caller.interrupt();
            return outcome;
        }
        if (interrupted && failure.exception instanceof CancellationException) {
            throw new InterruptedIOException("interrupted");
        }
        if (interrupted) caller.interrupt();
        throw Failures.here(failure.exception);
    }

    @Override
    public CoroutineContext getContext() {
        return job;
    }

    @Override
    public void resumeWith(Object outcome) {
        result = outcome == null ? NULL : outcome;
        LockSupport.unpark(caller);
    }

    private static final Object NULL = new Object();
}
