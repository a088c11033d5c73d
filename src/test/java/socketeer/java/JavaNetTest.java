package socketeer.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static socketeer.java.Socketeer.cidr;
import static socketeer.java.Socketeer.net;
import static socketeer.java.Socketeer.tcp;
import static socketeer.java.Socketeer.udp;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import socketeer.AddressInUseException;
import socketeer.BrokenException;
import socketeer.Direction;
import socketeer.Option;
import socketeer.Refusal;
import socketeer.TcpAddress;
import socketeer.Why;

/** Every word of the façade does what it says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JavaNetTest {
    @TempDir Path folder;

    private static final Setup QUIET = Setup.DEFAULT.signals(false);

    private static void echo(Connection peer) throws IOException {
        for (Bytes data; (data = peer.recv()) != null; ) peer.send(data);
    }

    @Test
    void theVerbsOneByOne() throws Exception {
        net(QUIET, net -> {
            Listener listener = net.bind(tcp(0), Option.ReuseAddress.to(true)).listen();
            CompletableFuture<Connection> accepting = listener.acceptAsync();
            try (Connection near = net.connectAsync(listener.local()).get();
                    Connection far = accepting.get()) {
                assertEquals(near.local(), far.remote());
                near.set(Option.NoDelay, false);
                assertFalse(near.get(Option.NoDelay));
                near.send(ByteBuffer.wrap("hello".getBytes()));
                assertEquals("he", far.peek(2).text());
                assertEquals("hel", far.recvExactly(3).text());
                far.unread(Bytes.of("HEL"));
                assertEquals("HELlo", far.recvExactly(5).text());
                assertEquals(5, near.sent());
                assertEquals(5, far.received());
                ByteBuffer direct = ByteBuffer.allocateDirect(3);
                near.sendAsync("abcd").get();
                assertEquals(3, far.recvInto(direct));
                assertEquals(0, far.recvInto(direct));
                assertEquals("d", far.recv(10).text());
                near.shutdown(Direction.WRITE);
                assertEquals(-1, far.recvInto(direct.clear()));
                assertNull(far.recv());
                assertNull(far.recv());
                far.send("still");
                assertEquals("still", near.recv().text());
                far.abort();
                assertThrows(BrokenException.class, near::recv);
            }
            assertThrows(AddressInUseException.class, () -> net.bind((TcpAddress) listener.local()));
            listener.closeAsync().get();
            assertFalse(listener.isOpen());
        });
    }

    @Test
    void aLargeAnswerGoesInPiecesToAReaderThatTakesItsTime() throws Exception {
        byte[] much = new byte[16 << 20];
        for (int i = 0; i < much.length; i++) much[i] = (byte) (i * 7 + (i >> 9));
        net(QUIET, net -> {
            Server server = net.tcpServer(0, peer -> peer.send(much));
            try (Connection peer = net.connect(server.address())) {
                assertEquals(Bytes.of(much), peer.recvExactly(much.length));
                assertNull(peer.recv());
            }
            server.stop();
        });
    }

    @Test
    void streamsAndFilesForCodeThatWantsThem() throws Exception {
        Path file = Files.writeString(folder.resolve("sent"), "from a file\n");
        net(QUIET, net -> {
            Server server = net.tcpServer(0, peer -> {
                peer.sendFile(file);
                peer.input().transferTo(peer.output());
            });
            try (Connection peer = net.connect(server.address())) {
                peer.output().write("one\ntwo".getBytes());
                peer.output().close();
                BufferedReader lines = new BufferedReader(new InputStreamReader(peer.input()));
                assertEquals(List.of("from a file", "one", "two"), lines.lines().toList());
            }
            server.stop();
        });
    }

    @Test
    void unixSocketsAndPairs() throws Exception {
        Path path = folder.resolve("s");
        net(QUIET, net -> {
            Server server = net.unixSocket(path.toString(), JavaNetTest::echo);
            try (Connection peer = net.connect(server.address())) {
                peer.send("x");
                assertEquals("x", peer.recv().text());
            }
            server.stop();
            assertFalse(Files.exists(path));
            Pair<Connection, Connection> pair = net.socketPair();
            pair.first().send("pair");
            assertEquals("pair", pair.second().recv().text());
        });
    }

    @Test
    void datagrams() throws Exception {
        net(QUIET, net -> {
            DatagramServer each =
                    net.udpServer(0, (socket, datagram) -> socket.sendto(datagram.data(), datagram.from()));
            DatagramServer all = net.udpSocket(0, socket -> {
                while (true) {
                    Datagram datagram = socket.recvfrom();
                    socket.sendtoAsync(datagram.data(), datagram.from()).get();
                }
            });
            for (DatagramServer server : List.of(each, all)) {
                DatagramConnection peer = net.connect(server.address());
                peer.send("hello");
                assertEquals("hello", peer.recv().text());
                peer.send(Bytes.EMPTY);
                assertEquals(Bytes.EMPTY, peer.recvAsync().get());
                assertEquals(server.address(), peer.remote());
            }
            assertEquals(2, each.stop().finished());
            assertEquals(1, all.stop().accepted());
            assertThrows(socketeer.TooLargeException.class, () -> net.bind(udp(0)).sendto(new byte[65_508], udp(9)));
        });
    }

    @Test
    void whatAHandlerLaunchesEndsWithIt() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        net(QUIET, net -> {
            Server server = net.tcpServer(0, peer -> {
                peer.launch(() -> {
                    begun.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException ended) {
                        interrupted.countDown();
                    }
                });
                CompletableFuture<Void> other = peer.launch(() -> peer.send("launched"));
                other.get();
                begun.await();
                assertNull(peer.recv());
            });
            try (Connection peer = net.connect(server.address())) {
                assertEquals("launched", peer.recv().text());
                peer.shutdown(Direction.WRITE);
                assertNull(peer.recv());
                interrupted.await();
            }
            assertEquals(1, server.stop().finished());
        });
    }

    @Test
    void handlersKnowOfDrainingAndAreInterruptedWhenItIsOver() throws Exception {
        net(QUIET, net -> {
            Server server = net.tcpServer(tcp(0), net.limits(), "polite", peer -> {
                peer.send(peer.isDraining() ? "too late" : "in time");
                peer.awaitDraining();
                peer.send(peer.isDraining() ? "bye" : "?");
            });
            Server stubborn = net.tcpServer(0, peer -> {
                peer.send("x");
                new CountDownLatch(1).await();
            });
            try (Connection peer = net.connect(server.address());
                    Connection other = net.connect(stubborn.address())) {
                assertEquals("in time", peer.recv().text());
                assertEquals("polite", server.name());
                assertEquals(new Receipt(1, 1, 0, 0, 0, 0), server.stop(Duration.ofSeconds(60)));
                assertEquals("bye", peer.recv().text());
                assertEquals("x", other.recv().text());
                assertEquals(new Receipt(1, 0, 0, 1, 0, 0), stubborn.stop(Duration.ofMillis(1)));
            }
            server.join();
        });
    }

    @Test
    void limitsAreValuesAndHold() throws Exception {
        Limits limits = Limits.DEFAULT
                .connections(2)
                .perAddress(1)
                .acceptRate(1_000)
                .idle(Duration.ofMinutes(1))
                .firstByte(Duration.ofMinutes(2))
                .whole(Limits.NEVER)
                .writeStall(Duration.ofSeconds(3))
                .allow(cidr("127.0.0.0/8"))
                .deny(cidr("10.0.0.0/8"));
        assertEquals(OptionalInt.of(1), limits.perAddress());
        assertEquals(OptionalInt.empty(), Limits.DEFAULT.perAddress());
        assertEquals(Duration.ofMinutes(1), limits.idle());
        assertEquals(Limits.NEVER, limits.whole());
        assertEquals(List.of(cidr("10.0.0.0/8")), limits.deny());
        assertEquals(limits, limits.connections(3).connections(2));
        assertTrue(limits.memory(1) < Limits.DEFAULT.memory(1));
        assertThrows(IllegalArgumentException.class, () -> limits.backlog(0));

        LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
        net(QUIET.limits(limits).events(events::add), net -> {
            Server server = net.tcpServer(0, JavaNetTest::echo);
            try (Connection first = net.connect(server.address())) {
                first.send("x");
                first.recv();
                try (Connection second = net.connect(server.address())) {
                    assertThrows(BrokenException.class, second::recv);
                }
            }
            server.stop();
        });
        Stream<Class<?>> kinds = events.stream().map(Event::getClass);
        assertTrue(kinds.toList().containsAll(List.of(
                Event.Accepted.class, Event.Refused.class, Event.Closed.class, Event.Draining.class,
                Event.Drained.class)));
        for (Event event : events) {
            if (event instanceof Event.Refused refused) assertEquals(Refusal.PER_ADDRESS, refused.why());
            if (event instanceof Event.Closed closed) assertEquals(Why.FINISHED, closed.why());
        }
    }

    @Test
    void aFailureIsAnEventAndNobodyElsesEnd() throws Exception {
        LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
        net(QUIET.events(events::add), net -> {
            Server server = net.tcpServer(0, peer -> {
                if (peer.recv().text().equals("fail")) throw new Exception("on purpose");
                peer.send("ok");
            });
            try (Connection failing = net.connect(server.address());
                    Connection other = net.connect(server.address())) {
                failing.send("fail");
                assertNull(failing.recv());
                other.send("x");
                assertEquals("ok", other.recv().text());
            }
            assertEquals(new Receipt(2, 1, 1, 0, 0, 0), server.stop());
        });
        assertEquals(
                List.of("on purpose"),
                events.stream()
                        .flatMap(it -> it instanceof Event.HandlerFailed failed ? Stream.of(failed) : Stream.empty())
                        .map(it -> it.cause().getMessage())
                        .toList());
    }

    @Test
    void whatABlockThrowsIsWhatNetThrows() {
        assertThrows(AddressInUseException.class, () -> net(QUIET, net -> {
            Server server = net.tcpServer(0, JavaNetTest::echo);
            try {
                net.tcpServer((TcpAddress) server.address(), JavaNetTest::echo);
            } finally {
                server.stop();
            }
        }));
    }

    @Test
    void oneConnectionAndTwoLoops() throws Exception {
        net(QUIET.loops(2), net -> {
            Listener listener = net.bind(tcp(0)).listen();
            CompletableFuture<Connection> peer = net.connectAsync(listener.local());
            CompletableFuture<Void> talk = net.launch(() -> {
                try (Connection near = peer.get()) {
                    near.send("x");
                    assertEquals("x", near.recv().text());
                }
            });
            assertEquals(new Receipt(1, 1, 0, 0, 0, 0), net.serveOne(listener, JavaNetTest::echo));
            talk.get();
        });
    }
}
