package socketeer.bench.peers;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;

/** Netty on its own native epoll. */
public final class NettyEpoll extends NettyEcho {
    @Override
    public int start() throws InterruptedException {
        Epoll.ensureAvailability();
        return serve(EpollIoHandler.newFactory(), EpollServerSocketChannel.class);
    }
}
