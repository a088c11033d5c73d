package socketeer.java;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;
import static socketeer.java.Socketeer.*;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import socketeer.Direction;
import socketeer.MemoryNetwork;
import socketeer.TimedOutException;
import socketeer.java.testing.CodecLaws;
import socketeer.java.testing.Values;

/** What the README shows of Java is what runs here: its blocks stand in this file, and do what the README says. */
class JavaReadmeTest {
    /** The port that the README calls 9000: free a moment ago, and the blocks bind it themselves. */
    private static int port;

    @BeforeEach
    void freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 0, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
    }

    @Test
    void everyJavaBlockOfTheReadmeStandsInThisFile() throws IOException {
        String here = code(Files.readString(Path.of("src/test/java/socketeer/java/JavaReadmeTest.java")));
        Matcher blocks = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("README.md")));
        int count = 0;
        for (; blocks.find(); count++) {
            String block = blocks.group(1);
            assertTrue(here.contains(code(block.replace("9000", "port"))), block);
        }
        assertTrue(count > 0);
    }

    /** Without imports, comments at the end of lines and white space, which each may set as he likes. */
    private static String code(String text) {
        return text.lines()
                .filter(line -> !line.startsWith("import "))
                .map(line -> line.replaceFirst(" //.*", ""))
                .collect(Collectors.joining())
                .replaceAll("\\s", "");
    }

    static class FirstPage {
        void main() throws Exception {
            net(net -> net.tcpServer(port, peer -> {
                for (Bytes b; (b = peer.recv()) != null; ) peer.send(b);
            }));
        }
    }

    @Test
    void theFirstPage() throws Exception {
        echoing(() -> {});
    }

    @Test
    void bothForms() throws Exception {
        echoing(() -> assertEquals("hello\nstill here\nnull\n", printed(() -> {
            net(net -> {
                try (Connection peer = net.connect(tcp("localhost", port))) {
                    peer.send("hello");
                    System.out.println(peer.recv().text());
                    try {
                        within(Duration.ofMillis(10), peer::recv);
                    } catch (TimedOutException nothing) {
                        peer.send("still here");
                    }
                    CompletableFuture<String> next = peer.recvAsync().thenApply(Bytes::text);
                    System.out.println(next.get());
                    peer.shutdown(Direction.WRITE);
                    System.out.println(peer.recv());
                }
            });
        })));
    }

    @Test
    void aSetupAndAServerAreValues() throws Exception {
        assertEquals("from memory\n1\n", printed(() -> {
            Setup setup = Setup.DEFAULT
                    .limits(Limits.DEFAULT.connections(100).drain(Duration.ofSeconds(2)))
                    .events(flightRecorder().andThen(event -> System.err.println(event)))
                    .network(new MemoryNetwork());
            net(setup, net -> {
                Server server = net.tcpServer(80, peer -> peer.send("from memory"));
                try (Connection peer = net.connect(server.address())) {
                    System.out.println(peer.recv().text());
                }
                System.out.println(server.stop().accepted());
            });
        }));
    }

    @Test
    void whatWrapsAHandler() throws Exception {
        assertEquals("192.0.2.7:56324 says hello\n", printed(this::wrapping));
    }

    private void wrapping() throws Exception {
        Rates rates = Rates.UNLIMITED.send(new Rate(512 << 10, Duration.ofSeconds(1)));
        net(net -> {
            Server server = net.tcpServer(0, proxied(List.of(cidr("127.0.0.1")), shaped(rates, peer -> {
                peer.framed(Codecs.lines()).forEach(line -> peer.send(peer.remote() + " says " + line + "\n"));
            })));
            try (Connection proxy = net.connect(server.address())) {
                proxy.send(Codecs.proxyV2().encode(new ProxyHeader(tcp("192.0.2.7", 56324), tcp("198.51.100.1", 443))));
                proxy.send("hello\n");
                System.out.print(proxy.recv().text());
            }
            server.stop();
        });
    }

    @Test
    void framing() throws Exception {
        assertEquals("2 points\n", printed(this::drawing));
    }

    private void drawing() throws Exception {
        record Point(int x, int y) {}

        Codec<Point> point = Codecs.int32().then(Codecs.int32())
                .map(it -> new Point(it.first(), it.second()), it -> new Pair<>(it.x(), it.y()));
        Codec<List<Point>> lines = Codecs.lengthPrefixed(point.repeatToEnd());

        net(net -> {
            Server server = net.tcpServer(0, peer -> {
                Framed<List<Point>> drawing = peer.framed(lines);
                drawing.forEach(line -> System.out.println(line.size() + " points"));
            });
            try (Connection peer = net.connect(server.address())) {
                peer.framed(lines).send(List.of(new Point(1, 2), new Point(3, 4)));
            }
            server.stop();
        });
    }

    /** A byte with the length, then that many bytes of text. */
    class ShortText implements Codec<String> {
        public int maxBytes() {
            return 256;
        }

        public void encode(String text, Output output) {
            byte[] bytes = text.getBytes(UTF_8);
            if (bytes.length > 255) throw new IllegalArgumentException("length <= 255, was " + bytes.length);
            output.write(bytes.length);
            output.write(bytes);
        }

        public Decoder<String> decoder() {
            return input -> {
                if (!input.has(1)) return null;
                int length = input.get(input.position()) & 0xff;
                if (!input.has(1 + length)) return null;
                input.readByte();
                return input.readText(length);
            };
        }
    }

    @TestFactory
    Stream<DynamicTest> laws() {
        return CodecLaws.of(new ShortText(), Values.texts(80)).map(law -> dynamicTest(law.name(), law::check));
    }

    interface Action {
        void run() throws Exception;
    }

    /** Runs {@code action} beside the first page's server, then interrupts that as Ctrl-C would. */
    private static void echoing(Action action) throws Exception {
        Waiting<Object> server = new Waiting<>(() -> {
            assertThrows(InterruptedException.class, () -> new FirstPage().main());
            return null;
        });
        assertEquals("hello", echoed("hello"));
        action.run();
        server.interruptAnyhow();
        server.get();
    }

    /** What comes back for {@code text}, once somebody listens. */
    private static String echoed(String text) throws IOException {
        while (true) {
            try (Socket socket = new Socket("127.0.0.1", port)) {
                socket.getOutputStream().write(text.getBytes(UTF_8));
                return new String(socket.getInputStream().readNBytes(text.length()), UTF_8);
            } catch (ConnectException notYet) {
                Thread.onSpinWait();
            }
        }
    }

    private static String printed(Action action) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true));
        try {
            action.run();
        } finally {
            System.setOut(before);
        }
        return bytes.toString(UTF_8);
    }
}
