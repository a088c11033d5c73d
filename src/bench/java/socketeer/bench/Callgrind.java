package socketeer.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * User instructions where there is no counter in hardware: a server of its own runs under valgrind, which counts from
 * when the server is warm. Everything on one thread at a time and many times slower, but the count is exact.
 */
final class Callgrind {
    private static final Pattern THREAD = Pattern.compile("Thread (\\d+): status.*?lwpid (\\d+)");
    private static final Pattern TOTAL = Pattern.compile("(?m)^totals: (\\d+)$");

    static boolean exists() {
        return Command.exists("valgrind") && Command.exists("callgrind_control") && Command.exists("vgdb");
    }

    private final Path folder;
    private final Load load;

    Callgrind(Path folder, Load load) {
        this.folder = folder;
        this.load = load;
    }

    /** Instructions a message on the threads that move the bytes. */
    double perMessage(Contender contender, int warmUpMillis, int millis) throws IOException, InterruptedException {
        var counts = Files.createTempDirectory(folder, "callgrind-" + contender.name());
        // A JVM compiles at any time, and takes a fault at an exact place for a null.
        var valgrind = List.of(
            "valgrind", "--tool=callgrind", "--separate-threads=yes", "--instr-atstart=no", "--smc-check=all-non-file",
            "--vex-iropt-register-updates=allregs-at-mem-access",
            "--vgdb-prefix=" + counts.resolve("vgdb"), "--callgrind-out-file=" + counts.resolve("out"));
        try (var server = new Server(contender, folder, valgrind, List.of("-XX:-UsePerfData"))) {
            double messages;
            Set<String> ours;
            try {
                load.open(server, Scenario.COUNTED);
                load.run(warmUpMillis);
                control(counts, server, "--instr=on");
                load.run(millis / 4);
                control(counts, server, "--zero");
                messages = load.run(millis).all();
                control(counts, server, "--instr=off");
                ours = threads(counts, server);
                control(counts, server, "--dump");
            } finally {
                load.shut();
            }
            return instructions(counts, ours) / messages;
        } finally {
            // Two files a thread.
            for (var file : counts.toFile().listFiles()) file.delete();
            counts.toFile().delete();
        }
    }

    private static void control(Path counts, Server server, String what) throws IOException, InterruptedException {
        String said = Command.output(
            "callgrind_control", "--vgdb-prefix=" + counts.resolve("vgdb"), what, String.valueOf(server.pid()));
        if (!said.contains("OK")) throw new IOException("callgrind_control " + what + ": " + said);
    }

    /** valgrind's numbers of the threads that {@link Threads} counts. */
    private static Set<String> threads(Path counts, Server server) throws IOException, InterruptedException {
        var ids = Threads.of(server.pid()).keySet();
        var numbers = new HashSet<String>();
        var said = THREAD.matcher(Command.output(
            "vgdb", "--vgdb-prefix=" + counts.resolve("vgdb"), "--pid=" + server.pid(), "v.info", "scheduler"));
        while (said.find()) {
            if (!server.isJava() || ids.contains(Long.valueOf(said.group(2)))) numbers.add(said.group(1));
        }
        if (numbers.isEmpty()) throw new IOException("valgrind named no thread");
        return numbers;
    }

    private static double instructions(Path counts, Set<String> threads) throws IOException {
        double sum = 0;
        for (String thread : threads) {
            var file = counts.resolve(String.format("out.1-%02d", Integer.parseInt(thread)));
            if (!Files.exists(file)) continue;
            var total = TOTAL.matcher(Files.readString(file));
            if (total.find()) sum += Double.parseDouble(total.group(1));
        }
        return sum;
    }
}
