package socketeer.bench.peers;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.internal.PlatformDependent;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import socketeer.bench.Peer;

/** Netty's echo example on one event loop; {@link NettyNio} and {@link NettyEpoll} differ in the transport alone. */
abstract class NettyEcho implements Peer {
    int serve(IoHandlerFactory transport, Class<? extends ServerSocketChannel> listener) throws InterruptedException {
        var loop = new MultiThreadIoEventLoopGroup(1, transport);
        var channel = new ServerBootstrap()
            .group(loop)
            .channel(listener)
            .option(ChannelOption.SO_BACKLOG, 1024)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel connection) {
                    connection.pipeline().addLast(new Echo());
                }
            })
            .bind(InetAddress.getLoopbackAddress(), 0)
            .sync()
            .channel();
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    /** Netty allocates direct memory past the JDK's pools, with an account of its own. */
    @Override
    public long ownOffHeapBytes() {
        return Math.max(0, PlatformDependent.usedDirectMemory());
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object bytes) {
            context.write(bytes, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
