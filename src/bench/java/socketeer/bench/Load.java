package socketeer.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import socketeer.bench.load.LoadMain;

/** The load generator's process. */
final class Load implements AutoCloseable {
    private final Child process;

    Load(Path folder) throws IOException, InterruptedException {
        process = new Child("load", List.of(
            Jdks.current().resolve("bin/java").toString(), "-Xmx1g", "-cp", System.getProperty("java.class.path"),
            LoadMain.class.getName()), folder.resolve("load.err"));
    }

    void open(Server server, Scenario scenario) throws IOException, InterruptedException {
        process.ask("open " + server.port() + " " + scenario.connections() + " " + scenario.size() + " " + scenario.depth());
    }

    /** How many messages came back in that time. */
    double run(int millis) throws IOException, InterruptedException {
        return process.askNumber("run " + millis);
    }

    void shut() throws IOException, InterruptedException {
        process.ask("shut");
    }

    /** Messages, or connections that came and went, a second. */
    double rate(Server server, Scenario scenario, int rampMillis, int millis) throws IOException, InterruptedException {
        if (scenario.churn()) return churn(server, scenario, millis) * 1000 / millis;
        try {
            open(server, scenario);
            run(rampMillis);
            return run(millis) * 1000 / millis;
        } finally {
            shut();
        }
    }

    private double churn(Server server, Scenario scenario, int millis) throws IOException, InterruptedException {
        return process.askNumber("churn " + server.port() + " " + scenario.connections() + " " + scenario.size() + " " + millis);
    }

    @Override
    public void close() throws InterruptedException {
        process.close();
    }
}
