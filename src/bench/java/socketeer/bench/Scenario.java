package socketeer.bench;

import java.util.List;

/** What the load does: so many connections, so many bytes a message, so many messages in flight on each. */
record Scenario(String title, int connections, int size, int depth, boolean churn) {
    static final Scenario ALONE = new Scenario("1 × 64 B", 1, 64, 1, false);

    /** The one whose messages are counted in system calls, instructions and bytes. */
    static final Scenario COUNTED = new Scenario("64 × 64 B", 64, 64, 1, false);

    static final List<Scenario> STREAMS = List.of(
        ALONE,
        COUNTED,
        new Scenario("1,000 × 64 B", 1_000, 64, 1, false),
        new Scenario("64 × 64 B, 16 deep", 64, 64, 16, false),
        new Scenario("8 × 64 KiB", 8, 65_536, 1, false),
        new Scenario("churn", 16, 64, 1, true));

    /** Few enough in flight for the smallest of the kernel's buffers: a lost datagram would never come back. */
    static final List<Scenario> DATAGRAMS = List.of(
        ALONE,
        COUNTED,
        new Scenario("64 × 1,400 B", 64, 1_400, 1, false));
}
