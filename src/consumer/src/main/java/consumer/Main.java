package consumer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static socketeer.java.Socketeer.*;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import socketeer.Direction;
import socketeer.MemoryNetwork;
import socketeer.TimedOutException;
import socketeer.java.*;

/** The README's Java, in somebody else's project: ConsumerIT compares what it prints. */
final class Main {
    /** The port that the README calls 9000: free a moment ago. */
    private static int port;

    public static void main(String[] args) throws Exception {
        System.out.println(Main.class.getModule().isNamed() ? "on the module path" : "on the class path");
        try (ServerSocket free = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Thread server = new Thread(Main::firstPage);
        server.start();
        listening();
        bothForms();
        server.interrupt();
        server.join();
        values();
        wrapping();
        framing();
        net(net -> {
            Server shouting = net.tcpServer(0, peer -> {
                Framed<String> words = peer.framed(new ShortText());
                words.send(words.recv().toUpperCase());
            });
            try (Connection peer = net.connect(shouting.address())) {
                Framed<String> words = peer.framed(new ShortText());
                words.send("own framing");
                System.out.println(words.recv());
            }
            shouting.stop();
        });
    }

    private static void firstPage() {
        try {
            new FirstPage().main();
        } catch (InterruptedException asked) {
            System.out.println("ended");
        } catch (Exception cause) {
            throw new IllegalStateException(cause);
        }
    }

    static class FirstPage {
        void main() throws Exception {
            net(net -> net.tcpServer(port, peer -> {
                for (Bytes b; (b = peer.recv()) != null; ) peer.send(b);
            }));
        }
    }

    private static void listening() throws IOException {
        while (true) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), port).close();
                return;
            } catch (ConnectException notYet) {
                Thread.yield();
            }
        }
    }

    private static void bothForms() throws Exception {
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
    }

    private static void values() throws Exception {
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
    }

    private static void wrapping() throws Exception {
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

    private static void framing() throws Exception {
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

    private Main() {}
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
