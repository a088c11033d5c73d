package socketeer.java;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static socketeer.java.Socketeer.cidr;
import static socketeer.java.Socketeer.net;
import static socketeer.java.Socketeer.proxied;
import static socketeer.java.Socketeer.shaped;
import static socketeer.java.Socketeer.tcp;
import static socketeer.java.Socketeer.udp;
import static socketeer.java.Socketeer.unix;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import socketeer.BrokenException;
import socketeer.Cidr;
import socketeer.DeniedException;
import socketeer.Direction;
import socketeer.MalformedException;
import socketeer.TcpAddress;
import socketeer.TimedOutException;
import socketeer.TooLargeException;

/** What wraps a handler: behind a proxy, and no faster than a rate. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WrappingTest {
    private static final Setup QUIET = Setup.DEFAULT.signals(false);
    private static final List<Cidr> LOOPBACK = List.of(cidr("127.0.0.0/8"));
    private static final List<Cidr> ELSEWHERE = List.of(cidr("10.0.0.0/8"));
    private static final String LINE = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
    private static final ProxyHeader HEADER = new ProxyHeader(tcp("192.0.2.7", 56324), tcp("198.51.100.1", 443));

    /** What a proxy's plain socket hears that says {@code said} in pieces of {@code size}, and no more. */
    private static String heard(Server server, byte[] said, int size) throws IOException {
        int port = ((TcpAddress) server.address()).getPort();
        try (Socket proxy = new Socket(InetAddress.getLoopbackAddress(), port)) {
            proxy.setTcpNoDelay(true);
            OutputStream out = proxy.getOutputStream();
            for (int i = 0; i < said.length; i += size) out.write(said, i, Math.min(size, said.length - i));
            proxy.shutdownOutput();
            return new String(proxy.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    private static void tell(Connection peer) throws IOException {
        String said = peer.recvExactly(5).text();
        peer.send(peer.remote() + " at " + peer.local() + " says " + said + ", then " + peer.recv());
    }

    @Test
    void theClientIsWhomTheProxyNamesAndItsFirstBytesAreThoseBehindTheHeader() throws Exception {
        byte[] v1 = (LINE + "hello").getBytes(ISO_8859_1);
        byte[] v2 = Codecs.proxyV2(true, Codecs.MAX_PROXY_V2).encode(HEADER).plus(Bytes.of("hello")).toArray();
        net(QUIET, net -> {
            Server server = net.tcpServer(0, proxied(LOOPBACK, WrappingTest::tell));
            for (byte[] said : List.of(v1, v2)) {
                for (int size : new int[] {1, 7, 1_000}) {
                    assertEquals(
                            "192.0.2.7:56324 at 198.51.100.1:443 says hello, then null", heard(server, said, size));
                }
            }
            assertEquals(6, server.stop().finished());
        });
    }

    @Test
    void whatTheProxySaidIsAtHandAlsoInWhatWrapsTheConnectionAgain() throws Exception {
        ProxyHeader named = HEADER.tlvs(List.of(new ProxyTlv(ProxyTlv.AUTHORITY, Bytes.of("example.org"))));
        net(QUIET, net -> {
            Rates rates = Rates.UNLIMITED.receive(new Rate(1 << 20, Duration.ofSeconds(1)));
            Server server = net.tcpServer(0, proxied(LOOPBACK, shaped(rates, peer -> {
                ProxyHeader header = peer.proxyHeader();
                peer.launch(() -> peer.send(header.equals(named) + " " + header.get(ProxyTlv.AUTHORITY).text()
                                + " " + header.get(ProxyTlv.ALPN) + " " + peer.isDraining() + " " + header))
                        .get();
            })));
            assertEquals(
                    "true example.org null false PROXY 192.0.2.7:56324 -> 198.51.100.1:443 "
                            + new ProxyTlv(ProxyTlv.AUTHORITY, Bytes.of("example.org")),
                    heard(server, Codecs.proxyV2().encode(named).toArray(), 1_000));
            server.stop();
        });
    }

    @Test
    void aHeaderWithoutAddressesLeavesTheRealOnesAndOutsideThereIsNone() throws Exception {
        net(QUIET, net -> {
            Handler<Connection> handler = peer -> peer.send(
                    peer.remote().toString().startsWith("127.0.0.1:") + " " + (peer.proxyHeader() == null ? "none"
                            : peer.proxyHeader()));
            Server behind = net.tcpServer(0, proxied(LOOPBACK, handler));
            assertEquals("true PROXY unknown", heard(behind, "PROXY UNKNOWN\r\n".getBytes(ISO_8859_1), 99));
            Bytes local = Codecs.proxyV2().encode(ProxyHeader.LOCAL);
            assertEquals("true PROXY local", heard(behind, local.toArray(), 99));
            Server open = net.tcpServer(0, handler);
            assertEquals("true none", heard(open, new byte[0], 1));
            behind.stop();
            open.stop();
        });
    }

    @Test
    void whoSendsNoGoodHeaderIsTurnedAwayAndReported() throws Exception {
        LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
        AtomicBoolean called = new AtomicBoolean();
        Handler<Connection> never = peer -> called.set(true);
        Bytes header = Codecs.proxyV2().encode(HEADER);
        net(QUIET.events(events::add), net -> {
            Server strict = net.tcpServer(0, proxied(LOOPBACK, never));
            assertEquals("", heard(strict, "GET / HTTP/1.1\r\n".getBytes(ISO_8859_1), 99));
            assertTrue(failure(events, MalformedException.class).getMessage().contains("at byte 0"));
            assertEquals("", heard(strict, LINE.substring(0, 20).getBytes(ISO_8859_1), 99));
            failure(events, BrokenException.class);
            strict.stop();

            Server elsewhere = net.tcpServer(0, proxied(ELSEWHERE, never));
            assertEquals("", heard(elsewhere, new byte[0], 1));
            assertTrue(failure(events, DeniedException.class).getMessage().contains("10.0.0.0/8"));
            elsewhere.stop();

            Server narrow = net.tcpServer(0, proxied(LOOPBACK, Duration.ofMinutes(1), 27, never));
            assertEquals("", heard(narrow, header.slice(0, 16).toArray(), 99));
            assertTrue(failure(events, TooLargeException.class).getMessage().contains("<= 27 bytes, was 28"));
            narrow.stop();

            Server quick = net.tcpServer(0, proxied(LOOPBACK, Duration.ofMillis(1), 28, never));
            try (Connection silent = net.connect(quick.address())) {
                failure(events, TimedOutException.class);
                assertNull(silent.recv());
            }
            quick.stop();
        });
        assertFalse(called.get());
    }

    @Test
    void whatIsToldOfAConnectionNamesTheClientToo() throws Exception {
        LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
        Handler<Connection> failing = peer -> {
            throw new IllegalStateException("sold out");
        };
        net(QUIET.events(events::add), net -> {
            Server server = net.tcpServer(0, proxied(LOOPBACK, failing));
            assertEquals("", heard(server, LINE.getBytes(ISO_8859_1), 99));
            server.stop();
        });
        List<Object> clients = events.stream().flatMap(WrappingTest::client).toList();
        assertEquals(List.of(HEADER.source(), HEADER.source()), clients);
    }

    private static Stream<Object> client(Event event) {
        if (event instanceof Event.HandlerFailed failed) return Stream.of(failed.client());
        return event instanceof Event.Closed closed ? Stream.of(closed.client()) : Stream.empty();
    }

    /** What the next handler that failed threw. */
    private static <X extends Exception> X failure(LinkedBlockingQueue<Event> events, Class<X> type)
            throws InterruptedException {
        while (true) {
            if (events.take() instanceof Event.HandlerFailed failed) return type.cast(failed.cause());
        }
    }

    @Test
    void aServerThatStopsInterruptsWhoWaitsForAHeader() throws Exception {
        net(QUIET, net -> {
            Server server = net.tcpServer(0, proxied(LOOPBACK, Duration.ofHours(1), 1_000, peer -> {}));
            try (Connection silent = net.connect(server.address())) {
                while (server.connections() == 0) Thread.onSpinWait();
                assertEquals(1, server.stop(Duration.ZERO).cancelled());
                assertNull(silent.recv());
            }
        });
    }

    @Test
    void aClientsSideWhatIsSentInFrontIsWhatTheNextServerSees() throws Exception {
        net(QUIET, net -> {
            Server last = net.tcpServer(0, proxied(LOOPBACK, peer -> peer.send(peer.remote() + "")));
            Server forwarder = net.tcpServer(0, peer -> {
                try (Connection next = net.connect(last.address())) {
                    next.send(Codecs.proxyV2().encode(new ProxyHeader(peer.remote(), peer.local())));
                    peer.send(next.recv());
                }
            });
            try (Connection client = net.connect(forwarder.address())) {
                assertEquals(client.local().toString(), client.recv().text());
            }
            forwarder.stop();
            last.stop();
        });
    }

    @Test
    void overAUnixSocketTheFilesModeSaysWhoMayBeAProxy() throws Exception {
        Path path = Files.createTempDirectory("unix").resolve("s");
        net(QUIET, net -> {
            Server server = net.unixSocket(path.toString(), proxied(List.of(), peer -> peer.send(peer.remote() + "")));
            try (Connection proxy = net.connect(unix(path.toString()))) {
                proxy.send(LINE);
                assertEquals("192.0.2.7:56324", proxy.recv().text());
            }
            server.stop();
        });
    }

    @Test
    void headersAndTheirBytes() throws Exception {
        ProxyHeader six = new ProxyHeader(tcp("2001:db8::1", 1), tcp("2001:db8::2", 2));
        for (ProxyHeader header : List.of(HEADER, six, ProxyHeader.UNKNOWN)) {
            assertEquals(header, Codecs.proxyV1().decode(Codecs.proxyV1().encode(header)));
        }
        assertEquals(LINE, Codecs.proxyV1().encode(HEADER).text());
        ProxyHeader datagrams = new ProxyHeader(udp("192.0.2.1", 1), udp("192.0.2.2", 2));
        List<ProxyTlv> tlvs = List.of(new ProxyTlv(0xE0, Bytes.of("x")), new ProxyTlv(0xE0, Bytes.EMPTY));
        ProxyHeader local = ProxyHeader.LOCAL.tlvs(tlvs);
        List<Codec<ProxyHeader>> codecs = List.of(Codecs.proxyV2(), Codecs.proxyV2(true, 500), Codecs.proxyHeader(500));
        for (ProxyHeader header : List.of(HEADER, six, datagrams, local, ProxyHeader.UNKNOWN)) {
            for (Codec<ProxyHeader> codec : codecs) assertEquals(header, codec.decode(codec.encode(header)));
        }
        assertEquals(HEADER, Codecs.proxyHeader(500).decode(Bytes.of(LINE)));
        assertEquals("x", local.get(0xE0).text());
    }

    @Test
    void whatCantBeIsRefusedWithTheBound() {
        refused(
                "both addresses or neither, was 192.0.2.7:1 and null",
                () -> new ProxyHeader(tcp("192.0.2.7", 1), null));
        refused(
                "no addresses in a local header, was 192.0.2.7:56324 and 198.51.100.1:443",
                () -> new ProxyHeader(HEADER.source(), HEADER.destination(), true, List.of()));
        refused(
                "an address is a literal in a header, was example.org:1",
                () -> new ProxyHeader(tcp("example.org", 1), tcp("192.0.2.7", 1)));
        refused("a TLV's type is 0..255, was 256", () -> new ProxyTlv(256, Bytes.EMPTY));
        refused("deadline > 0, was 0s", () -> proxied(LOOPBACK, Duration.ZERO, 500, peer -> {}));
        refused("max is 16..65551, was 15", () -> proxied(LOOPBACK, Duration.ofSeconds(1), 15, peer -> {}));
        refused("a rate's amount is 1..1099511627776, was 0", () -> new Rate(0, Duration.ofSeconds(1)));
        refused("a rate's time is 1us..1d, was 999ns", () -> new Rate(1, Duration.ofNanos(999)));
    }

    private static void refused(String why, org.junit.jupiter.api.function.Executable make) {
        assertEquals(why, assertThrows(IllegalArgumentException.class, make).getMessage());
    }

    /** So slow that within a test nothing more comes: bytes are counted and no time is. */
    private static Rate aDay(long amount) {
        return new Rate(amount, Duration.ofDays(1));
    }

    @Test
    void noMoreIsReceivedThanTheRateSaysAndTheRestStaysWithThePeer() throws Exception {
        net(QUIET, net -> {
            Server server = net.tcpServer(0, peer -> peer.send("hello, world"));
            try (Connection peer = net.connect(server.address()).shaped(Rates.UNLIMITED.receive(aDay(5)))) {
                assertEquals("hello", peer.recv().text());
                assertThrows(
                        InterruptedIOException.class,
                        () -> new Waiting<>(peer::recv).interrupt().get());
                ByteBuffer buffer = ByteBuffer.allocate(9);
                assertThrows(
                        InterruptedIOException.class,
                        () -> new Waiting<>(() -> peer.recvInto(buffer)).interrupt().get());
                CompletableFuture<Bytes> next = peer.recvAsync();
                next.cancel(true);
                assertThrows(CancellationException.class, next::get);
                assertEquals(5, peer.received());
            }
            server.stop();
        });
    }

    @Test
    void noMoreIsSentThanTheRateSaysAndTheRestWaits() throws Exception {
        net(QUIET, net -> {
            Rates rates = Rates.UNLIMITED.send(aDay(5));
            Server server = net.tcpServer(0, shaped(rates, peer -> peer.send("hello, world")));
            try (Connection peer = net.connect(server.address())) {
                assertEquals("hello", peer.recvExactly(5).text());
                assertEquals(1, server.stop(Duration.ZERO).cancelled());
                assertNull(peer.recv());
                assertEquals(5, peer.received());
            }
        });
    }

    @Test
    void receivesAreCountedToo() throws Exception {
        net(QUIET, net -> {
            Server server = net.tcpServer(0, peer -> {
                peer.send("one");
                peer.recv();
                peer.send("two");
                peer.recv();
            });
            try (Connection peer = net.connect(server.address()).shaped(Rates.UNLIMITED.receives(aDay(1)))) {
                assertEquals("one", peer.recv().text());
                peer.send("x");
                assertThrows(
                        InterruptedIOException.class,
                        () -> new Waiting<>(peer::recv).interrupt().get());
                assertEquals(3, peer.received());
            }
            server.stop();
        });
    }

    @Test
    void allOfItComesInTheEndUnharmed() throws Exception {
        byte[] much = new byte[1 << 20];
        for (int i = 0; i < much.length; i++) much[i] = (byte) (i * 7 + (i >> 9));
        Rate rate = new Rate(1 << 14, Duration.ofMillis(1));
        Rates both = Rates.UNLIMITED.receive(rate).send(rate);
        net(QUIET, net -> {
            Server server = net.tcpServer(0, shaped(both, peer -> peer.send(peer.recvExactly(much.length))));
            try (Connection peer = net.connect(server.address()).shaped(both)) {
                CompletableFuture<Void> sending = peer.sendAsync(much);
                assertEquals(Bytes.of(much), peer.recvExactly(much.length));
                sending.get();
                peer.shutdown(Direction.WRITE);
                assertNull(peer.recv());
            }
            server.stop();
        });
    }

    @Test
    void aThrottleLetsItsAmountPassAndWhoGivesUpHasTakenNothing() throws Exception {
        Throttle throttle = new Throttle(aDay(3));
        throttle.take();
        throttle.takeAsync().get();
        throttle.take();
        assertThrows(
                InterruptedIOException.class,
                () -> new Waiting<>(() -> {
                            throttle.take();
                            return null;
                        })
                        .interrupt()
                        .get());
        CompletableFuture<Void> next = throttle.takeAsync();
        assertFalse(next.isDone());
        next.cancel(true);

        Throttle quick = new Throttle(new Rate(1, Duration.ofMillis(1)));
        for (int i = 0; i < 5; i++) quick.take();
    }
}
