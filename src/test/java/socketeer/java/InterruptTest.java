package socketeer.java;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;
import static socketeer.java.Socketeer.net;
import static socketeer.java.Socketeer.tcp;
import static socketeer.java.Socketeer.udp;
import static socketeer.java.Socketeer.unix;
import static socketeer.java.Socketeer.within;

import java.io.ByteArrayOutputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import socketeer.BusyException;
import socketeer.ClosedException;
import socketeer.Direction;
import socketeer.RefusedException;
import socketeer.TimedOutException;

/**
 * Every call that waits can be given up, by an interrupt or as a future: no byte is lost and the socket stays usable.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InterruptTest {
    @TempDir Path folder;

    /** Two connected ends. */
    interface Ends {
        void meet(Connection near, Connection far) throws Exception;
    }

    private static void pair(Ends ends) throws Exception {
        net(net -> {
            try (Listener listener = net.bind(tcp(0)).listen();
                    Connection near = net.connect(listener.local());
                    Connection far = listener.accept()) {
                ends.meet(near, far);
            }
        });
    }

    private static final Map<String, Handler<Connection>> RECEIVING = Map.of(
            "recv", Connection::recv,
            "recv(max)", it -> it.recv(3),
            "recvExactly", it -> it.recvExactly(6),
            "peek", it -> it.peek(6),
            "recvInto, heap", it -> it.recvInto(ByteBuffer.allocate(10)),
            "recvInto, direct", it -> it.recvInto(ByteBuffer.allocateDirect(10)),
            "input().read", it -> it.input().read(),
            "framed.recv", it -> it.framed(Codecs.fixed(6)).recv(),
            "framed.stream", it -> {
                try {
                    it.framed(Codecs.fixed(6)).stream().count();
                } catch (java.io.UncheckedIOException cause) {
                    throw cause.getCause();
                }
            });

    @TestFactory
    Stream<DynamicTest> aReceiveLosesNoByte() {
        return RECEIVING.entrySet().stream().map(call -> dynamicTest(call.getKey(), () -> pair((near, far) -> {
            for (int i = 0; i < 20; i++) {
                Waiting<Object> waiting = new Waiting<>(() -> {
                    call.getValue().handle(far);
                    return null;
                });
                waiting.interrupt();
                assertThrows(InterruptedIOException.class, waiting::get);
                assertFalse(waiting.interruptedAfterwards(), "the exception stands for the status");
                near.send("abcdef");
                assertEquals("abcdef", far.recvExactly(6).text());
            }
            assertTrue(near.isOpen() && far.isOpen());
        })));
    }

    @Test
    void whatCameBeforeTheInterruptIsReceivedAfterIt() throws Exception {
        pair((near, far) -> {
            Waiting<Bytes> waiting = new Waiting<>(() -> far.recvExactly(6)).parked();
            near.send("abc");
            while (far.received() < 3) Thread.yield();
            waiting.interrupt();
            assertThrows(InterruptedIOException.class, waiting::get);
            near.send("def");
            assertEquals("abcdef", far.recvExactly(6).text());
        });
    }

    @Test
    void anInterruptAtAnyMomentLosesNoByteAndIsNeverLostItself() throws Exception {
        pair((near, far) -> {
            ByteArrayOutputStream got = new ByteArrayOutputStream();
            for (int i = 0; i < 300; i++) {
                Waiting<Bytes> waiting = new Waiting<>(far::recv);
                if (i % 2 == 0) waiting.parked();
                near.send(new byte[] {(byte) i});
                if (i % 3 != 0) waiting.interrupt();
                try {
                    got.writeBytes(waiting.get().toArray());
                } catch (InterruptedIOException given) {
                    assertFalse(waiting.interruptedAfterwards());
                }
            }
            near.shutdown(Direction.WRITE);
            for (Bytes rest; (rest = far.recv()) != null; ) got.writeBytes(rest.toArray());
            byte[] all = new byte[300];
            for (int i = 0; i < all.length; i++) all[i] = (byte) i;
            assertArrayEquals(all, got.toByteArray());
        });
    }

    @Test
    void aThreadThatIsInterruptedAlreadyDoesNotBegin() throws Exception {
        pair((near, far) -> {
            near.send("abc");
            assertEquals("abc", far.peek(3).text());
            Waiting<Bytes> waiting = new Waiting<>(() -> {
                Thread.currentThread().interrupt();
                return far.recv();
            });
            assertThrows(InterruptedIOException.class, waiting::get);
            assertEquals("abc", far.recv().text());
        });
    }

    @TestFactory
    Stream<DynamicTest> aSendSaysHowMuchWent() {
        byte[] much = new byte[64 << 20];
        for (int i = 0; i < much.length; i++) much[i] = (byte) (i * 31 + (i >> 8));
        Map<String, Handler<Connection>> sending = Map.of(
                "send(byte[])", it -> it.send(much),
                "send(ByteBuffer)", it -> it.send(ByteBuffer.wrap(much)),
                "send(Bytes)", it -> it.send(Bytes.of(much)),
                "output().write", it -> it.output().write(much));
        return sending.entrySet().stream().map(call -> dynamicTest(call.getKey(), () -> pair((near, far) -> {
            Waiting<Object> waiting = new Waiting<>(() -> {
                call.getValue().handle(near);
                return null;
            });
            waiting.interrupt();
            assertThrows(InterruptedIOException.class, waiting::get);
            int went = (int) near.sent();
            assertTrue(went > 0 && went < much.length, went + " bytes went");
            CompletableFuture<Void> rest = near.sendAsync(Arrays.copyOfRange(much, went, went + 1_000));
            byte[] came = far.recvExactly(went + 1_000).toArray();
            assertArrayEquals(Arrays.copyOf(much, went + 1_000), came);
            rest.get();
        })));
    }

    @Test
    void aFrameSentHalfwayIsFinishedByTheNextOne() throws Exception {
        pair((near, far) -> {
            Framed<Bytes> frames = near.framed(Codecs.lengthPrefixed(Integer.MAX_VALUE / 2));
            Bytes large = Bytes.of(new byte[32 << 20]);
            Waiting<Object> waiting = new Waiting<>(() -> {
                frames.send(large);
                return null;
            });
            waiting.interrupt();
            assertThrows(InterruptedIOException.class, waiting::get);
            CompletableFuture<Void> next = frames.sendAsync(Bytes.of("next"));
            Framed<Bytes> received = far.framed(Codecs.lengthPrefixed(Integer.MAX_VALUE / 2));
            assertEquals(large, received.recv());
            assertEquals("next", received.recv().text());
            next.get();
        });
    }

    @Test
    void acceptAndConnect() throws Exception {
        net(net -> {
            Listener listener = net.bind(tcp(0)).listen();
            for (int i = 0; i < 20; i++) {
                Waiting<Connection> accepting = new Waiting<>(listener::accept);
                accepting.interrupt();
                assertThrows(InterruptedIOException.class, accepting::get);
                try (Connection near = net.connect(listener.local());
                        Connection far = listener.accept()) {
                    near.send("x");
                    assertEquals("x", far.recv().text());
                }
            }
            listener.close();
            assertThrows(RefusedException.class, () -> net.connect(listener.local()));
        });
    }

    @Test
    void connectWhileItWaitsForRoomInTheBacklog() throws Exception {
        net(net -> {
            String path = folder.resolve("s").toString();
            Listener listener = net.bind(unix(path)).listen(1);
            // As many as the kernel takes; the next one waits.
            while (true) {
                CompletableFuture<Connection> next = net.connectAsync(listener.local());
                try {
                    within(Duration.ofMillis(200), next::get);
                } catch (TimedOutException full) {
                    assertTrue(next.cancel(true));
                    break;
                }
            }
            Waiting<Connection> connecting = new Waiting<>(() -> net.connect(listener.local()));
            connecting.interrupt();
            assertThrows(InterruptedIOException.class, connecting::get);
            listener.accept().close();
            net.connect(listener.local()).close();
        });
    }

    @Test
    void datagrams() throws Exception {
        net(net -> {
            DatagramSocket socket = net.bind(udp(0));
            DatagramConnection peer = net.connect(socket.local());
            ByteBuffer room = ByteBuffer.allocate(100);
            for (var call : Map.<String, Handler<DatagramSocket>>of(
                            "recvfrom", DatagramSocket::recvfrom, "recvfromInto", it -> it.recvfromInto(room))
                    .values()) {
                Waiting<Object> waiting = new Waiting<>(() -> {
                    call.handle(socket);
                    return null;
                });
                waiting.interrupt();
                assertThrows(InterruptedIOException.class, waiting::get);
                peer.send("still here");
                Datagram came = socket.recvfrom();
                assertEquals("still here", came.data().text());
                assertEquals(0, room.position());
                Waiting<Bytes> answer = new Waiting<>(peer::recv);
                answer.interrupt();
                assertThrows(InterruptedIOException.class, answer::get);
                socket.sendto("and here", came.from());
                assertEquals("and here", peer.recv().text());
            }
        });
    }

    @Test
    void joinOfAServerAndASecondReceive() throws Exception {
        net(net -> {
            Server server = net.tcpServer(0, peer -> peer.send("x"));
            Waiting<Object> joining = new Waiting<>(() -> {
                server.join();
                return null;
            });
            joining.interrupt();
            assertThrows(InterruptedIOException.class, joining::get);
            server.stop();
            server.join();
        });
        pair((near, far) -> {
            Waiting<Bytes> first = new Waiting<>(far::recv).parked();
            assertThrows(BusyException.class, far::recv);
            near.send("x");
            assertEquals("x", first.get().text());
        });
    }

    @Test
    void closeIsDoneByAnInterruptedThreadTooAndWakesWhoWaits() throws Exception {
        pair((near, far) -> {
            Waiting<Bytes> waiting = new Waiting<>(() -> far.recv()).parked();
            Waiting<Object> closing = new Waiting<>(() -> {
                Thread.currentThread().interrupt();
                far.close();
                return null;
            });
            assertNull(closing.get());
            assertTrue(closing.interruptedAfterwards());
            assertFalse(far.isOpen());
            ClosedException closed = assertThrows(ClosedException.class, waiting::get);
            assertTrue(
                    Arrays.stream(closed.getStackTrace()).anyMatch(it -> it.getClassName().contains("InterruptTest")),
                    "its stack is the caller's");
        });
    }

    @Test
    void aTimeLimit() throws Exception {
        pair((near, far) -> {
            assertThrows(TimedOutException.class, () -> within(Duration.ofMillis(1), far::recv));
            near.send("x");
            assertEquals("x", within(Duration.ofMinutes(1), far::recv).text());
            assertFalse(Thread.currentThread().isInterrupted());
        });
    }

    @Test
    void aFutureCancelledOrTimedOutLosesNoByte() throws Exception {
        pair((near, far) -> {
            for (int i = 0; i < 200; i++) {
                CompletableFuture<Bytes> given = far.recvAsync();
                if (i % 2 == 0) {
                    given.cancel(true);
                    assertThrows(CancellationException.class, given::join);
                } else {
                    given.orTimeout(1, TimeUnit.NANOSECONDS);
                    ExecutionException late = assertThrows(ExecutionException.class, given::get);
                    assertTrue(late.getCause() instanceof TimeoutException);
                }
                near.send("abc");
                assertEquals("abc", far.recvExactlyAsync(3).get().text());
            }
        });
    }

    @Test
    void aFutureOfAFrameCancelledLosesNoFrame() throws Exception {
        pair((near, far) -> {
            Framed<String> lines = far.framed(Codecs.lines());
            for (int i = 0; i < 200; i++) {
                CompletableFuture<String> given = lines.recvAsync();
                if (i % 2 == 0) near.send(i + "\n");
                given.cancel(true);
                CompletableFuture<String> next = lines.recvAsync();
                if (i % 2 == 1) near.send(i + "\n");
                // It may have been there before the cancel.
                String got = given.isCancelled() ? next.get() : given.get();
                assertEquals(i + "", got);
                if (!given.isCancelled()) next.cancel(true);
            }
            near.send("last\n");
            assertEquals("last", lines.recv());
        });
    }

    @Test
    void aFutureOfADatagramCancelledLosesNone() throws Exception {
        net(net -> {
            DatagramSocket socket = net.bind(udp(0));
            DatagramConnection peer = net.connect(socket.local());
            for (int i = 0; i < 200; i++) {
                CompletableFuture<Datagram> given = socket.recvfromAsync();
                peer.send("d" + i);
                given.cancel(true);
                Datagram got = given.isCancelled() ? socket.recvfrom() : given.get();
                assertEquals("d" + i, got.data().text());
            }
        });
    }

    @Test
    void anAcceptedConnectionThatNobodyWantsAnyMoreEnds() throws Exception {
        net(net -> {
            Listener listener = net.bind(tcp(0)).listen();
            for (int i = 0; i < 50; i++) {
                CompletableFuture<Connection> accepting = listener.acceptAsync();
                CompletableFuture<Connection> connecting = net.connectAsync(listener.local());
                // It may have come before.
                if (!accepting.cancel(true)) accepting.get().close();
                try (Connection near = connecting.get()) {
                    // Either it has been accepted in vain, and ends, or it is there for the next accept.
                    CompletableFuture<Connection> again = listener.acceptAsync();
                    CompletableFuture<?> end = near.recvAsync().handle((bytes, cause) -> again.cancel(true));
                    CompletableFuture.anyOf(again.handle((it, cause) -> it), end).get(60, TimeUnit.SECONDS);
                    if (!again.isCompletedExceptionally()) again.join().close();
                }
            }
        });
    }

    @Test
    void aBlockingCallOnTheLoopIsRefusedAndNotADeadlock() throws Exception {
        pair((near, far) -> {
            CompletableFuture<Bytes> wrong = far.recvAsync().thenApply(bytes -> {
                try {
                    return far.recv();
                } catch (java.io.IOException cause) {
                    throw new AssertionError(cause);
                }
            });
            near.send("x");
            ExecutionException refused = assertThrows(ExecutionException.class, wrong::get);
            assertTrue(refused.getCause() instanceof IllegalStateException, refused.toString());
            assertEquals(1, far.received());
        });
    }
}
