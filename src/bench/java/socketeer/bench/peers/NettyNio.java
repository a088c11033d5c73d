package socketeer.bench.peers;

import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;

/** Netty on the JDK's Selector. */
public final class NettyNio extends NettyEcho {
    @Override
    public int start() throws InterruptedException {
        return serve(NioIoHandler.newFactory(), NioServerSocketChannel.class);
    }
}
