package socketeer.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import socketeer.bench.Results.Cost;
import socketeer.bench.Results.Measured;
import socketeer.bench.load.Done;

/**
 * Measures all echo servers side by side and prints the tables of the README.
 *
 * <p>Every server and the load have a process of their own. All are measured once a round, in an order that moves on
 * from round to round, so that whatever disturbs the machine disturbs them alike; ratios are taken within a round.
 */
public final class Benchmark {
    private static final int COUNTING_ROUNDS = 3;

    private final Options options = Options.fromSystemProperties();
    private final Results results = new Results();
    private final Processors processors = new Processors();
    private final Path folder = Path.of(System.getProperty("bench.directory", "target/bench"));
    private final List<Server> servers = new ArrayList<>();

    public static void main(String[] args) throws IOException, InterruptedException {
        new Benchmark().run();
    }

    private Benchmark() throws IOException {}

    private void run() throws IOException, InterruptedException {
        Files.createDirectories(folder);
        var report = new Report(results, options);
        try (var load = new Load(folder, options.udp())) {
            try {
                for (var contender : options.contenders()) start(contender);
                warmUp(load);
                rates(load);
                report.counting(counts(load));
            } finally {
                for (var server : servers) server.close();
            }
            // A socket serves all peers of datagrams: none of them is a connection.
            if (!options.udp()) for (var server : servers) idle(load, server.contender());
            if (results.cost(Cost.USER_INSTRUCTIONS, Contender.NIO).isEmpty()) report.counting(callgrind(load));
        }
        String tables = report.markdown();
        Files.writeString(folder.resolve("results.md"), tables);
        System.out.println(tables);
    }

    private void start(Contender contender) throws InterruptedException {
        try {
            var server = new Server(contender, folder, List.of(), List.of());
            servers.add(server);
            processors.assign(server);
        } catch (IOException e) {
            say("skipped " + contender.name() + ": " + e.getMessage());
            results.note(contender.title() + " was skipped: " + e.getMessage() + ".");
        }
    }

    private void warmUp(Load load) throws InterruptedException {
        for (var server : servers) {
            say("warming up " + server.contender().name());
            attempt(server.contender(), "warm-up", () -> {
                for (var scenario : options.scenarios()) {
                    measure(load, server, scenario, options.warmUpMillis() / options.scenarios().size());
                }
            });
        }
    }

    private void rates(Load load) throws IOException, InterruptedException {
        var order = new ArrayList<>(servers);
        for (int round = 1; round <= options.rounds(); round++) {
            say("round " + round + " of " + options.rounds());
            for (var scenario : options.scenarios()) {
                processors.assign(load, scenario);
                for (var server : order) {
                    // A round that failed keeps its place: ratios are within a round.
                    var measured = new Measured[] {Measured.FAILED};
                    attempt(server.contender(), scenario.title(), () ->
                        measured[0] = measure(load, server, scenario, options.measureMillis()));
                    results.round(scenario, server.contender(), measured[0]);
                }
            }
            Collections.rotate(order, 1);
        }
    }

    private Measured measure(Load load, Server server, Scenario scenario, int millis)
        throws IOException, InterruptedException {
        if (scenario.churn()) return measured(server, millis, () -> load.churn(server, scenario, millis));
        try {
            load.open(server, scenario);
            load.run(options.rampMillis());
            return measured(server, millis, () -> load.run(millis));
        } finally {
            load.shut();
        }
    }

    private static Measured measured(Server server, int millis, Work work) throws IOException, InterruptedException {
        double before = server.processorNanos();
        var done = work.run();
        double nanos = server.processorNanos() - before;
        return new Measured(done.inTime() * 1000 / millis, Threads.countable() ? done.all() * 1e9 / nanos : Double.NaN);
    }

    private interface Work {
        Done run() throws IOException, InterruptedException;
    }

    /** What a message costs, other than time; returns what counted it. */
    private List<String> counts(Load load) throws IOException, InterruptedException {
        var calls = ThreadCounter.ofSystemCalls(folder);
        Optional<ThreadCounter> instructions =
            options.instructions("perf") ? ThreadCounter.ofUserInstructions(folder) : Optional.empty();
        for (int round = 0; round < COUNTING_ROUNDS; round++) {
            say("counting, round " + (round + 1) + " of " + COUNTING_ROUNDS);
            for (var server : servers) {
                attempt(server.contender(), "counting", () -> count(load, server, calls, instructions));
            }
        }
        var how = new ArrayList<String>();
        calls.ifPresent(counter -> how.add("System calls: `" + counter.title() + "`."));
        instructions.ifPresent(counter -> how.add("User instructions: `" + counter.title() + "`."));
        return how;
    }

    private void count(Load load, Server server, Optional<ThreadCounter> calls, Optional<ThreadCounter> instructions)
        throws IOException, InterruptedException {
        var contender = server.contender();
        int millis = options.countMillis() / COUNTING_ROUNDS;
        try {
            load.open(server, Scenario.COUNTED);
            load.run(options.rampMillis());
            if (server.isJava()) {
                double before = server.allocated();
                double messages = load.run(millis).all();
                results.cost(Cost.ALLOCATED, contender, (server.allocated() - before) / messages);
            }
            if (!Threads.countable()) return;
            var threads = Threads.of(server.pid()).keySet();
            if (calls.isPresent()) {
                results.cost(Cost.SYSTEM_CALLS, contender, counted(load, calls.get(), threads, millis));
            }
            if (instructions.isPresent()) {
                results.cost(Cost.USER_INSTRUCTIONS, contender, counted(load, instructions.get(), threads, millis));
            }
        } finally {
            load.shut();
        }
    }

    private static double counted(Load load, ThreadCounter counter, Collection<Long> threads, int millis)
        throws IOException, InterruptedException {
        double[] messages = new double[1];
        double events = counter.count(threads, () -> messages[0] = load.run(millis).all());
        return events / messages[0];
    }

    /** What an idle connection holds, in a fresh process that has served a few before. */
    private void idle(Load load, Contender contender) throws InterruptedException {
        say("idle connections of " + contender.name());
        attempt(contender, "idle connections", () -> {
            try (var server = new Server(contender, folder, List.of(), Server.TIGHT_HEAP)) {
                measure(load, server, Scenario.COUNTED, options.rampMillis());
                var heapBefore = server.isJava() ? server.memory() : new long[3];
                long residentBefore = Threads.countable() ? Threads.resident(server.pid()) : 0;
                int connections = options.idleConnections();
                try {
                    load.open(server, new Scenario("idle", connections, 64, 1, false));
                    if (server.isJava()) {
                        var heap = server.memory();
                        results.cost(Cost.IDLE_HEAP, contender, (double) (heap[0] - heapBefore[0]) / connections);
                        results.cost(Cost.IDLE_OUTSIDE_HEAP, contender,
                            (double) (heap[1] + heap[2] - heapBefore[1] - heapBefore[2]) / connections);
                    }
                    if (Threads.countable()) {
                        results.cost(Cost.IDLE_RESIDENT, contender,
                            (double) (Threads.resident(server.pid()) - residentBefore) / connections);
                    }
                } finally {
                    load.shut();
                }
            }
        });
    }

    private List<String> callgrind(Load load) throws InterruptedException {
        if (!options.instructions("callgrind") || !Callgrind.exists()) return List.of();
        var callgrind = new Callgrind(folder, load);
        for (var server : servers) {
            var contender = server.contender();
            say("user instructions of " + contender.name());
            attempt(contender, "callgrind", () -> results.cost(Cost.USER_INSTRUCTIONS, contender,
                callgrind.perMessage(contender, options.callgrindWarmUpMillis(), options.callgrindMillis())));
        }
        return List.of("User instructions: `valgrind --tool=callgrind`, after warm-up.");
    }

    private void attempt(Contender contender, String what, ThreadCounter.Body body) throws InterruptedException {
        try {
            body.run();
        } catch (IOException e) {
            say(contender.name() + " failed, " + what + ": " + e.getMessage());
            results.note(contender.title() + " failed, " + what + ": " + e.getMessage());
        }
    }

    /** Progress goes to standard error: standard output is the report. */
    private static void say(String what) {
        System.err.println(what);
    }
}
