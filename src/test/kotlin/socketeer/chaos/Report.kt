package socketeer.chaos

import java.util.Locale
import kotlin.time.Duration
import kotlin.time.DurationUnit

/** All that was counted. */
class Report(
    val plan: Plan,
    val elapsed: Duration,
    val rounds: Int,
    val storm: Map<Weather, Counts>,
    val events: Counts,
    val receipts: Counts,
    val toldAtTheEbb: Long,
    val resumed: List<Duration>,
    val polite: Map<String, Map<Weather, Served>>,
    val complaints: List<String>,
    val before: Counts,
    val after: Counts,
    val noise: List<String>,
) {
    /** What must not be, and is. */
    val faults: List<String>
        get() = leaks(before, after, receipts("accepted")) + complaints.take(MANY) + turnedAway() + sums() + silences()

    private fun turnedAway(): List<String> = storm.flatMap { (weather, counts) ->
        counts.filter { (name, _) ->
            when (Outcome.valueOf(name.substringAfter('.'))) {
                Outcome.SERVED -> false
                Outcome.TURNED_AWAY -> !weather.mayRefuse
                // While there is a listener, everybody gets at least into its backlog.
                Outcome.REFUSED -> !weather.mayEnd
                Outcome.WRONG -> true
            }
        }.map { (name, count) -> "${weather.words}: $name $count" }
    }

    private fun sums(): List<String> = listOfNotNull(
        "receipts: $receipts".takeIf {
            receipts("accepted") != listOf("finished", "failed", "cancelled", "aborted").sumOf { receipts(it) }
        },
        "accepted: fewer than ${plan.connections}".takeIf { receipts("accepted") < plan.connections },
        "more were answered than accepted".takeIf { answered() > receipts("accepted") },
        "not the weather's: ${events("unexpected")} events".takeIf { events("unexpected") > 0 },
    )

    private fun answered() = listOf(Kind.WORD, Kind.HALF_CLOSE, Kind.DRIP).sumOf { kind ->
        storm.values.sumOf { it("$kind.${Outcome.SERVED}") }
    }

    /** What was to be tried and didn't come about. */
    private fun silences(): List<String> = listOfNotNull(
        "descriptors never ran out".takeIf { events("AcceptPaused") < rounds },
        "polite clients were never answered".takeIf { polite.values.any { it.getValue(Weather.STORM).answers == 0 } },
        "nobody who was there was answered without descriptors".takeIf {
            polite.values.none { it.getValue(Weather.EXHAUSTED).answers > 0 }
        },
    )

    override fun toString(): String = listOf(head(), clients(), politely(), server(), left(), noise.joinToString("\n"))
        .filter { it.isNotEmpty() }.joinToString("\n\n")

    private fun head(): String {
        val accepted = receipts("accepted")
        val rate = accepted / elapsed.inWholeSeconds.coerceAtLeast(1)
        return "chaos, seed ${plan.seed}: ${n(accepted)} connections in ${elapsed.toString(DurationUnit.SECONDS)}, " +
            "${n(rate)} a second; rounds: $rounds, each a storm, a time without descriptors, and a stop"
    }

    private fun clients(): String {
        val columns = listOf(
            Weather.STORM to Outcome.SERVED,
            Weather.EXHAUSTED to Outcome.SERVED,
            Weather.EXHAUSTED to Outcome.TURNED_AWAY,
            Weather.STOPPING to Outcome.SERVED,
            Weather.STOPPING to Outcome.TURNED_AWAY,
            Weather.STOPPING to Outcome.REFUSED,
        )
        val titles = listOf("in the storm", "exhausted", "turned away", "stopping", "turned away", "refused")
        val head = row("what a client does", titles)
        return (
            listOf(head) + Kind.entries.map { kind ->
                row(kind.words, columns.map { (weather, outcome) -> n(storm.getValue(weather)("$kind.$outcome")) })
            }
            ).joinToString("\n")
    }

    private fun politely(): String = polite.map { (how, weathers) ->
        val head = row("a polite client, $how", "answers", "median", "99.9 %", "worst", "turned away")
        (listOf(head) + weathers.map { (weather, served) -> row(weather, served) }).joinToString("\n")
    }.joinToString("\n\n")

    private fun row(weather: Weather, served: Served) = row(
        weather.words,
        n(served.answers),
        ms(served.most(few = 500)),
        ms(served.most(few = 1)),
        ms(served.worst),
        n(served.turnedAway),
    )

    private fun server(): String = """
        accepting paused ${n(
        events("AcceptPaused"),
    )} times; ${n(toldAtTheEbb)} of those who waited were told by a close;
        when there were descriptors again, serving went on after ${ms(resumed.min())} to ${ms(resumed.max())}
        events: ${events.entries.sortedBy { it.key }.joinToString { (name, count) -> "$name ${n(count)}" }}
        receipts: ${receipts.entries.joinToString { (name, count) -> "$name ${n(count)}" }}
    """.trimIndent()

    private fun left(): String =
        "left: " + after.entries.joinToString { (name, count) -> "$name ${n(count - before(name))}" }

    private fun row(first: String, vararg cells: String) = row(first, cells.toList())

    private fun row(first: String, cells: List<String>) =
        first.padEnd(FIRST) + cells.joinToString("") { it.padStart(CELL) }

    private fun n(count: Number): String = String.format(Locale.ROOT, "%,d", count.toLong())

    private fun ms(time: Duration): String = time.toString(DurationUnit.MILLISECONDS)

    private fun ms(micros: Int): String = String.format(Locale.ROOT, "%,.1f ms", micros / 1_000.0)
}

private const val MANY = 10
private const val FIRST = 44
private const val CELL = 13
