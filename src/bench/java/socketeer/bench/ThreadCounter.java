package socketeer.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Counts what some threads do while something runs. Unlike time, such a count repeats however busy the machine is. */
interface ThreadCounter {
    String SYSTEM_CALLS = "raw_syscalls:sys_enter";
    String USER_INSTRUCTIONS = "instructions:u";

    /** What counts, for the report. */
    String title();

    double count(Collection<Long> threads, Body body) throws IOException, InterruptedException;

    /** What runs meanwhile. */
    interface Body {
        void run() throws IOException, InterruptedException;
    }

    /** {@code perf} where it may and can, else {@code strace}, else nothing. */
    static Optional<ThreadCounter> ofSystemCalls(Path folder) throws IOException, InterruptedException {
        if (Perf.counts(SYSTEM_CALLS)) return Optional.of(new Perf(SYSTEM_CALLS, folder));
        if (Command.exists("strace")) return Optional.of(new Strace(folder));
        return Optional.empty();
    }

    /** {@code perf} where there is a counter in hardware, else nothing. */
    static Optional<ThreadCounter> ofUserInstructions(Path folder) throws IOException, InterruptedException {
        return Perf.counts(USER_INSTRUCTIONS) ? Optional.of(new Perf(USER_INSTRUCTIONS, folder)) : Optional.empty();
    }

    /** {@code perf stat} on an event. */
    record Perf(String event, Path folder) implements ThreadCounter {
        static boolean counts(String event) throws IOException, InterruptedException {
            if (!Command.exists("perf")) return false;
            return Command.output("perf", "stat", "-x,", "-e", event, "true").matches("(?s)\\d+,.*");
        }

        @Override
        public String title() {
            return "perf stat -e " + event;
        }

        @Override
        public double count(Collection<Long> threads, Body body) throws IOException, InterruptedException {
            String list = threads.stream().map(String::valueOf).collect(Collectors.joining(","));
            var result = folder.resolve("perf.csv");
            // It counts for as long as its command runs, and cat says when that is and ends with its input.
            var command = List.of("perf", "stat", "-x,", "-o", result.toString(), "-e", event, "-t", list, "cat");
            var perf = new ProcessBuilder(command).start();
            var out = perf.getOutputStream();
            out.write("begun\n".getBytes(StandardCharsets.US_ASCII));
            out.flush();
            if (perf.getInputStream().readNBytes(6).length < 6) {
                throw new IOException("perf: " + new String(perf.getErrorStream().readAllBytes()));
            }
            body.run();
            out.close();
            perf.waitFor();
            for (String line : Files.readAllLines(result)) {
                if (line.contains(event)) return Double.parseDouble(line.split(",")[0]);
            }
            throw new IOException("perf counted nothing: " + Files.readString(result));
        }
    }

    /** {@code strace -c}, which slows what it counts but counts the same. */
    record Strace(Path folder) implements ThreadCounter {
        @Override
        public String title() {
            return "strace -c";
        }

        @Override
        public double count(Collection<Long> threads, Body body) throws IOException, InterruptedException {
            var result = folder.resolve("strace.txt");
            var command = new ArrayList<>(List.of("strace", "-c", "-o", result.toString()));
            for (long thread : threads) command.addAll(List.of("-p", String.valueOf(thread)));
            var strace = new ProcessBuilder(command).redirectErrorStream(true).start();
            // It says so on its output once it is attached to a thread.
            var said = strace.inputReader();
            for (int i = 0; i < threads.size(); i++) said.readLine();
            body.run();
            strace.destroy();
            strace.waitFor();
            for (String line : Files.readAllLines(result)) {
                if (line.endsWith(" total")) return Double.parseDouble(line.strip().split("\\s+")[3]);
            }
            throw new IOException("strace counted nothing");
        }
    }
}
