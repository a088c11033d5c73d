package socketeer.bench;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import socketeer.bench.load.Done;
import socketeer.bench.load.LoadMain;

/** The load generator's process. */
final class Load implements AutoCloseable {
    private final Child process;

    Load(Path folder, boolean udp) throws IOException, InterruptedException {
        process = new Child("load", List.of(
            Jdks.current().resolve("bin/java").toString(), "-Xmx1g", "-cp", System.getProperty("java.class.path"),
            LoadMain.class.getName(), udp ? "udp" : "tcp"), folder.resolve("load.err"));
    }

    long pid() {
        return process.pid();
    }

    void open(Server server, Scenario scenario) throws IOException, InterruptedException {
        ask("open", server.port(), scenario.connections(), scenario.size(), scenario.depth());
    }

    Done run(int millis) throws IOException, InterruptedException {
        return Done.parse(ask("run", millis));
    }

    void shut() throws IOException, InterruptedException {
        ask("shut");
    }

    Done churn(Server server, Scenario scenario, int millis) throws IOException, InterruptedException {
        return Done.parse(ask("churn", server.port(), scenario.connections(), scenario.size(), millis));
    }

    private String ask(String what, int... numbers) throws IOException, InterruptedException {
        return process.ask(what + IntStream.of(numbers).mapToObj(number -> " " + number).collect(joining()));
    }

    @Override
    public void close() {
        process.close();
    }
}
