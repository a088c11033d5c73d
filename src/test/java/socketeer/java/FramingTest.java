package socketeer.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;
import static socketeer.java.Socketeer.net;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import socketeer.MalformedException;
import socketeer.TcpAddress;
import socketeer.TooLargeException;
import socketeer.java.testing.Claims;
import socketeer.java.testing.CodecLaws;
import socketeer.java.testing.Values;

/** Codecs used, composed and written in Java, and held to the same laws as Kotlin's. */
class FramingTest {
    /** A byte with the length, then that many bytes of text. */
    record ShortText(boolean atOnce) implements Codec<String> {
        @Override
        public int maxBytes() {
            return 256;
        }

        @Override
        public void encode(String text, Output output) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            if (bytes.length > 255) throw new IllegalArgumentException("length <= 255, was " + bytes.length);
            output.write(bytes.length);
            output.write(bytes);
        }

        @Override
        public Decoder<String> decoder() {
            return input -> {
                if (!input.has(1)) return null;
                int n = atOnce ? input.get(input.position()) & 0xff : input.readByte();
                if (!input.has(atOnce ? 1 + n : n)) return null; // the bug, if not at once: the length is consumed
                if (atOnce) input.readByte();
                return input.readText(n);
            };
        }
    }

    record Point(int x, int y) {}

    sealed interface Shape {
        record Dot(Point at) implements Shape {}

        record Label(String text) implements Shape {}
    }

    static final Codec<Point> POINT = Codecs.int32()
            .then(Codecs.int32())
            .map(it -> new Point(it.first(), it.second()), it -> new Pair<>(it.x(), it.y()));

    static final Codec<Shape> SHAPE = Codecs.tagged(
            Codecs.uint8(),
            List.of(
                    new Case<>(1, Shape.Dot.class, POINT.map(Shape.Dot::new, Shape.Dot::at)),
                    new Case<>(2, Shape.Label.class, new ShortText(true).map(Shape.Label::new, Shape.Label::text))));

    static Values<Point> points() {
        return Values.ints(Integer.MIN_VALUE, Integer.MAX_VALUE)
                .and(Values.ints(-9, 9))
                .map(it -> new Point(it.first(), it.second()));
    }

    private static <T> Stream<DynamicTest> laws(Codec<T> codec, Values<T> values, Claims<T> claims) {
        return CodecLaws.of(codec, values, claims).map(law -> dynamicTest(law.name(), law::check));
    }

    @TestFactory
    Stream<DynamicTest> oneOfOnesOwn() {
        return laws(new ShortText(true), Values.texts(60), Claims.none());
    }

    @TestFactory
    Stream<DynamicTest> oneOfOnesOwnInsideOthers() {
        return laws(
                Codecs.lengthPrefixed(new ShortText(true).repeatToEnd()).checksummed(),
                Values.texts(60).lists(8),
                Claims.none());
    }

    @TestFactory
    Stream<DynamicTest> recordsAndSumTypes() {
        return laws(SHAPE.limit(200).repeat(Codecs.uint16()), shapes().lists(20), Claims.none());
    }

    private static Values<Shape> shapes() {
        return points().and(Values.texts(40)).and(Values.ints(0, 1)).map(it -> it.second() == 0
                ? new Shape.Dot(it.first().first())
                : new Shape.Label(it.first().second()));
    }

    @TestFactory
    Stream<DynamicTest> linesWithTheirLimit() {
        return laws(
                Codecs.lines(200),
                Values.texts(60).map(it -> it.replaceAll("[\r\n]", ".")),
                Claims.<String>none()
                        .canonical(false)
                        .atLimit("x".repeat(200), "x".repeat(201), Codecs.lines(201))
                        .misconfigured(List.of(() -> Codecs.lines(-1))));
    }

    @TestFactory
    Stream<DynamicTest> bytesBehindTheirLength() {
        return laws(
                Codecs.lengthPrefixed(300),
                Values.bytes(300),
                Claims.<Bytes>none()
                        .atLimit(Bytes.of(new byte[300]), Bytes.of(new byte[301]), Codecs.lengthPrefixed(301)));
    }

    @TestFactory
    Stream<DynamicTest> whatRedisIsTold() {
        return laws(Codecs.respCommands(), Values.bytes(60).lists(6), Claims.<List<Bytes>>none().canonical(false));
    }

    @TestFactory
    Stream<DynamicTest> whatRedisAnswers() {
        return laws(Codecs.respReplies(), replies(), Claims.none());
    }

    private static Values<Resp> replies() {
        Values<Resp> plain = Values.bytes(40)
                .and(Values.texts(40).map(it -> Bytes.of(it.replaceAll("[\r\n]", "."))))
                .and(Values.longs(Long.MIN_VALUE, Long.MAX_VALUE))
                .and(Values.ints(0, 5))
                .map(it -> switch (it.second()) {
                    case 0 -> new Resp.Simple(it.first().first().second());
                    case 1 -> new Resp.Failure(it.first().first().second());
                    case 2 -> new Resp.Number(it.first().second());
                    case 3 -> new Resp.Bulk(it.first().first().first());
                    case 4 -> new Resp.Bulk(null);
                    default -> new Resp.Many(null);
                });
        return plain.lists(4).and(plain.lists(3)).map(it -> new Resp.Many(
                Stream.concat(it.first().stream(), Stream.of(new Resp.Many(it.second()))).toList()));
    }

    @Test
    void repliesAreNestedSoDeepAndNoDeeper() throws Exception {
        Codec<Resp> replies = Codecs.respReplies();
        Bytes deepest = Bytes.of("*1\r\n".repeat(64) + ":1\r\n");
        assertEquals(deepest, replies.encode(replies.decode(deepest)));
        Resp deeper = new Resp.Many(List.of(replies.decode(deepest)));
        assertThrows(IllegalArgumentException.class, () -> replies.encode(deeper));
        for (int depth : new int[] {65, 100_000}) {
            Bytes hostile = Bytes.of("*1\r\n".repeat(depth) + ":1\r\n");
            MalformedException refused = assertThrows(MalformedException.class, () -> replies.decode(hostile));
            assertTrue(refused.getMessage().contains("lists in lists <= 64 deep"), refused.getMessage());
        }
        assertEquals(new Resp.Many(List.of()), replies.decode(Bytes.of("*0\r\n")));
        assertEquals(new Resp.Many(null), replies.decode(Bytes.of("*-1\r\n")));
    }

    @Test
    void aPlainValueIsAReply() {
        assertEquals(
                new Resp.Many(List.of(
                        new Resp.Number(1),
                        new Resp.Number(-2),
                        new Resp.Number(0),
                        new Resp.Bulk(Bytes.of("x")),
                        new Resp.Many(List.of()),
                        new Resp.Simple(Bytes.of("OK")))),
                Resp.of(List.of(true, -2L, 0, Bytes.of("x"), List.of(), new Resp.Simple(Bytes.of("OK")))));
        assertEquals(new Resp.Bulk(null), Resp.of(null));
        assertEquals(
                "bytes, a whole number, a boolean or a collection, was 1.5",
                assertThrows(IllegalArgumentException.class, () -> Resp.of(1.5)).getMessage());
    }

    @Test
    void aLittleRedisForWhoeverTypes() throws Exception {
        net(Setup.DEFAULT.signals(false), net -> {
            Server server = net.tcpServer(0, peer -> {
                Framed<List<Bytes>> commands = peer.framed(Codecs.respCommands());
                Framed<Resp> replies = peer.framed(Codecs.respReplies());
                commands.forEach(words -> replies.send(Resp.of(words)));
            });
            try (Socket typed = new Socket("127.0.0.1", ((TcpAddress) server.address()).getPort())) {
                typed.getOutputStream().write("ECHO 'hello, world'\r\n*1\r\n$4\r\nPING\r\n".getBytes());
                typed.shutdownOutput();
                assertEquals(
                        "*2\r\n$4\r\nECHO\r\n$12\r\nhello, world\r\n*1\r\n$4\r\nPING\r\n",
                        new String(typed.getInputStream().readAllBytes()));
            }
            server.stop();
        });
    }

    @Test
    void aPlantedBugIsFoundAndShrunkToOneLetterAndOneCut() {
        CodecLaws.Law law =
                CodecLaws.of(new ShortText(false), Values.texts(80), Claims.none(), 1_000, 7).findFirst().orElseThrow();
        AssertionError broken = assertThrows(AssertionError.class, law::check);
        assertTrue(broken.getMessage().contains("frames: [\"a\"]\n  bytes: [01 | 61]"), broken.getMessage());
    }

    private static Bytes bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) bytes[i] = (byte) values[i];
        return Bytes.of(bytes);
    }

    @Test
    void valuesToBytesAndBack() throws Exception {
        assertEquals(bytes(0, 0, 0, 1, 0, 0, 0, 2), POINT.encode(new Point(1, 2)));
        assertEquals(new Point(1, 2), POINT.decode(bytes(0, 0, 0, 1, 0, 0, 0, 2)));
        assertThrows(MalformedException.class, () -> POINT.decode(bytes(0, 0, 0, 1, 0, 0, 0, 2, 3)));
        assertThrows(TooLargeException.class, () -> Codecs.lines(3).encode("four"));
    }

    @Test
    void framesOfAConnectionOneByOneAsAStreamAndAsFutures() throws Exception {
        net(net -> {
            Server server = net.tcpServer(0, peer -> {
                Framed<Shape> shapes = peer.framed(SHAPE);
                shapes.forEach(shapes::send);
            });
            List<Shape> all = List.of(new Shape.Dot(new Point(1, 2)), new Shape.Label("two"), new Shape.Label("three"));
            try (Connection peer = net.connect(server.address())) {
                Framed<Shape> shapes = peer.framed(SHAPE);
                shapes.send(all.get(0));
                assertEquals(all.get(0), shapes.recv());
                shapes.sendAll(all);
                assertEquals(all, shapes.stream().limit(3).toList());
                assertEquals(all.get(2), shapes.sendAsync(all.get(2)).thenCompose(sent -> shapes.recvAsync()).get());
                shapes.unframed().shutdown(socketeer.Direction.WRITE);
                assertEquals(0, shapes.stream().count());
            }
            assertEquals(new Receipt(1, 1, 0, 0, 0, 0), server.stop());
        });
    }
}
