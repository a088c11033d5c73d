package socketeer.java;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Where code that blocks runs: each task on a virtual thread, on a JDK before 21 on one of a bounded pool. */
final class Threads {
    static final Executor EXECUTOR = Runtime.version().feature() >= 21 ? virtual() : pool();

    private Threads() {}

    private static Executor virtual() {
        try {
            MethodHandle start = MethodHandles.publicLookup()
                    .findStatic(Thread.class, "startVirtualThread", MethodType.methodType(Thread.class, Runnable.class));
            return task -> start(start, task);
        } catch (NoSuchMethodException | IllegalAccessException absent) {
            throw new LinkageError("Thread.startVirtualThread of JDK 21 and newer", absent);
        }
    }

    private static void start(MethodHandle start, Runnable task) {
        try {
            Thread ignored = (Thread) start.invokeExact(task);
        } catch (RuntimeException | Error cause) {
            throw cause;
        } catch (Throwable cause) {
            throw new LinkageError("Thread.startVirtualThread", cause);
        }
    }

    /** What finds no thread waits for one. */
    private static Executor pool() {
        int size = Integer.getInteger("socketeer.threads", POOL);
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                size, size, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Threads::daemon);
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "socketeer-handler");
        thread.setDaemon(true);
        return thread;
    }

    private static final int POOL = 1_024;
    private static final int IDLE_SECONDS = 10;
}
