package socketeer.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A server's threads as Linux sees them, without the JVM's own (compilers, collectors, the one that answers control
 * lines): what remains moves the bytes. Loops have one; virtual threads and ktor have several, which count together.
 */
final class Threads {
    /**
     * Linux keeps 15 characters of a name. {@code java}, or {@code callgrind} where valgrind runs it, is the launcher
     * and the main thread, which waits for lines.
     */
    private static final List<String> OF_THE_JVM = List.of(
        "java", "callgrind", "GC Thread", "G1 ", "VM Thread", "VM Periodic", "C1 Comp", "C2 Comp", "Sweeper",
        "Reference Handl", "Finalizer", "Common-Cleaner", "Signal Disp", "Service Thread", "Monitor Deflat",
        "Notification", "Attach Listener", "DestroyJavaVM");

    static boolean countable() {
        return Files.isDirectory(Path.of("/proc/self/task"));
    }

    /** Thread ids and names. */
    static Map<Long, String> of(long pid) throws IOException {
        var threads = new LinkedHashMap<Long, String>();
        try (var tasks = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (var task : tasks) {
                String name = Files.readString(task.resolve("comm")).strip();
                if (OF_THE_JVM.stream().anyMatch(name::startsWith)) continue;
                threads.put(Long.valueOf(task.getFileName().toString()), name);
            }
        }
        return threads;
    }

    /** Time on a processor so far, as the scheduler counts it. */
    static double processorNanos(long pid, Iterable<Long> threads) throws IOException {
        double nanos = 0;
        for (long thread : threads) {
            var counted = Path.of("/proc/" + pid + "/task/" + thread + "/schedstat");
            if (Files.exists(counted)) nanos += Double.parseDouble(Files.readString(counted).split(" ")[0]);
        }
        return nanos;
    }

    /** The resident set in bytes. */
    static long resident(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("VmRSS:")) return Long.parseLong(line.replaceAll("\\D+", "")) * 1024;
        }
        return 0;
    }

    private Threads() {}
}
