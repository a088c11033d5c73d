package socketeer.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SocketChannel;

/** What a connection of the load is. */
public enum Transport {
    TCP {
        @Override
        SelectableChannel connect(InetSocketAddress server) throws IOException {
            return SocketChannel.open(server).setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
    },

    /** A socket of its own, connected to the server; with one message in flight, one message is one datagram. */
    UDP {
        @Override
        SelectableChannel connect(InetSocketAddress server) throws IOException {
            return DatagramChannel.open().connect(server);
        }
    };

    abstract SelectableChannel connect(InetSocketAddress server) throws IOException;
}
