package socketeer.bench.load;

import java.nio.ByteBuffer;
import java.util.Random;

/**
 * The bytes of every connection: one random, periodic stream that each connection starts elsewhere in. So a slice of it
 * is sent without a copy and compared without a loop, and a byte lost, doubled, or echoed to a wrong connection shows.
 */
final class Pattern {
    /** A prime, so that no message size divides it. */
    static final int PERIOD = 65_521;

    /** The longest slice. */
    static final int LONGEST = 131_072;

    private static final ByteBuffer BYTES = fill();

    /** A view of its own position and limit. */
    static ByteBuffer view() {
        return BYTES.duplicate();
    }

    private static ByteBuffer fill() {
        byte[] period = new byte[PERIOD];
        new Random(7).nextBytes(period);
        var bytes = ByteBuffer.allocateDirect(PERIOD + LONGEST);
        while (bytes.hasRemaining()) bytes.put(period, 0, Math.min(PERIOD, bytes.remaining()));
        return bytes.flip().asReadOnlyBuffer();
    }

    private Pattern() {}
}
