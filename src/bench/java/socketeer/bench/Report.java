package socketeer.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import socketeer.bench.Results.Cost;
import socketeer.bench.Results.Measured;

/** The results as Markdown. */
final class Report {
    private final Results results;
    private final Options options;
    private final List<String> counting = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();

    Report(Results results, Options options) {
        this.results = results;
        this.options = options;
    }

    /** Sentences that say what counted. */
    void counting(List<String> how) {
        counting.addAll(how);
    }

    String markdown() throws IOException {
        text.append("Measured on ").append(machine()).append(", ").append(LocalDate.now()).append(".");
        text.append(options.quick() ? " **A quick run: rough figures.**\n" : "\n");
        if (!options.udp()) glance();
        rates("Throughput, × bare NIO's: the median of " + options.rounds() + " rounds (least–most)",
            (scenario, name) -> ratio(scenario, name, Contender.NIO, Measured::rate).map(Spread::toString));
        if (!options.udp()) {
            rates("Throughput, × Netty NIO's", (scenario, name) ->
                ratio(scenario, name, Contender.NETTY, Measured::rate).map(Spread::toString));
        }
        rates("Throughput a second of the server's processor time, × bare NIO's", (scenario, name) ->
            ratio(scenario, name, Contender.NIO, Measured::capacity).map(Spread::toString));
        if (!options.udp()) {
            rates("The same, × Netty NIO's", (scenario, name) ->
                ratio(scenario, name, Contender.NETTY, Measured::capacity).map(Spread::toString));
        }
        rates("Thousands a second: messages; with churn, connections",
            (scenario, name) -> results.rounds(scenario, name, Measured::rate).map(Spread::of)
                .map(rate -> format("%.1f", rate.median() / 1000)));
        costs();
        if (!options.udp()) {
            idle();
            aims();
        }
        if (!results.notes().isEmpty()) text.append('\n');
        for (var note : results.notes()) text.append("- ").append(note).append('\n');
        return text.toString();
    }

    private interface Cell {
        Optional<String> of(Scenario scenario, String contender);
    }

    private void rates(String title, Cell cell) {
        head(title, options.scenarios().stream().map(Scenario::title).toList());
        rows(name -> options.scenarios().stream().map(scenario -> cell.of(scenario, name)).toList());
    }

    /** The short of it. */
    private void glance() {
        var counted = Scenario.COUNTED;
        head("Echo, " + counted.title() + ", × bare NIO; memory with " + format("%,d", options.idleConnections())
            + " idle connections", List.of(
            "messages a second", "messages a second of processor time", "user instructions a message",
            "system calls a message (absolute)", "bytes allocated a message", "bytes an idle connection"));
        rows(name -> List.of(
            ratio(counted, name, Contender.NIO, Measured::rate).map(Spread::toString),
            ratio(counted, name, Contender.NIO, Measured::capacity).map(Spread::toString),
            instructions(name, Contender.NIO).map(ratio -> format("%.2f", ratio)),
            cost(Cost.SYSTEM_CALLS, name, "%.2f", 1),
            cost(Cost.ALLOCATED, name, "%.0f", 1),
            idleBytes(name).map(bytes -> format("%,.0f", bytes))));
    }

    private void costs() {
        head("What a message of 64 bytes costs the server, 64 connections", List.of(
            "system calls", "user instructions", "× bare NIO", "× Netty NIO", "allocated, bytes"));
        rows(name -> List.of(
            cost(Cost.SYSTEM_CALLS, name, "%.2f", 1),
            cost(Cost.USER_INSTRUCTIONS, name, "%,.0f", 1),
            instructions(name, Contender.NIO).map(ratio -> format("%.2f", ratio)),
            instructions(name, Contender.NETTY).map(ratio -> format("%.2f", ratio)),
            cost(Cost.ALLOCATED, name, "%.1f", 1)));
        text.append('\n').append(String.join(" ", counting)).append(counting.isEmpty() ? "" : "\n");
    }

    private void idle() {
        head(format("Memory an idle connection, bytes, with %,d of them", options.idleConnections()), List.of(
            "heap in use after collection", "direct and mapped buffers", "both", "resident set"));
        rows(name -> List.of(
            cost(Cost.IDLE_HEAP, name, "%,.0f", 1),
            cost(Cost.IDLE_OUTSIDE_HEAP, name, "%,.0f", 1),
            idleBytes(name).map(bytes -> format("%,.0f", bytes)),
            cost(Cost.IDLE_RESIDENT, name, "%,.0f", 1)));
    }

    private void aims() {
        head("What we aim at", List.of("aim", "measured"));
        aim("User instructions, of bare NIO's", "≤ 1.6", instructions(Contender.RECV_INTO, Contender.NIO));
        aim("User instructions, of Netty NIO's", "≤ 0.35", instructions(Contender.RECV_INTO, Contender.NETTY));
        aim("System calls more than bare NIO's", "≤ 0.1",
            difference(Cost.SYSTEM_CALLS, Contender.RECV_INTO, Contender.NIO));
        aim("Throughput, of Netty NIO's, " + Scenario.COUNTED.title(), "≥ 1.1",
            ratio(Scenario.COUNTED, Contender.RECV_INTO, Contender.NETTY, Measured::rate).map(Spread::median));
        aim("The same a second of processor time", "≥ 1.1",
            ratio(Scenario.COUNTED, Contender.RECV_INTO, Contender.NETTY, Measured::capacity).map(Spread::median));
        aim("KB an idle connection, `recv`", "≤ 1.5", idleBytes(Contender.RECV).map(bytes -> bytes / 1000));
        aim("User instructions of `recv`, of `recvInto`'s", "≤ 1.3", instructions(Contender.RECV, Contender.RECV_INTO));
        for (var scenario : List.of(Scenario.ALONE, Scenario.COUNTED)) {
            aim("Throughput in Java, of plain virtual threads', " + scenario.title(), "≥ 1",
                ratio(scenario, Contender.JAVA, Contender.VIRTUAL, Measured::rate).map(Spread::median));
            aim("The same a second of processor time", "≥ 1",
                ratio(scenario, Contender.JAVA, Contender.VIRTUAL, Measured::capacity).map(Spread::median));
        }
        aim("Memory of an idle connection in Java, of virtual threads'", "≤ 1", idleBytes(Contender.JAVA).flatMap(
            ours -> idleBytes(Contender.VIRTUAL).map(theirs -> ours / theirs)));
    }

    private void aim(String what, String aim, Optional<Double> measured) {
        row(what, List.of(Optional.of(aim), measured.map(value -> format("%.2f", value))));
    }

    private Optional<Spread> ratio(Scenario scenario, String name, String to, ToDoubleFunction<Measured> value) {
        return results.rounds(scenario, name, value).flatMap(
            of -> results.rounds(scenario, to, value).map(base -> Spread.ofRatios(of, base)));
    }

    private Optional<Double> instructions(String name, String to) {
        return results.cost(Cost.USER_INSTRUCTIONS, name).flatMap(
            of -> results.cost(Cost.USER_INSTRUCTIONS, to).map(base -> of.median() / base.median()));
    }

    private Optional<Double> difference(Cost cost, String name, String from) {
        return results.cost(cost, name).flatMap(
            of -> results.cost(cost, from).map(base -> of.median() - base.median()));
    }

    private Optional<Double> idleBytes(String name) {
        return results.cost(Cost.IDLE_HEAP, name).flatMap(
            heap -> results.cost(Cost.IDLE_OUTSIDE_HEAP, name).map(outside -> heap.median() + outside.median()));
    }

    private Optional<String> cost(Cost cost, String name, String format, double unit) {
        return results.cost(cost, name).map(value -> format(format, value.median() / unit));
    }

    private void head(String title, List<String> columns) {
        text.append("\n**").append(title).append("**\n\n| | ").append(String.join(" | ", columns)).append(" |\n|---|");
        text.append("--:|".repeat(columns.size())).append('\n');
    }

    private void rows(Function<String, List<Optional<String>>> cells) {
        for (var contender : options.contenders()) row(contender.title(), cells.apply(contender.name()));
    }

    private void row(String title, List<Optional<String>> cells) {
        text.append("| ").append(title).append(" |");
        for (var cell : cells) text.append(' ').append(cell.orElse("–")).append(" |");
        text.append('\n');
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static String machine() throws IOException {
        String processor = System.getProperty("os.arch");
        var info = Path.of("/proc/cpuinfo");
        if (Files.isReadable(info)) {
            processor = Files.readAllLines(info).stream().filter(line -> line.startsWith("model name"))
                .map(line -> line.replaceFirst(".*:\\s*", "")).findFirst().orElse(processor);
        }
        var modern = Jdks.modern();
        return Runtime.getRuntime().availableProcessors() + " × " + processor
            + ", " + System.getProperty("os.name")
            + " " + System.getProperty("os.version").replaceFirst("[^0-9.].*", "")
            + ", JDK " + Jdks.version(Jdks.current())
            + (modern.isPresent() ? ", virtual threads on JDK " + Jdks.version(modern.get()) : "");
    }
}
