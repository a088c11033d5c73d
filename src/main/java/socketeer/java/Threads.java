package socketeer.java;

import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import socketeer.loop.DeputyKt;

/** Where code that blocks runs: each task on a virtual thread, on a JDK before 21 on one of a bounded pool. */
final class Threads {
    static final Executor EXECUTOR = Objects.requireNonNullElseGet(DeputyKt.getVirtualThreads(), Threads::pool);

    private Threads() {}

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
