package socketeer.bench.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Connections that each keep a fixed number of messages in flight: the next is sent when one has come back. */
final class ClosedLoop implements AutoCloseable {
    /** Fewer than any backlog, so that no connect waits for a retransmitted SYN. */
    private static final int CONNECTING = 64;

    private static final long PATIENCE_MILLIS = 20_000;

    private final Selector selector = Selector.open();
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(65_536);
    private final List<Echoed> connections = new ArrayList<>();
    private final InetSocketAddress server;
    private final boolean udp;
    private final int size;
    private final int depth;
    private boolean refill;

    ClosedLoop(boolean udp, int port, int size, int depth) throws IOException {
        server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.udp = udp;
        this.size = size;
        this.depth = depth;
    }

    /** Opens {@code count} connections, and sees one message through each: the server has then accepted them all. */
    void open(int count) throws IOException {
        refill = false;
        for (int opened = 0; opened < count; ) {
            int batch = Math.min(CONNECTING, count - opened);
            for (int i = 0; i < batch; i++) {
                var channel = udp ? DatagramChannel.open().connect(server) : connected();
                channel.configureBlocking(false);
                var connection = new Echoed(connections.size(), size);
                connection.registered(channel.register(selector, SelectionKey.OP_READ, connection));
                connections.add(connection);
                connection.ask(1);
            }
            opened += batch;
            drain();
        }
    }

    private SelectableChannel connected() throws IOException {
        return SocketChannel.open(server).setOption(StandardSocketOptions.TCP_NODELAY, true);
    }

    /** Keeps all connections busy for {@code nanos}. */
    Done run(long nanos) throws IOException {
        long before = bytes();
        refill = true;
        long end = System.nanoTime() + nanos;
        for (var connection : connections) connection.ask(depth);
        while (System.nanoTime() < end) turn(100);
        double inTime = (bytes() - before) / (double) size;
        refill = false;
        drain();
        return new Done(inTime, (bytes() - before) / (double) size);
    }

    private long bytes() {
        long sum = 0;
        for (var connection : connections) sum += connection.received();
        return sum;
    }

    private void drain() throws IOException {
        long giveUp = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (!connections.stream().allMatch(Echoed::answered)) {
            if (System.nanoTime() > giveUp) throw new IOException("no answer within " + PATIENCE_MILLIS + " ms");
            turn(100);
        }
    }

    private void turn(long millis) throws IOException {
        try {
            selector.select(this::ready, millis);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void ready(SelectionKey key) {
        var connection = (Echoed) key.attachment();
        try {
            if (key.isWritable()) connection.flush();
            if (key.isReadable()) {
                int completed = connection.receive(scratch);
                if (completed > 0 && refill) connection.ask(completed);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        for (var connection : connections) connection.channel().close();
        selector.close();
    }
}
