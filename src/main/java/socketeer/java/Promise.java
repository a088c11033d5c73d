package socketeer.java;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import kotlin.Result;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.CoroutineContext;
import kotlin.coroutines.intrinsics.IntrinsicsKt;
import kotlinx.coroutines.CompletableJob;
import kotlinx.coroutines.JobKt;

/**
 * One suspending call, and the future of it. Whatever else completes the future, cancel or a timeout, cancels the call;
 * what the call has then given already goes back where it came from.
 *
 * <p>It is completed on a loop's thread: what follows it there must not block; {@code thenApplyAsync} may.
 */
final class Promise<S, T> extends CompletableFuture<T> implements Continuation<Object> {
    private final CompletableJob job = JobKt.Job(null);
    private final Function<? super S, ? extends T> map;
    private final Consumer<? super S> undelivered;
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    private Promise(Function<? super S, ? extends T> map, Consumer<? super S> undelivered) {
        this.map = map;
        this.undelivered = undelivered;
    }

    /** The future of {@code function}, as {@code map} makes it; {@code undelivered} takes what comes too late. */
    static <S, T> CompletableFuture<T> begin(
            Call.Suspending function, Function<? super S, ? extends T> map, Consumer<? super S> undelivered) {
        return after(null, function, map, undelivered);
    }

    /** The same, begun when {@code before} is over in case that has been given up; null: at once. */
    static <S, T> Promise<S, T> after(
            Promise<?, ?> before,
            Call.Suspending function,
            Function<? super S, ? extends T> map,
            Consumer<? super S> undelivered) {
        Promise<S, T> promise = new Promise<>(map, undelivered);
        promise.whenComplete((value, cause) -> promise.job.cancel(null));
        if (before == null || !before.isDone()) promise.start(function);
        else before.over.thenRun(() -> promise.start(function));
        return promise;
    }

    private void start(Call.Suspending function) {
        try {
            Object outcome = function.begin(this);
            if (outcome != IntrinsicsKt.getCOROUTINE_SUSPENDED()) resumeWith(outcome);
        } catch (Throwable cause) {
            completeExceptionally(cause);
            over.complete(null);
        }
    }

    /**
     * Before a blocking call: waits until the call behind a future that was given up has heard of it, which takes no
     * time.
     */
    void awaitOver() {
        if (!isDone() || over.isDone()) return;
        Loops.refuse();
        over.join();
    }

    /** The future of a call whose result nobody misses. */
    static <S, T> CompletableFuture<T> begin(Call.Suspending function, Function<? super S, ? extends T> map) {
        return begin(function, map, value -> {});
    }

    /** The future of a call without a result. */
    static CompletableFuture<Void> begin(Call.Suspending function) {
        return begin(function, nothing -> null);
    }

    @Override
    public CoroutineContext getContext() {
        return job;
    }

    @Override
    public void resumeWith(Object outcome) {
        if (outcome instanceof Result.Failure failure) {
            completeExceptionally(failure.exception);
        } else {
            @SuppressWarnings("unchecked") // What the function gives that began with this promise.
            S value = (S) outcome;
            if (!complete(map.apply(value))) undelivered.accept(value);
        }
        over.complete(null);
    }
}
