package socketeer.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;

/** One connection of the load: what is still to be sent, and what must come back. */
final class Echoed {
    private final int size;
    private final ByteBuffer unsent = Pattern.view();
    private final ByteBuffer expected = Pattern.view();
    private int expectedAt;
    private long received;
    private long asked;
    private SelectionKey key;

    Echoed(int number, int size) {
        this.size = size;
        expectedAt = (int) (number * 7919L % Pattern.PERIOD);
        unsent.position(expectedAt).limit(expectedAt);
    }

    void registered(SelectionKey key) {
        this.key = key;
    }

    ByteChannel channel() {
        return (ByteChannel) key.channel();
    }

    long received() {
        return received;
    }

    boolean answered() {
        return received == asked;
    }

    /** Sends {@code messages} more; what the kernel does not take at once follows when it will. */
    void ask(int messages) throws IOException {
        int bytes = messages * size;
        asked += bytes;
        int at = unsent.position() % Pattern.PERIOD;
        unsent.limit(at + unsent.remaining() + bytes).position(at);
        flush();
    }

    void flush() throws IOException {
        channel().write(unsent);
        int interest = unsent.hasRemaining() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
        if (key.interestOps() != interest) key.interestOps(interest);
    }

    /** Reads once, compares, and returns how many messages that completed. */
    int receive(ByteBuffer scratch) throws IOException {
        scratch.clear();
        int n = channel().read(scratch);
        if (n < 0) throw new IOException("the server closed after " + received + " bytes");
        expected.limit(expectedAt + n).position(expectedAt);
        if (scratch.flip().mismatch(expected) != -1) throw new IOException("wrong bytes after " + received);
        long before = received / size;
        received += n;
        expectedAt = (expectedAt + n) % Pattern.PERIOD;
        return (int) (received / size - before);
    }
}
