package socketeer.bench.peers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import socketeer.bench.Peer;

/** The yardstick of datagrams: one thread, one Selector, one direct buffer; receives until there is nothing left. */
public final class BareDatagrams implements Peer {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(65_536);
    private Selector selector;
    private DatagramChannel channel;

    @Override
    public int start() throws IOException {
        selector = Selector.open();
        channel = DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_READ);
        new Thread(this::loop, "bare-datagrams").start();
        return ((InetSocketAddress) channel.getLocalAddress()).getPort();
    }

    private void loop() {
        try {
            while (true) {
                selector.select(key -> {});
                for (SocketAddress from; (from = channel.receive(buffer.clear())) != null; ) {
                    channel.send(buffer.flip(), from);
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
