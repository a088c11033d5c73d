package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.comparables.shouldBeGreaterThanOrEqualTo
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import jdk.jfr.Recording
import jdk.jfr.consumer.RecordedEvent
import jdk.jfr.consumer.RecordingFile
import org.slf4j.Marker
import org.slf4j.event.Level
import org.slf4j.event.LoggingEvent
import org.slf4j.helpers.AbstractLogger
import org.slf4j.spi.LoggingEventAware
import socketeer.watch.flightRecorder
import socketeer.watch.slf4j
import java.nio.file.Files
import kotlin.io.path.deleteIfExists
import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toJavaDuration

private val server = tcp("127.0.0.1", 9000)
private val peer = tcp("127.0.0.2", 40_000)
private val client = tcp("10.0.0.7", 50_000)
private val bug = IllegalStateException("a bug")
private val stack = listOf(StackTraceElement("Busy", "work", "Busy.kt", 7))
private val receipt = Receipt(accepted = 6, finished = 1, failed = 2, cancelled = 3, aborted = 0, refused = 4)

/** One of each, and the line that a log makes of it. */
private val told = listOf(
    Accepted(server, peer, "echo") to "DEBUG accepted server=echo local=127.0.0.1:9000 remote=127.0.0.2:40000",
    Refused(server, peer, Refusal.DENIED, "echo") to
        "DEBUG refused server=echo local=127.0.0.1:9000 remote=127.0.0.2:40000 why=DENIED",
    Closed(server, peer, Why.FINISHED, null, 5, 6, 7.milliseconds, "echo") to
        "DEBUG closed server=echo local=127.0.0.1:9000 remote=127.0.0.2:40000 why=FINISHED " +
        "received=5 sent=6 duration=7ms",
    Closed(server, peer, Why.IDLE, TimedOutException("idle"), 5, 6, 7.milliseconds, "echo", client) to
        "DEBUG closed server=echo local=127.0.0.1:9000 remote=127.0.0.2:40000 why=IDLE " +
        "received=5 sent=6 duration=7ms client=10.0.0.7:50000",
    HandlerFailed(server, peer, bug, "echo", client) to
        "ERROR handler failed server=echo local=127.0.0.1:9000 remote=127.0.0.2:40000 client=10.0.0.7:50000 threw a bug",
    HandlerFailed(server, peer, BrokenException("reset"), "echo") to
        "DEBUG handler failed cause=reset server=echo local=127.0.0.1:9000 remote=127.0.0.2:40000",
    HandlerFailed(server, peer, TimedOutException("idle"), "echo") to
        "DEBUG handler failed cause=idle server=echo local=127.0.0.1:9000 remote=127.0.0.2:40000",
    HandlerFailed(server, peer, RefusedException("upstream"), "echo") to
        "WARN handler failed cause=upstream server=echo local=127.0.0.1:9000 remote=127.0.0.2:40000",
    CoroutineFailed(bug) to "ERROR coroutine failed threw a bug",
    ServerFailed(server, bug, "echo") to "ERROR server failed server=echo local=127.0.0.1:9000 threw a bug",
    LoopBlocked("echo: busy", 2.seconds, stack) to
        "WARN loop blocked holder=echo: busy atLeast=2s threw the stack of echo: busy",
    AcceptPaused(server, 10.milliseconds, ExhaustedException("too many"), "echo") to
        "WARN accepting pauses server=echo local=127.0.0.1:9000 pause=10ms cause=too many",
    AcceptPaused(server, 10.milliseconds, null, "echo") to
        "WARN accepting pauses server=echo local=127.0.0.1:9000 pause=10ms cause=accept rate",
    Draining(server, 3, 5.seconds, "echo") to "INFO draining server=echo local=127.0.0.1:9000 open=3 grace=5s",
    Drained(server, receipt, "echo") to
        "INFO drained server=echo local=127.0.0.1:9000 accepted=6 finished=1 failed=2 cancelled=3 aborted=0 refused=4",
)

/** Those who watch: a logger, and the flight recorder. */
class WatchTest : FunSpec({
    test("each event is a line of a log, at its level, with its values under their names") {
        val notes = Notes(Level.TRACE)
        val log = slf4j(notes)
        for ((event, line) in told) {
            notes.lines.clear()
            log(event)
            notes.lines.single() shouldBe line
        }
        notes.thrown.last { it.message == "the stack of echo: busy" }.stackTrace.toList() shouldBe stack
    }

    test("a log wants single connections only at DEBUG") {
        slf4j(Notes(Level.DEBUG)).eachConnection shouldBe true
        slf4j(Notes(Level.INFO)).eachConnection shouldBe false
        val notes = Notes(Level.INFO)
        net(events = slf4j(notes), signals = false) { oneEcho() }
        notes.lines.map { it.substringBefore(" server=") } shouldBe listOf("INFO draining", "INFO drained")
    }

    test("each event is one of a recording, with all its values") {
        val events = recorded { record -> told.forEach { record(it.first) } }.groupBy { it.name }
        events.keys shouldBe setOf(
            "Connection",
            "Refused",
            "HandlerFailed",
            "CoroutineFailed",
            "ServerFailed",
            "LoopBlocked",
            "AcceptPaused",
            "Drain",
        ).map { "socketeer.$it" }.toSet()
        events.getValue("socketeer.Connection").first().values() shouldBe mapOf(
            "server" to "echo",
            "local" to "127.0.0.1:9000",
            "remote" to "127.0.0.2:40000",
            "client" to null,
            "why" to "FINISHED",
            "cause" to null,
            "received" to 5L,
            "sent" to 6L,
            "open" to 7_000_000L,
        )
        events.getValue("socketeer.Connection").last().getString("client") shouldBe "$client"
        events.getValue("socketeer.Refused").single().getString("why") shouldBe "DENIED"
        events.getValue("socketeer.HandlerFailed").first().run {
            getString("cause") shouldBe "$bug"
            getString("client") shouldBe "$client"
            getString("stack") shouldStartWith "${bug.stackTrace.first()}\n"
        }
        events.getValue("socketeer.LoopBlocked").single().values() shouldBe
            mapOf("holder" to "echo: busy", "atLeast" to 2_000_000_000L, "stack" to "${stack.single()}")
        events.getValue("socketeer.AcceptPaused").map { it.getValue<Any?>("cause") } shouldBe
            listOf("${ExhaustedException("too many")}", null)
        events.getValue("socketeer.Drain").single().values() shouldBe mapOf(
            "server" to "echo", "local" to "127.0.0.1:9000", "grace" to 5_000_000_000L, "accepted" to 6L,
            "finished" to 1L, "failed" to 2L, "cancelled" to 3L, "aborted" to 0L, "refused" to 4L,
        )
    }

    test("a connection is recorded as long as it was, with what it carried; a stop too") {
        val started = System.nanoTime()
        val events = recorded { record -> net(events = record, signals = false) { oneEcho() } }
        val whole = (System.nanoTime() - started).nanoseconds.toJavaDuration()
        events.map { it.name } shouldBe listOf("socketeer.Connection", "socketeer.Drain")
        for (event in events) event.duration shouldBeLessThan whole
        events.first().run {
            getLong("received") shouldBe 5
            getLong("sent") shouldBe 5
            // Begun as it was told of, just after it was accepted.
            // Two clocks: the server's and the recorder's.
            getDuration("open").plusMillis(1) shouldBeGreaterThanOrEqualTo duration
        }
    }

    test("a recording's threshold holds for connections") {
        recorded(threshold = 1.hours) { record -> net(events = record, signals = false) { oneEcho() } }
            .map { it.name } shouldBe listOf("socketeer.Drain")
    }

    test("clients that have no name are told apart by how long they stay") {
        val (here, nobody) = unix("/run/echo") to unix("")
        val events = recorded { record ->
            val began = List(2) { System.nanoTime().also { _ -> record(Accepted(here, nobody, "echo")) } }
            for (n in listOf(1, 0)) {
                val open = (System.nanoTime() - began[n]).nanoseconds
                record(Closed(here, nobody, Why.FINISHED, null, n.toLong(), 0, open, "echo"))
            }
        }.associateBy { it.getLong("received") }
        events.getValue(0).startTime shouldBeLessThan events.getValue(1).startTime
    }

    test("without a recording nobody asks for single connections, and an older connection is told of all the same") {
        val record = flightRecorder()
        record.eachConnection shouldBe false
        record(Accepted(server, peer, "echo"))
        val closed = Closed(server, peer, Why.IDLE, null, 5, 6, 7.seconds, "echo")
        recorded(record) { it(closed) }.single().getDuration("open") shouldBe 7.seconds.toJavaDuration()
        record.eachConnection shouldBe false
    }

    test("the README's session with jcmd and jfr") {
        val file = Files.createTempFile("watched", ".jfr")
        try {
            Launch("watched", "0").use {
                val server = it.listening()
                jdk("jcmd", "${it.pid}", "JFR.start", "dumponexit=true", "filename=$file") shouldContain
                    "Started recording 1."
                server.ask("hello\n") shouldBe "hello\n"
                it.signal("TERM")
                it.end() shouldBe 0
                val printed = jdk("jfr", "print", "--events", "socketeer.*", "$file")
                printed shouldContain "socketeer.Connection {"
                printed shouldContain "server = \"watched\""
                printed shouldContain "received = 6 bytes"
                printed shouldContain "socketeer.Drain {"
            }
        } finally {
            file.deleteIfExists()
        }
    }
})

/** What is recorded of what [block] tells, in the order in which it ended. */
private fun recorded(
    record: Events = flightRecorder(),
    threshold: Duration = Duration.ZERO,
    block: (Events) -> Unit,
): List<RecordedEvent> = Recording().use { recording ->
    recording.enable("socketeer.Connection").withThreshold(threshold.toJavaDuration())
    recording.start()
    block(record)
    recording.stop()
    val file = Files.createTempFile("watch", ".jfr")
    try {
        recording.dump(file)
        RecordingFile.readAllEvents(file).filter { it.name.startsWith("socketeer.") }.sortedBy { it.endTime }
    } finally {
        file.deleteIfExists()
    }
}

private val RecordedEvent.name: String get() = eventType.name

/** What an event says beside what all events of JFR say. */
private fun RecordedEvent.values(): Map<String, Any?> =
    fields.map { it.name }.filter { it !in setOf("startTime", "duration", "eventThread", "stackTrace") }
        .associateWith { getValue<Any?>(it) }

private suspend fun Net.oneEcho() {
    val server = tcpServer(0, name = "echo") { while (true) send(recv() ?: break) }
    connect(server.address).use {
        it.send("hello")
        it.shutdown(Direction.WRITE)
        it.recvExactly(5)?.text() shouldBe "hello"
        it.recv() shouldBe null
    }
    server.stop()
}

/** What a [tool] of this JVM's JDK prints. */
private fun jdk(tool: String, vararg args: String): String =
    ProcessBuilder(listOf("${System.getProperty("java.home")}/bin/$tool") + args).redirectErrorStream(true).start()
        .inputReader().readText()

/** A logger that keeps what it is told, from [lowest] on: level, words, values, and what was thrown. */
internal class Notes(private val lowest: Level) :
    AbstractLogger(),
    LoggingEventAware {
    val lines = ArrayList<String>()
    val thrown = ArrayList<Throwable>()

    override fun log(event: LoggingEvent) {
        val values = event.keyValuePairs.orEmpty().map { "${it.key}=${it.value}" }
        val thrown = listOfNotNull(event.throwable?.also { this.thrown += it }?.let { "threw ${it.message}" })
        lines += (listOf("${event.level} ${event.message}") + values + thrown).joinToString(" ")
    }

    override fun handleNormalizedLoggingCall(
        level: Level,
        marker: Marker?,
        message: String?,
        arguments: Array<out Any?>?,
        thrown: Throwable?,
    ): Unit = error("told otherwise than as an event: $message")

    override fun getFullyQualifiedCallerName(): String? = null

    private fun takes(level: Level) = level.toInt() >= lowest.toInt()

    override fun isTraceEnabled(): Boolean = takes(Level.TRACE)

    override fun isTraceEnabled(marker: Marker?): Boolean = takes(Level.TRACE)

    override fun isDebugEnabled(): Boolean = takes(Level.DEBUG)

    override fun isDebugEnabled(marker: Marker?): Boolean = takes(Level.DEBUG)

    override fun isInfoEnabled(): Boolean = takes(Level.INFO)

    override fun isInfoEnabled(marker: Marker?): Boolean = takes(Level.INFO)

    override fun isWarnEnabled(): Boolean = takes(Level.WARN)

    override fun isWarnEnabled(marker: Marker?): Boolean = takes(Level.WARN)

    override fun isErrorEnabled(): Boolean = takes(Level.ERROR)

    override fun isErrorEnabled(marker: Marker?): Boolean = takes(Level.ERROR)
}
