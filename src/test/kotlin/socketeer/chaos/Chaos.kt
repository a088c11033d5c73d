package socketeer.chaos

import socketeer.ChildJvm
import socketeer.LOOPBACK
import java.io.IOException
import java.net.InetSocketAddress
import java.net.Socket
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.TimeSource

/*
 * Three processes: the server, with few descriptors; the storm, clients that behave badly in every way; and this one,
 * where a polite client asks all the while and is timed by nobody's garbage collector but its own. A round is a storm
 * that the server must bear with nobody turned away, one that leaves it without descriptors, and one with a stop in the
 * middle, after which it serves the same port again. The first round only warms up; what the server holds after it, it
 * must hold after the last.
 */

/** [connections], or as many as come in [time], from [seed]. */
class Plan(val seed: Long, val connections: Long, val time: Duration) {
    /** Enough for a machine that is much slower than any we know. */
    val patience: Duration get() = 5.minutes + time * 2 + 1.minutes * (connections / 10_000).toInt()
}

/** Goes through [plan]. */
fun chaos(plan: Plan): Report =
    child("the server", plan, "socketeer.chaos.ServerKt", descriptors = DESCRIPTORS).use { server ->
        val port = server.says("listening")("port")
        child("the storm", plan, "socketeer.chaos.StormKt", "$port", "${plan.seed}").use { storm ->
            Rounds(plan, server, storm, InetSocketAddress(LOOPBACK, port.toInt())).run()
        }
    }

private fun child(name: String, plan: Plan, main: String, vararg args: String, descriptors: Int? = null) =
    Child(name, ChildJvm(main, *args, descriptors = descriptors, patience = plan.patience))

private class Rounds(
    private val plan: Plan,
    private val server: Child,
    private val storm: Child,
    private val address: InetSocketAddress,
) {
    private val stormed = Weather.entries.associateWithTo(LinkedHashMap<Weather, Counts>()) { emptyMap() }
    private var receipts: Counts = emptyMap()
    private var events: Counts = emptyMap()
    private var eventsBefore: Counts = emptyMap()
    private var toldAtTheEbb = 0L
    private val resumed = ArrayList<Duration>()

    fun run(): Report {
        Polite(address).use { round(it, WARM_UP) }
        val before = quiet()
        forget()
        val start = TimeSource.Monotonic.markNow()
        val polite = Polite(address)
        var rounds = 0
        polite.use {
            while (receipts("accepted") < plan.connections || start.elapsedNow() < plan.time) {
                val left = plan.connections - receipts("accepted")
                round(it, if (left > 0) left.coerceIn(FEWEST, MOST).toInt() else SOAKING)
                rounds++
            }
        }
        val elapsed = start.elapsedNow()
        val after = quiet()
        receipts += server.ask("stop", "receipt")
        return Report(
            plan, elapsed, rounds, stormed, events - eventsBefore, receipts, toldAtTheEbb, resumed, polite.served(),
            polite.complaints.toList(), before, after, server.noise + storm.noise,
        )
    }

    /** What the server holds when everybody has gone. */
    private fun quiet(): Counts {
        // Who comes last is served last: then nobody waits in the backlog any more.
        untilServed()
        events = server.ask("settle 0", "settled")
        return server.ask("holds", "holds")
    }

    private fun forget() {
        stormed.replaceAll { _, _ -> emptyMap() }
        receipts = emptyMap()
        eventsBefore = events
        resumed.clear()
        toldAtTheEbb = 0
    }

    private fun round(polite: Polite, clients: Int) {
        rage(Weather.STORM, clients) {}
        polite.now(Weather.EXHAUSTED)
        exhaust((clients / 20).coerceAtMost(LONG_DROUGHT))
        polite.now(Weather.STOPPING)
        rage(Weather.STOPPING, clients / 20) { receipts += server.ask("stop", "receipt") }
        polite.now(Weather.STORM)
    }

    /** A storm of [clients], and [halfway] through. */
    private fun rage(weather: Weather, clients: Int, halfway: () -> Unit) {
        storm.ask("storm $clients", "half")
        halfway()
        stormed.merge(weather, storm.says("done"), Counts::plus)
    }

    private fun exhaust(clients: Int) {
        storm.ask("flood ${DESCRIPTORS + 200}", "flooded")
        untilOneMore("AcceptPaused")
        rage(Weather.EXHAUSTED, clients) {
            if (clients >= LONG_DROUGHT) untilOneMore("Refused")
            val ebb = TimeSource.Monotonic.markNow()
            toldAtTheEbb += storm.ask("ebb", "ebbed")("told")
            untilServed()
            resumed += ebb.elapsedNow()
        }
    }

    private fun untilOneMore(event: String) {
        events = server.ask("$event ${events(event)}", event)
    }

    private fun untilServed() {
        do {
            val served = isServed()
        } while (!served)
    }

    private fun isServed(): Boolean = try {
        Socket(address.address, address.port).use {
            it.outputStream.write(1)
            it.inputStream.read() == 1
        }
    } catch (_: IOException) {
        false
    }
}

private const val DESCRIPTORS = 600
private const val WARM_UP = 1_000

/** Clients enough to keep them waiting until the server, which doesn't leave them so for long, turns them away. */
private const val LONG_DROUGHT = 400
private const val FEWEST = 500L
private const val MOST = 50_000L

/** Clients a round of a soak: often enough without descriptors and stopped. */
private const val SOAKING = 10_000
