package socketeer.bench.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** Connections that come and go: connect, one message there and back, close, and the next in its place. */
final class Churn implements AutoCloseable {
    private final Selector selector = Selector.open();
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(65_536);
    private final InetSocketAddress server;
    private final int size;
    private boolean more = true;
    private int begun;
    private int done;

    Churn(int port, int size) throws IOException {
        server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.size = size;
    }

    /** Does so with {@code abreast} at a time for {@code nanos}. */
    Done run(int abreast, long nanos) throws IOException {
        long end = System.nanoTime() + nanos;
        try {
            for (int i = 0; i < abreast; i++) begin();
            while (System.nanoTime() < end) selector.select(this::ready, 100);
            more = false;
            int inTime = done;
            // One that waits for an answer longer than this has lost it.
            long giveUp = System.nanoTime() + 20_000_000_000L;
            while (done < begun) {
                if (System.nanoTime() > giveUp) throw new IOException((begun - done) + " got no answer");
                selector.select(this::ready, 100);
            }
            return new Done(inTime, done);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void begin() throws IOException {
        var channel = SocketChannel.open();
        channel.configureBlocking(false);
        var connection = new Echoed(begun++, size);
        boolean connected = channel.connect(server);
        connection.registered(channel.register(selector, SelectionKey.OP_CONNECT, connection));
        if (connected) connection.ask(1);
    }

    private void ready(SelectionKey key) {
        var connection = (Echoed) key.attachment();
        try {
            if (key.isConnectable()) {
                ((SocketChannel) connection.channel()).finishConnect();
                connection.ask(1);
            } else if (connection.receive(scratch) > 0) {
                connection.channel().close();
                done++;
                if (more) begin();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        for (var key : selector.keys()) key.channel().close();
        selector.close();
    }
}
