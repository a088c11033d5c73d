package socketeer.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static socketeer.java.Socketeer.flightRecorder;
import static socketeer.java.Socketeer.net;
import static socketeer.java.Socketeer.slf4j;
import static socketeer.java.Socketeer.tcp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.event.Level;
import socketeer.Address;
import socketeer.Direction;
import socketeer.ExhaustedException;
import socketeer.Notes;
import socketeer.Refusal;
import socketeer.Why;

/** Those who watch, given to a setup alone or with a consumer of one's own. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JavaWatchTest {
    private static final Address HERE = tcp("127.0.0.1", 9000);
    private static final Address THERE = tcp("127.0.0.2", 40_000);
    private static final Address CLIENT = tcp("192.0.2.7", 56324);
    private static final String ENDS = " server=echo local=127.0.0.1:9000 remote=127.0.0.2:40000";

    /** One connection, that says hello and hears it. */
    private static void oneEcho(Consumer<Event> events) throws Exception {
        net(Setup.DEFAULT.signals(false).events(events), net -> {
            Server server = net.tcpServer(tcp(0), net.limits(), "echo", peer -> {
                for (Bytes data; (data = peer.recv()) != null; ) peer.send(data);
            });
            try (Connection peer = net.connect(server.address())) {
                peer.send("hello");
                peer.shutdown(Direction.WRITE);
                assertEquals("hello", peer.recvExactly(5).text());
                assertEquals(null, peer.recv());
            }
            server.stop();
        });
    }

    private static List<RecordedEvent> recorded(Consumer<Event> events) throws Exception {
        try (Recording recording = new Recording()) {
            recording.enable("socketeer.Connection").withThreshold(Duration.ZERO);
            recording.start();
            oneEcho(events);
            recording.stop();
            return read(recording);
        }
    }

    private static List<RecordedEvent> read(Recording recording) throws IOException {
        Path file = Files.createTempFile("watch", ".jfr");
        try {
            recording.dump(file);
            return RecordingFile.readAllEvents(file).stream()
                    .filter(it -> it.getEventType().getName().startsWith("socketeer."))
                    .toList();
        } finally {
            Files.delete(file);
        }
    }

    private static void checkRecorded(List<RecordedEvent> events) {
        Map<String, RecordedEvent> byName = new LinkedHashMap<>();
        for (RecordedEvent event : events) byName.put(event.getEventType().getName(), event);
        assertEquals(2, events.size(), byName.keySet().toString());
        RecordedEvent connection = byName.get("socketeer.Connection");
        assertEquals("echo", connection.getString("server"));
        assertEquals("FINISHED", connection.getString("why"));
        assertEquals(5, connection.getLong("received"));
        assertEquals(5, connection.getLong("sent"));
        assertEquals(1, byName.get("socketeer.Drain").getLong("finished"));
    }

    @Test
    void aRecordingHasTheConnectionAndTheStop() throws Exception {
        checkRecorded(recorded(flightRecorder()));
    }

    @Test
    void aConsumerOfOnesOwnIsToldTheSame() throws Exception {
        Queue<Event> told = new ConcurrentLinkedQueue<>();
        checkRecorded(recorded(flightRecorder().andThen(told::add)));
        checkRecorded(recorded(((Consumer<Event>) told::add).andThen(flightRecorder())));
        List<Class<?>> once =
                List.of(Event.Accepted.class, Event.Closed.class, Event.Draining.class, Event.Drained.class);
        List<Class<?>> twice = new ArrayList<>(once);
        twice.addAll(once);
        assertEquals(twice, told.stream().map(Object::getClass).toList());
    }

    @Test
    void aLogWantsSingleConnectionsOnlyAtDebug() throws Exception {
        Notes info = new Notes(Level.INFO);
        oneEcho(slf4j(info));
        assertEquals(List.of("INFO draining", "INFO drained"), words(info));
        Notes debug = new Notes(Level.DEBUG);
        oneEcho(slf4j(debug));
        assertEquals(List.of("DEBUG accepted", "DEBUG closed", "INFO draining", "INFO drained"), words(debug));
    }

    private static List<String> words(Notes notes) {
        return notes.getLines().stream()
                .map(it -> it.substring(0, it.indexOf(" server=")))
                .toList();
    }

    @Test
    void eachEventIsALineOfALog() {
        Exception bug = new IllegalStateException("a bug");
        Map<Event, String> lines = new LinkedHashMap<>();
        lines.put(new Event.Accepted(HERE, THERE, "echo"), "DEBUG accepted" + ENDS);
        lines.put(new Event.Refused(HERE, THERE, Refusal.DENIED, "echo"), "DEBUG refused" + ENDS + " why=DENIED");
        lines.put(
                new Event.Closed(HERE, THERE, Why.FINISHED, null, 5, 6, Duration.ofMillis(7), "echo", null),
                "DEBUG closed" + ENDS + " why=FINISHED received=5 sent=6 duration=7ms");
        lines.put(
                new Event.HandlerFailed(HERE, THERE, bug, "echo", CLIENT),
                "ERROR handler failed" + ENDS + " client=192.0.2.7:56324 threw a bug");
        lines.put(
                new Event.ServerFailed(HERE, bug, "echo"),
                "ERROR server failed server=echo local=127.0.0.1:9000 threw a bug");
        lines.put(new Event.TaskFailed(bug), "ERROR coroutine failed threw a bug");
        lines.put(
                new Event.LoopBlocked("busy", Duration.ofSeconds(2), List.of()),
                "WARN loop blocked holder=busy atLeast=2s threw the stack of busy");
        lines.put(
                new Event.AcceptPaused(HERE, Duration.ofMillis(10), new ExhaustedException("too many", null), "echo"),
                "WARN accepting pauses server=echo local=127.0.0.1:9000 pause=10ms cause=too many");
        lines.put(
                new Event.Draining(HERE, 3, Duration.ofSeconds(5), "echo"),
                "INFO draining server=echo local=127.0.0.1:9000 open=3 grace=5s");
        lines.put(
                new Event.Drained(HERE, new Receipt(6, 1, 2, 3, 0, 4), "echo"),
                "INFO drained server=echo local=127.0.0.1:9000 "
                        + "accepted=6 finished=1 failed=2 cancelled=3 aborted=0 refused=4");
        List<?> kinds = lines.keySet().stream().map(Object::getClass).toList();
        assertTrue(kinds.containsAll(List.of(Event.class.getPermittedSubclasses())), kinds.toString());
        Notes notes = new Notes(Level.TRACE);
        lines.keySet().forEach(slf4j(notes));
        assertEquals(List.copyOf(lines.values()), notes.getLines());
    }
}
