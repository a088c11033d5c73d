package socketeer.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A process that answers a line with a line, {@code ok …} or {@code error …}, and ends with its standard input. */
final class Child implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 120;

    private final String name;
    private final Process process;
    private final BufferedWriter in;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final String greeting;

    /** Starts it and waits for its first line; what it says on standard error goes to {@code errors}. */
    Child(String name, List<String> command, Path errors) throws IOException, InterruptedException {
        this.name = name;
        process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        in = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        var reader = new Thread(this::collect, name + "-answers");
        reader.setDaemon(true);
        reader.start();
        try {
            greeting = next();
        } catch (IOException e) {
            close();
            throw new IOException(e.getMessage() + ", see " + errors, e);
        }
    }

    /** What came after {@code ok} in the first line. */
    String greeting() {
        return greeting;
    }

    long pid() {
        return process.pid();
    }

    String ask(String line) throws IOException, InterruptedException {
        in.write(line + "\n");
        in.flush();
        return next();
    }

    double askNumber(String line) throws IOException, InterruptedException {
        return Double.parseDouble(ask(line));
    }

    private String next() throws IOException, InterruptedException {
        String answer = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (answer == null) throw new IOException(name + " did not answer within " + PATIENCE_SECONDS + " s");
        if (!answer.startsWith("ok")) throw new IOException(name + ": " + answer);
        return answer.substring(2).trim();
    }

    private void collect() {
        try (var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line; (line = out.readLine()) != null; ) answers.add(line);
        } catch (IOException ignored) {
            // Its end, which the next line reports.
        }
        answers.add("ended");
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException ignored) {
            // Already gone.
        }
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
