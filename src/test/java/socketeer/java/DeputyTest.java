package socketeer.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static socketeer.java.Socketeer.net;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import socketeer.loop.NioNetwork;
import socketeer.loop.SelectLoop;

/** A virtual thread takes a loop's turns while many virtual threads wait for it, and nobody sees a difference. */
@EnabledForJreRange(min = JRE.JAVA_21)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeputyTest {
    private static final int PEERS = 16;

    private volatile boolean spinning;
    private volatile boolean released;

    @Test
    void itComesWithTheManyAndGoesWithThem() throws Exception {
        onLoop((loop, net) -> {
            List<Connection> peers = peers(net);
            while (!loop.toString().contains("-deputy")) round(peers);
            while (loop.toString().contains("-deputy")) Thread.yield();
            round(peers);
        });
    }

    @Test
    void handlersThatKeepEveryCarrierDoNotKeepTheLoop() throws Exception {
        onLoop((loop, net) -> {
            Server server = net.tcpServer(0, peer -> peer.send("x"));
            List<Connection> peers = peers(net);
            while (!loop.toString().contains("-deputy")) round(peers);
            spinning = true;
            for (Connection peer : peers) peer.sendAsync("x");
            // Only the loop can do these.
            for (int i = 0; i < 100; i++) net.connectAsync(server.address()).get().closeAsync().get();
            released = true;
            for (Connection peer : peers) assertEquals("x", peer.recvAsync().get().text());
        });
    }

    @Test
    void anInterruptOfTheCallerEndsItAtAnyMoment() throws Exception {
        for (int i = 0; i < 5; i++) {
            CountDownLatch ended = new CountDownLatch(1);
            CountDownLatch many = new CountDownLatch(500 * i + 1);
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            Thread caller = new Thread(() -> {
                try {
                    net(Setup.DEFAULT.signals(false), net -> {
                        try {
                            for (Connection peer : peers(net)) {
                                net.launch(() -> {
                                    while (true) {
                                        peer.send("x");
                                        peer.recv();
                                        many.countDown();
                                    }
                                });
                            }
                            new CountDownLatch(1).await();
                        } finally {
                            ended.countDown();
                        }
                    });
                    thrown.complete(null);
                } catch (Throwable cause) {
                    thrown.complete(cause);
                }
            });
            caller.start();
            many.await();
            caller.interrupt();
            assertEquals(InterruptedException.class, thrown.get().getClass());
            assertEquals(0, ended.getCount());
            caller.join();
        }
    }

    @Test
    void whatABlockThrowsIsWhatNetThrows() {
        Exception mine = new Exception("mine");
        Exception thrown = assertThrows(Exception.class, () -> net(Setup.DEFAULT.signals(false), net -> {
            List<Connection> peers = peers(net);
            for (int i = 0; i < 100; i++) round(peers);
            throw mine;
        }));
        assertEquals("mine", thrown.getMessage());
    }

    private interface Body {
        void run(SelectLoop loop, Net net) throws Exception;
    }

    /** On a loop of its own, and on this thread, which no handler can keep from a processor. */
    private static void onLoop(Body body) throws Exception {
        try (SelectLoop loop = new SelectLoop()) {
            loop.start("socketeer-loop");
            CompletableFuture<Net> made = new CompletableFuture<>();
            CompletableFuture<Void> over = new CompletableFuture<>();
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            Exception ended = new Exception("ended");
            Thread running = new Thread(() -> thrown.complete(assertThrows(Throwable.class, () ->
                    net(Setup.DEFAULT.signals(false).network(new NioNetwork(loop)), net -> {
                        made.complete(net);
                        over.get();
                        throw ended;
                    }))));
            running.start();
            try {
                body.run(loop, made.get());
            } finally {
                over.complete(null);
                running.join();
            }
            assertEquals("ended", thrown.get().getMessage());
        }
    }

    private List<Connection> peers(Net net) throws Exception {
        Server server = net.tcpServer(0, peer -> {
            for (Bytes data; (data = peer.recv()) != null; ) {
                while (spinning && !released) Thread.onSpinWait();
                peer.send(data);
            }
        });
        List<Connection> peers = new ArrayList<>();
        for (int i = 0; i < PEERS; i++) peers.add(net.connect(server.address()));
        return peers;
    }

    /** Sent all at once, by the loop: so they come all at once. */
    private static void round(List<Connection> peers) throws Exception {
        List<CompletableFuture<Bytes>> answers = new ArrayList<>();
        for (Connection peer : peers) answers.add(peer.recvAsync());
        for (Connection peer : peers) peer.sendAsync("x");
        for (CompletableFuture<Bytes> answer : answers) assertEquals("x", answer.get().text());
    }
}
