package socketeer.java;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import socketeer.AddressKt;
import socketeer.Cidr;
import socketeer.TcpAddress;
import socketeer.TimedOutException;
import socketeer.UdpAddress;
import socketeer.UnixAddress;
import socketeer.UnixDatagramAddress;

/**
 * The words that a program begins with: {@code import static socketeer.java.Socketeer.*}.
 *
 * <pre>{@code
 * net(net -> net.tcpServer(9000, peer -> {
 *     for (Bytes data; (data = peer.recv()) != null; ) peer.send(data);
 * }));
 * }</pre>
 */
public final class Socketeer {
    private Socketeer() {}

    /**
     * Runs {@code block} beside a select loop on the calling thread and returns when all inside has ended: the block,
     * what it launched, its servers. Then every socket it made is closed.
     *
     * <p>SIGINT and SIGTERM end it in order, and it returns: servers stop as {@link Server#stop()} says, then what is
     * left of the block is interrupted. A second signal waits for nothing.
     *
     * @throws X what the block throws
     * @throws InterruptedException if the calling thread is interrupted, after the block was
     * @throws IllegalStateException if the calling thread runs a loop already
     */
    public static <X extends Exception> void net(Block<X> block) throws X, InterruptedException {
        net(Setup.DEFAULT, block);
    }

    /** The same with other limits, loops, events or another network: {@code net(Setup.DEFAULT.loops(2), …)}. */
    public static <X extends Exception> void net(Setup setup, Block<X> block) throws X, InterruptedException {
        Scopes.net(setup, block);
    }

    /** A TCP endpoint: {@code tcp("localhost", 9000)}. A name stays a name until it is connected to. */
    public static TcpAddress tcp(String host, int port) {
        return AddressKt.tcp(host, port);
    }

    /** A TCP endpoint on the loopback interface. */
    public static TcpAddress tcp(int port) {
        return AddressKt.tcp(port);
    }

    /**
     * A TCP endpoint as a user writes it: {@code PORT}, {@code HOST:PORT} or {@code [IPV6]:PORT}.
     *
     * @throws IllegalArgumentException naming {@code text} and what is wrong with it
     */
    public static TcpAddress tcp(String text) {
        return AddressKt.tcp(text);
    }

    /** A UDP endpoint: {@code udp("localhost", 9001)}. */
    public static UdpAddress udp(String host, int port) {
        return AddressKt.udp(host, port);
    }

    /** A UDP endpoint on the loopback interface. */
    public static UdpAddress udp(int port) {
        return AddressKt.udp(port);
    }

    /** A UDP endpoint as a user writes it, as {@link #tcp(String)}. */
    public static UdpAddress udp(String text) {
        return AddressKt.udp(text);
    }

    /** A Unix stream socket's path. @throws IllegalArgumentException if it is longer than the system takes */
    public static UnixAddress unix(String path) {
        return AddressKt.unix(path);
    }

    /** A Unix datagram socket's path, or with a NUL first a name in Linux's abstract namespace. */
    public static UnixDatagramAddress unixDatagram(String path) {
        return AddressKt.unixDatagram(path);
    }

    /** A block of addresses: {@code cidr("10.0.0.0/8")}. @throws IllegalArgumentException naming what is wrong */
    public static Cidr cidr(String text) {
        return Cidr.Companion.parse(text);
    }

    /**
     * {@code handler} behind a proxy that speaks the PROXY protocol, version 1 or 2, whose header comes within five
     * seconds: in it {@code remote()} and {@code local()} are what the header says, and the bytes behind it come first.
     *
     * <p>A peer in one of the blocks {@code from} must send a header; any other peer is refused unheard. Over a Unix
     * socket every peer is trusted. A local or unknown header leaves the real addresses;
     * {@link Connection#proxyHeader()} has all that it said.
     *
     * <p>However it goes wrong, the handler isn't called and the connection ends, with a
     * {@link socketeer.DeniedException} (not in a trusted block), a {@link TimedOutException}, a
     * {@link socketeer.MalformedException} or {@link socketeer.TooLargeException} (what is wrong, and at which byte),
     * or a {@link socketeer.BrokenException} (the stream ended before it). Source: HAProxy's proxy-protocol.txt.
     */
    public static Handler<Connection> proxied(List<Cidr> from, Handler<Connection> handler) {
        return proxied(from, Duration.ofSeconds(5), Codecs.MAX_PROXY_V2, handler);
    }

    /** The same with at most {@code deadline} for the header, and {@code max} bytes of it. */
    public static Handler<Connection> proxied(
            List<Cidr> from, Duration deadline, int max, Handler<Connection> handler) {
        List<Cidr> blocks = List.copyOf(from);
        Wrapped.checkProxied(blocks, deadline, max);
        return peer -> handler.handle(new Connection(
                Call.await(call -> Wrapped.proxied(peer.connection, blocks, deadline, max, call))));
    }

    /**
     * {@code handler} on a connection that is no faster than {@code rates}. What may not come yet stays with the peer,
     * what may not go yet with the sender, who waits: no byte is dropped or held here.
     */
    public static Handler<Connection> shaped(Rates rates, Handler<Connection> handler) {
        return peer -> handler.handle(peer.shaped(rates));
    }

    /**
     * A consumer of events that tells them to {@code logger}: a few words, the same each time, and the rest as keys and
     * values. ERROR is a bug, WARN a limit that is reached, INFO a server's own steps, and DEBUG what any peer can
     * bring about as often as it likes.
     */
    public static Consumer<Event> slf4j(Logger logger) {
        return Events.slf4j(logger);
    }

    /**
     * A consumer of events that writes them to the JDK's flight recorder while a recording runs, and costs next to
     * nothing while none does. {@code jcmd PID JFR.start} begins one from outside. Needs the module {@code jdk.jfr}.
     */
    public static Consumer<Event> flightRecorder() {
        return Events.flightRecorder();
    }

    /**
     * Runs {@code body} on this thread and gives it up when {@code limit} is over: its blocking call is interrupted,
     * the socket stays usable and no byte is lost. What the body has returned by then counts.
     *
     * @throws TimedOutException the time was over first
     * @throws X what the body throws
     */
    public static <T, X extends Exception> T within(Duration limit, Body<T, X> body) throws X, IOException {
        return Deadline.within(limit, body);
    }
}
