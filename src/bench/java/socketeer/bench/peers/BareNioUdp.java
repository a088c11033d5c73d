package socketeer.bench.peers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import socketeer.bench.Peer;

/** The yardstick for datagrams: one thread, one Selector, one direct buffer. */
public final class BareNioUdp implements Peer {
    private final ByteBuffer shared = ByteBuffer.allocateDirect(65_536);
    private Selector selector;

    @Override
    public int start() throws IOException {
        selector = Selector.open();
        var socket = DatagramChannel.open();
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        socket.configureBlocking(false);
        socket.register(selector, SelectionKey.OP_READ);
        new Thread(this::loop, "bare-nio").start();
        return ((InetSocketAddress) socket.getLocalAddress()).getPort();
    }

    private void loop() {
        try {
            while (true) selector.select(this::ready);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** All that have come. A loopback's send buffer has room again before its answer is read: nothing waits to go. */
    private void ready(SelectionKey key) {
        var socket = (DatagramChannel) key.channel();
        try {
            for (var from = socket.receive(shared.clear()); from != null; from = socket.receive(shared.clear())) {
                socket.send(shared.flip(), from);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
