package socketeer.bench.peers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import socketeer.bench.Peer;

/** The yardstick: one thread, one Selector, one direct buffer. Nothing written by hand on the JDK is much cheaper. */
public final class BareNio implements Peer {
    private final ByteBuffer shared = ByteBuffer.allocateDirect(65_536);
    private Selector selector;

    @Override
    public int start() throws IOException {
        selector = Selector.open();
        var listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        new Thread(this::loop, "bare-nio").start();
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    private void loop() {
        try {
            while (true) selector.select(this::ready);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void ready(SelectionKey key) {
        try {
            if (key.isAcceptable()) accept((ServerSocketChannel) key.channel());
            else if (key.isReadable()) echo(key, (SocketChannel) key.channel());
            else flush(key, (SocketChannel) key.channel());
        } catch (IOException e) {
            close(key);
        }
    }

    private void accept(ServerSocketChannel listener) throws IOException {
        for (SocketChannel channel; (channel = listener.accept()) != null; ) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.register(selector, SelectionKey.OP_READ);
        }
    }

    private void echo(SelectionKey key, SocketChannel channel) throws IOException {
        shared.clear();
        if (channel.read(shared) < 0) {
            close(key);
            return;
        }
        shared.flip();
        channel.write(shared);
        if (shared.hasRemaining()) {
            // What the kernel does not take waits in a buffer of its own, and nothing is read until it has gone.
            key.attach(ByteBuffer.allocateDirect(shared.remaining()).put(shared).flip());
            key.interestOps(SelectionKey.OP_WRITE);
        }
    }

    private void flush(SelectionKey key, SocketChannel channel) throws IOException {
        var rest = (ByteBuffer) key.attachment();
        channel.write(rest);
        if (!rest.hasRemaining()) {
            key.attach(null);
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    private static void close(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException ignored) {
            // Gone is gone.
        }
    }
}
