package socketeer.bench;

import java.util.List;

/**
 * What the command line chose.
 *
 * @param udp datagrams, not streams
 * @param quick a short run, to see that it works: its figures are rough
 * @param peers which contenders; all if empty
 * @param rounds how often everything is measured
 * @param instructions how user instructions are counted: {@code perf}, {@code callgrind}, {@code none}, or {@code auto}
 */
record Options(boolean udp, boolean quick, List<String> peers, int rounds, String instructions) {
    static Options fromSystemProperties() {
        String peers = System.getProperty("bench.peers", "all");
        boolean quick = System.getProperty("bench.quick", "false").equals("true");
        return new Options(
            System.getProperty("bench.udp", "false").equals("true"),
            quick,
            peers.equals("all") ? List.of() : List.of(peers.split(",")),
            Integer.parseInt(System.getProperty("bench.rounds", "0").replaceFirst("^0$", quick ? "3" : "15")),
            System.getProperty("bench.instructions", "auto"));
    }

    List<Contender> contenders() {
        var all = udp ? Contender.DATAGRAMS : Contender.STREAMS;
        return all.stream().filter(one -> peers.isEmpty() || peers.contains(one.name())).toList();
    }

    List<Scenario> scenarios() {
        return udp ? Scenario.DATAGRAMS : Scenario.STREAMS;
    }

    /** Whether that way of counting instructions may be tried; a quick run leaves out the slow one unless told. */
    boolean instructions(String way) {
        return instructions.equals(way) || instructions.equals("auto") && !(quick && way.equals("callgrind"));
    }

    int warmUpMillis() {
        return quick ? 1_500 : 6_000;
    }

    int rampMillis() {
        return quick ? 50 : 100;
    }

    int measureMillis() {
        return quick ? 200 : 400;
    }

    int countMillis() {
        return quick ? 500 : 2_000;
    }

    int callgrindWarmUpMillis() {
        return quick ? 5_000 : 12_000;
    }

    int callgrindMillis() {
        return quick ? 2_000 : 5_000;
    }

    int idleConnections() {
        return quick ? 1_000 : 10_000;
    }
}
