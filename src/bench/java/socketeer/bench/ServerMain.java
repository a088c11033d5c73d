package socketeer.bench;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;

/**
 * The process around a {@link Peer}: starts it, prints {@code ok PORT}, then answers one line with one line until its
 * input ends, so that no server outlives the benchmark.
 *
 * <ul>
 *   <li>{@code allocated}: bytes allocated so far by all threads but the one that answers
 *   <li>{@code memory}: after forced collections, the heap in use, the direct and mapped buffer pools, and the peer's
 *       own memory outside the heap; in bytes
 * </ul>
 */
public final class ServerMain {
    public static void main(String[] args) throws Throwable {
        Peer peer = (Peer) Class.forName(args[0]).getDeclaredConstructor().newInstance();
        System.out.println("ok " + peer.start());
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            switch (line) {
                case "allocated" -> System.out.println("ok " + allocated());
                case "memory" -> System.out.println("ok " + memory(peer));
                default -> System.out.println("error unknown: " + line);
            }
        }
        // halt: a peer's threads need not agree.
        Runtime.getRuntime().halt(0);
    }

    private static long allocated() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long self = Thread.currentThread().getId();
        long sum = 0;
        for (long id : threads.getAllThreadIds()) {
            if (id != self) sum += Math.max(0, threads.getThreadAllocatedBytes(id));
        }
        return sum;
    }

    private static String memory(Peer peer) throws InterruptedException {
        // More than once: what a first collection finds unreachable may hold buffers that a cleaner then frees.
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(100);
        }
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        long pools = 0;
        for (var pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) pools += pool.getMemoryUsed();
        return heap + " " + pools + " " + peer.ownOffHeapBytes();
    }

    private ServerMain() {}
}
