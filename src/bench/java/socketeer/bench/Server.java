package socketeer.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A contender's running server. */
final class Server implements AutoCloseable {
    /** A heap that gives back what it does not need: only so does the resident set say something about connections. */
    static final List<String> TIGHT_HEAP =
        List.of("-XX:+UseSerialGC", "-Xms16m", "-XX:MinHeapFreeRatio=5", "-XX:MaxHeapFreeRatio=10");

    private final Contender contender;
    private final Child process;

    /** @throws IOException if it can't be had here, with the reason */
    Server(Contender contender, Path folder, List<String> before, List<String> jvmOptions)
        throws IOException, InterruptedException {
        this.contender = contender;
        var command = new ArrayList<>(before);
        command.addAll(contender.peer() == null ? List.of(compiled(folder).toString()) : java(contender, jvmOptions));
        process = new Child(contender.name(), command, folder.resolve(contender.name() + ".err"));
    }

    Contender contender() {
        return contender;
    }

    int port() {
        return Integer.parseInt(process.greeting());
    }

    long pid() {
        return process.pid();
    }

    boolean isJava() {
        return contender.peer() != null;
    }

    /** Time on a processor so far of the threads that move the bytes; 0 where that can't be known. */
    double processorNanos() throws IOException {
        return Threads.countable() ? Threads.processorNanos(pid(), Threads.of(pid()).keySet()) : 0;
    }

    double allocated() throws IOException, InterruptedException {
        return process.askNumber("allocated");
    }

    /** Heap, pools, own; after forced collections. */
    long[] memory() throws IOException, InterruptedException {
        return List.of(process.ask("memory").split(" ")).stream().mapToLong(Long::parseLong).toArray();
    }

    @Override
    public void close() {
        process.close();
    }

    private static List<String> java(Contender contender, List<String> options) throws IOException {
        var home = Jdks.current();
        if (contender.modern()) {
            home = Jdks.modern().orElseThrow(() -> new IOException("no JDK " + Jdks.MODERN + " or newer was found"));
        }
        var command = new ArrayList<>(
            List.of(home.resolve("bin/java").toString(), "-Xmx1g", "-XX:+DisplayVMOutputToStderr"));
        // One carrier, as the others have one loop.
        if (contender.modern()) command.add("-Djdk.virtualThreadScheduler.parallelism=1");
        command.addAll(options);
        command.addAll(
            List.of("-cp", System.getProperty("java.class.path"), ServerMain.class.getName(), contender.peer()));
        return command;
    }

    private static Path compiled(Path folder) throws IOException, InterruptedException {
        if (!Threads.countable() || !Command.exists("cc")) throw new IOException("no C compiler, or not Linux");
        var program = folder.resolve("echo");
        String complaint = Command.output("cc", "-O2", "-o", program.toString(), "src/bench/c/echo.c");
        if (!complaint.isBlank()) throw new IOException(complaint.strip());
        return program;
    }
}
