package socketeer.bench.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * The load generator's process: one thread, one Selector. It prints {@code ok}, then answers one line with one line,
 * {@code ok …} or {@code error …}, until its input ends.
 *
 * <p>Its argument is {@code tcp}, or {@code udp} for datagrams.
 *
 * <ul>
 *   <li>{@code open PORT CONNECTIONS SIZE DEPTH}: connects, and sees one message through each connection
 *   <li>{@code run MILLIS}: the messages that came back, as {@link Done} says it
 *   <li>{@code shut}: closes them
 *   <li>{@code churn PORT ABREAST SIZE MILLIS}: the connections that came and went, likewise
 * </ul>
 */
public final class LoadMain {
    private final boolean udp;
    private ClosedLoop load;

    private LoadMain(boolean udp) {
        this.udp = udp;
    }

    public static void main(String[] args) throws IOException {
        System.out.println("ok");
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var main = new LoadMain(args[0].equals("udp"));
        for (String line; (line = lines.readLine()) != null; ) System.out.println(main.answer(line.split(" ")));
        Runtime.getRuntime().halt(0);
    }

    private String answer(String[] words) {
        try {
            return switch (words[0]) {
                case "open" -> {
                    load = new ClosedLoop(udp, number(words[1]), number(words[3]), number(words[4]));
                    load.open(number(words[2]));
                    yield "ok";
                }
                case "run" -> "ok " + load.run(number(words[1]) * 1_000_000L);
                case "shut" -> {
                    if (load != null) load.close();
                    load = null;
                    yield "ok";
                }
                case "churn" -> {
                    try (var churn = new Churn(number(words[1]), number(words[3]))) {
                        yield "ok " + churn.run(number(words[2]), number(words[4]) * 1_000_000L);
                    }
                }
                default -> "error unknown: " + words[0];
            };
        } catch (IOException e) {
            return "error " + e;
        }
    }

    private static int number(String word) {
        return Integer.parseInt(word);
    }
}
