package socketeer.java;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import socketeer.DatagramAddress;
import socketeer.Setting;
import socketeer.StreamAddress;
import socketeer.TcpAddress;
import socketeer.UdpAddress;

/** What a {@link Socketeer#net} block sees: the verbs, and a scope to launch in. To be used by any threads. */
public final class Net {
    private final socketeer.Net net;
    private final Limits limits;

    Net(socketeer.Net net) {
        this.net = net;
        this.limits = new Limits(net.getLimits());
    }

    /** What servers keep to unless told otherwise. */
    public Limits limits() {
        return limits;
    }

    /**
     * Listens on {@code port} of the loopback interface, 0 for a free one, and runs {@code handler} on a thread of its
     * own for each connection. Returns once clients can connect; the server goes on until it is stopped or the net
     * ends.
     *
     * @throws socketeer.AddressInUseException somebody has that port
     * @throws socketeer.DeniedException it is a privileged one
     */
    public Server tcpServer(int port, Handler<Connection> handler) throws IOException {
        return tcpServer(Socketeer.tcp(port), handler);
    }

    /** Listens on {@code address}; {@code tcp("0.0.0.0", 9000)} or {@code tcp("::", 9000)} serves the world. */
    public Server tcpServer(TcpAddress address, Handler<Connection> handler) throws IOException {
        return tcpServer(address, limits, null, handler);
    }

    /** The same with limits of its own and a name for reports; null: its address. */
    public Server tcpServer(TcpAddress address, Limits limits, String name, Handler<Connection> handler)
            throws IOException {
        return new Server(Call.await(call -> Scopes.tcpServer(net, address, limits, name, handler, call)), limits);
    }

    /**
     * Listens on the Unix stream socket {@code path}, which only this user may connect to, in all else like
     * {@link #tcpServer}. A file that a dead server left behind is replaced; the file is removed when the server ends.
     */
    public Server unixSocket(String path, Handler<Connection> handler) throws IOException {
        return unixSocket(path, "600", limits, null, handler);
    }

    /** The same with a {@code mode} that says who may connect, in octal as for chmod(1), limits and a name. */
    public Server unixSocket(String path, String mode, Limits limits, String name, Handler<Connection> handler)
            throws IOException {
        return new Server(
                Call.await(call -> Scopes.unixSocket(net, path, mode, limits, name, handler, call)), limits);
    }

    /** Runs {@code handler} on a thread of its own for each connection of {@code listener}. */
    public Server serve(Listener listener, Handler<Connection> handler) {
        return serve(listener, limits, null, handler);
    }

    /** The same with limits of its own and a name for reports; null: its address. */
    public Server serve(Listener listener, Limits limits, String name, Handler<Connection> handler) {
        return new Server(Scopes.serve(net, listener.listener, limits, name, handler), limits);
    }

    /** Serves the next connection that comes to {@code listener}, closes both, and says how it ended. */
    public Receipt serveOne(Listener listener, Handler<Connection> handler) throws IOException {
        return Scopes.receipt(Call.await(call -> Scopes.serveOne(net, listener.listener, limits, handler, call)));
    }

    /**
     * Receives on {@code port} of the loopback interface and runs {@code handler} on the socket, on a thread of its
     * own; returns at once. What it throws is reported and ends this socket only. See also {@link #udpServer}.
     */
    public DatagramServer udpSocket(int port, Handler<DatagramSocket> handler) throws IOException {
        return udpSocket(Socketeer.udp(port), handler);
    }

    /** Receives on {@code address}. */
    public DatagramServer udpSocket(UdpAddress address, Handler<DatagramSocket> handler, Setting<?>... options)
            throws IOException {
        return new DatagramServer(Call.await(call -> Scopes.udpSocket(net, address, options, handler, call)), limits);
    }

    /**
     * Receives on {@code port} of the loopback interface and runs {@code handler} on a thread of its own for each
     * datagram, as many at once as {@link Limits#connections()} says; then the next ones wait in the kernel.
     */
    public DatagramServer udpServer(int port, DatagramHandler handler) throws IOException {
        return udpServer(Socketeer.udp(port), handler);
    }

    /** Receives on {@code address}. */
    public DatagramServer udpServer(UdpAddress address, DatagramHandler handler) throws IOException {
        return serve(bind(address), handler);
    }

    /** Runs {@code handler} on a thread of its own for each datagram that comes to {@code socket}. */
    public DatagramServer serve(DatagramSocket socket, DatagramHandler handler) {
        return new DatagramServer(Scopes.serve(net, socket.socket, limits, handler), limits);
    }

    /**
     * Receives Unix datagrams at {@code path}, in all else like {@link #udpServer}.
     *
     * @throws socketeer.UnsupportedException without the optional dependency junixsocket-core
     */
    public DatagramServer unixDatagramServer(String path, DatagramHandler handler) throws IOException {
        return serve(bind(Socketeer.unixDatagram(path)), handler);
    }

    /**
     * Connects to {@code address}: every address its name has, raced as RFC 8305 says, all within
     * {@link Limits#connect()}.
     *
     * @throws socketeer.RefusedException nobody listens there
     * @throws socketeer.UnreachableException there is no way there
     * @throws socketeer.TimedOutException the time was over first
     * @throws socketeer.NameNotFoundException the name has no address
     */
    public Connection connect(StreamAddress address) throws IOException {
        return connect(address, limits.connect());
    }

    /** The same within {@code timeout}, with options: {@code Option.KeepAlive.to(true)}. */
    public Connection connect(StreamAddress address, Duration timeout, Setting<?>... options) throws IOException {
        return new Connection(Call.await(call -> Sockets.connect(net, address, timeout, options, call)));
    }

    /** {@link #connect(StreamAddress)} as a future. */
    public CompletableFuture<Connection> connectAsync(StreamAddress address) {
        return connectAsync(address, limits.connect());
    }

    /** {@link #connect(StreamAddress, Duration, Setting...)} as a future. */
    public CompletableFuture<Connection> connectAsync(
            StreamAddress address, Duration timeout, Setting<?>... options) {
        return Promise.begin(
                call -> Sockets.connect(net, address, timeout, options, call), Connection::new, Sockets::forget);
    }

    /** A socket for datagrams to and from {@code address} alone. Nothing is sent by this. */
    public DatagramConnection connect(DatagramAddress address, Setting<?>... options) throws IOException {
        return new DatagramConnection(Call.await(call -> net.connect(address, options, call)));
    }

    /** Binds a stream socket to {@code address}; it neither listens nor connects yet. */
    public BoundSocket bind(StreamAddress address, Setting<?>... options) throws IOException {
        return new BoundSocket(Call.await(call -> net.bind(address, options, call)), limits);
    }

    /** A socket for datagrams, bound to {@code address}. */
    public DatagramSocket bind(DatagramAddress address, Setting<?>... options) throws IOException {
        return new DatagramSocket(Call.await(call -> net.bind(address, options, call)));
    }

    /** Two connected ends, as socketpair(2). @throws socketeer.UnsupportedException this network has no such thing */
    public Pair<Connection, Connection> socketPair() throws IOException {
        kotlin.Pair<socketeer.Connection, socketeer.Connection> ends = Call.await(net::socketPair);
        return new Pair<>(new Connection(ends.getFirst()), new Connection(ends.getSecond()));
    }

    /** The addresses of {@code host} in the resolver's order, as literals. */
    public List<String> resolve(String host) throws IOException {
        return Call.await(call -> net.resolve(host, call));
    }

    /** The name of the literal {@code address}. @throws socketeer.NameNotFoundException it has none */
    public String reverse(String address) throws IOException {
        return Call.await(call -> net.reverse(address, call));
    }

    /**
     * Runs {@code task} on a thread of its own; the net doesn't end before it. What it throws ends the net. Cancelling
     * the future interrupts it.
     */
    public CompletableFuture<Void> launch(Task task) {
        return Scopes.launch(net, task);
    }
}
