package socketeer.java;

import static socketeer.java.Socketeer.net;
import static socketeer.java.Socketeer.tcp;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;

/**
 * An echo server with a blocking handler a connection, {@code COUNT} of them at once; tells its port, then how it
 * fares.
 */
final class ManyHandlers {
    private ManyHandlers() {}

    public static void main(String[] args) throws Exception {
        Setup setup = Setup.DEFAULT.signals(false).limits(Limits.DEFAULT.connections(Integer.parseInt(args[0])));
        net(setup, net -> {
            Server server = net.tcpServer(tcp(0), peer -> {
                ByteBuffer buffer = ByteBuffer.allocate(64);
                while (peer.recvInto(buffer.clear()) >= 0) peer.send(buffer.flip());
            });
            System.out.println(server.address());
            System.in.read();
            System.out.println(server.connections() + " connections, threads of the system: few = " + few());
            System.in.read();
            while (server.connections() > 0) Thread.yield();
            System.out.println(server.stop());
        });
    }

    private static boolean few() {
        return ManagementFactory.getThreadMXBean().getThreadCount() < 100;
    }
}
