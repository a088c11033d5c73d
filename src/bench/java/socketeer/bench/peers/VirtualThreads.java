package socketeer.bench.peers;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import socketeer.bench.Peer;

/** Plain blocking sockets, a virtual thread each. Needs a JDK that has them without pinning: 24 or newer. */
public final class VirtualThreads implements Peer {
    @Override
    public int start() throws Throwable {
        // By name, because the benchmark is compiled for JDK 17.
        MethodHandle startVirtualThread = MethodHandles.publicLookup().findStatic(
            Thread.class, "startVirtualThread", MethodType.methodType(Thread.class, Runnable.class));
        var listener = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        launch(startVirtualThread, () -> {
            while (true) {
                var connection = listener.accept();
                launch(startVirtualThread, () -> echo(connection));
            }
        });
        return listener.getLocalPort();
    }

    private static void echo(Socket connection) throws IOException {
        try (connection) {
            connection.setTcpNoDelay(true);
            connection.getInputStream().transferTo(connection.getOutputStream());
        }
    }

    private static void launch(MethodHandle startVirtualThread, Blocking body) throws IOException {
        Runnable run = () -> {
            try {
                body.run();
            } catch (IOException ignored) {
                // The connection's end, which is all there is to it.
            }
        };
        try {
            Thread ignored = (Thread) startVirtualThread.invokeExact(run);
        } catch (Throwable e) {
            throw new IOException(e);
        }
    }

    private interface Blocking {
        void run() throws IOException;
    }
}
