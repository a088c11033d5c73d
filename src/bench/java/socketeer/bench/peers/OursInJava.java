package socketeer.bench.peers;

import static socketeer.java.Socketeer.net;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import socketeer.TcpAddress;
import socketeer.bench.Peer;
import socketeer.java.Bytes;
import socketeer.java.Connection;
import socketeer.java.Handler;

/** Our server as a user writes it in Java: blocking calls, a virtual thread a connection, one loop. */
abstract class OursInJava implements Peer {
    private final Handler<Connection> handler;

    OursInJava(Handler<Connection> handler) {
        this.handler = handler;
    }

    @Override
    public int start() throws Exception {
        var port = new CompletableFuture<Integer>();
        new Thread(() -> serve(port), "socketeer").start();
        return port.get();
    }

    private void serve(CompletableFuture<Integer> port) {
        try {
            net(net -> port.complete(((TcpAddress) net.tcpServer(0, handler).address()).getPort()));
        } catch (Exception cause) {
            port.completeExceptionally(cause);
        }
    }

    /** The README's three lines. */
    public static final class Recv extends OursInJava {
        public Recv() {
            super(peer -> {
                for (Bytes data; (data = peer.recv()) != null; ) peer.send(data);
            });
        }
    }

    /** Without allocation but for the buffer. */
    public static final class RecvInto extends OursInJava {
        public RecvInto() {
            super(peer -> {
                var buffer = ByteBuffer.allocate(16 * 1024);
                while (peer.recvInto(buffer.clear()) != -1) peer.send(buffer.flip());
            });
        }
    }
}
