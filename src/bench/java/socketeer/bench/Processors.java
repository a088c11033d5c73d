package socketeer.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives the load one processor and every server another. Left to itself the scheduler puts the two on one or on two as
 * it happens, which makes more of a difference than any two servers do.
 */
final class Processors {
    private final List<Integer> allowed;

    Processors() throws IOException {
        allowed = Command.exists("taskset") ? allowed() : List.of();
    }

    boolean assigned() {
        return allowed.size() >= 2;
    }

    void assign(Server server) throws IOException, InterruptedException {
        if (assigned()) pin(server.pid(), allowed.get(0));
    }

    /** With one message in flight server and load take turns: then they do so on one processor. */
    void assign(Load load, Scenario scenario) throws IOException, InterruptedException {
        if (assigned()) pin(load.pid(), allowed.get(scenario.connections() == 1 ? 0 : 1));
    }

    private static void pin(long pid, int processor) throws IOException, InterruptedException {
        Command.output("taskset", "-a", "-c", "-p", String.valueOf(processor), String.valueOf(pid));
    }

    /** As Linux says it: {@code 0-3,6}. */
    private static List<Integer> allowed() throws IOException {
        var processors = new ArrayList<Integer>();
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (!line.startsWith("Cpus_allowed_list:")) continue;
            for (String range : line.substring(line.indexOf(':') + 1).strip().split(",")) {
                String[] ends = range.split("-");
                int last = Integer.parseInt(ends[ends.length - 1]);
                for (int i = Integer.parseInt(ends[0]); i <= last; i++) processors.add(i);
            }
        }
        return processors;
    }
}
