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

/**
 * Measures all echo servers side by side and prints the tables of the README.
 *
 * <p>Every server and the load have a process of their own. All are measured once a round, in an order that moves on from
 * round to round, so that whatever disturbs the machine disturbs them alike; what is printed first are ratios within
 * a round.
 */
public final class Benchmark {
    private static final int COUNTING_ROUNDS = 3;

    private final Options options = Options.fromSystemProperties();
    private final Results results = new Results();
    private final Path folder = Path.of(System.getProperty("bench.directory", "target/bench"));
    private final List<Server> servers = new ArrayList<>();

    public static void main(String[] args) throws IOException, InterruptedException {
        new Benchmark().run();
    }

    private void run() throws IOException, InterruptedException {
        Files.createDirectories(folder);
        var report = new Report(results, options);
        try (var load = new Load(folder)) {
            try {
                for (var contender : Contender.ALL) if (options.wants(contender)) start(contender);
                warmUp(load);
                rates(load);
                report.counting(counts(load));
            } finally {
                for (var server : servers) server.close();
            }
            for (var server : servers) idle(load, server.contender());
            if (results.cost(Cost.USER_INSTRUCTIONS, Contender.NIO).isEmpty()) report.counting(callgrind(load));
        }
        String tables = report.markdown();
        Files.writeString(folder.resolve("results.md"), tables);
        System.out.println(tables);
    }

    private void start(Contender contender) throws InterruptedException {
        try {
            servers.add(new Server(contender, folder, List.of(), List.of()));
        } catch (IOException e) {
            say("skipped " + contender.name() + ": " + e.getMessage());
            results.note(contender.title() + " was skipped: " + e.getMessage() + ".");
        }
    }

    private void warmUp(Load load) throws InterruptedException {
        for (var server : servers) {
            say("warming up " + server.contender().name());
            attempt(server.contender(), "warm-up", () -> {
                for (var scenario : Scenario.ALL) {
                    load.rate(server, scenario, options.rampMillis(), options.warmUpMillis() / Scenario.ALL.size());
                }
            });
        }
    }

    private void rates(Load load) throws InterruptedException {
        var order = new ArrayList<>(servers);
        for (int round = 1; round <= options.rounds(); round++) {
            say("round " + round + " of " + options.rounds());
            for (var scenario : Scenario.ALL) {
                for (var server : order) {
                    // A round that failed keeps its place: ratios are within a round.
                    double[] rate = {Double.NaN};
                    attempt(server.contender(), scenario.title(), () ->
                        rate[0] = load.rate(server, scenario, options.rampMillis(), options.measureMillis()));
                    results.rate(scenario, server.contender(), rate[0]);
                }
            }
            Collections.rotate(order, 1);
        }
    }

    /** What a message costs, other than time; returns what counted it. */
    private List<String> counts(Load load) throws IOException, InterruptedException {
        var calls = ThreadCounter.ofSystemCalls(folder);
        Optional<ThreadCounter> instructions =
            options.instructions("perf") ? ThreadCounter.ofUserInstructions(folder) : Optional.empty();
        for (int round = 0; round < COUNTING_ROUNDS; round++) {
            say("counting, round " + (round + 1) + " of " + COUNTING_ROUNDS);
            for (var server : servers) attempt(server.contender(), "counting", () -> count(load, server, calls, instructions));
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
                double messages = load.run(millis);
                results.cost(Cost.ALLOCATED, contender, (server.allocated() - before) / messages);
            }
            if (!Threads.countable()) return;
            var threads = Threads.of(server.pid()).keySet();
            double before = Threads.processorNanos(server.pid(), threads);
            double messages = load.run(millis);
            results.cost(Cost.PROCESSOR_NANOS, contender, (Threads.processorNanos(server.pid(), threads) - before) / messages);
            if (calls.isPresent()) results.cost(Cost.SYSTEM_CALLS, contender, counted(load, calls.get(), threads, millis));
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
        double events = counter.count(threads, () -> messages[0] = load.run(millis));
        return events / messages[0];
    }

    /** What an idle connection holds, in a fresh process that has served a few before. */
    private void idle(Load load, Contender contender) throws InterruptedException {
        say("idle connections of " + contender.name());
        attempt(contender, "idle connections", () -> {
            try (var server = new Server(contender, folder, List.of(), Server.TIGHT_HEAP)) {
                load.rate(server, Scenario.COUNTED, 100, 100);
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
        return List.of("User instructions: `valgrind --tool=callgrind`, on the threads that move the bytes, after warm-up.");
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
