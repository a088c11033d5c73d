package socketeer.bench.codec

import org.openjdk.jmh.profile.GCProfiler
import org.openjdk.jmh.results.RunResult
import org.openjdk.jmh.runner.Runner
import org.openjdk.jmh.runner.options.CommandLineOptions
import org.openjdk.jmh.runner.options.OptionsBuilder
import org.openjdk.jmh.runner.options.TimeValue

/** Runs what JMH's own [arguments] say, all of it if none; then prints how everybody fared beside us. */
fun main(arguments: Array<String>) {
    val options = OptionsBuilder().parent(CommandLineOptions(*arguments)).addProfiler(GCProfiler::class.java)
    if (System.getProperty("bench.quick") in setOf("", "true")) {
        val short = TimeValue.milliseconds(SHORT_MILLIS)
        options.forks(1).warmupIterations(2).warmupTime(short).measurementIterations(3).measurementTime(short)
    }
    val measured = Runner(options.build()).run().map(::Measured)
    println()
    for ((title, rows) in measured.groupBy { it.title }) if (title == "Drip") drips(rows) else tables(title, rows)
}

/** What one contender took for a message: nanoseconds, the median of all iterations (least–most); bytes allocated. */
private class Measured(result: RunResult) {
    val title: String = result.params.benchmark.split('.').let { it[it.size - 2] }
    val framing: String = result.params.getParam("framing").orEmpty().lowercase()
    val who: String = result.params.getParam("who")
    val size: Int = result.params.getParam("size").toInt()
    private val iterations = result.primaryResult.statistics
    val time: Double = iterations.getPercentile(HALF)
    val spread: String = "%.1f (%.1f–%.1f)".format(time, iterations.min, iterations.max)
    val allocated: Double = result.secondaryResults.getValue("gc.alloc.rate.norm").score

    /** Bytes of a message on the wire. */
    val wire: Double get() = Traffic(Framing.valueOf(framing.uppercase()), size).wire.size / MESSAGES.toDouble()
}

private fun tables(title: String, rows: List<Measured>) {
    glance(title, rows)
    table(title, rows)
}

/** A line a framing, a column a contender: nanoseconds a message, and how many times ours that is. */
private fun glance(title: String, rows: List<Measured>) {
    val who = rows.map { it.who }.distinct()
    println("| ${title.lowercase()}: ns a message (× ours) | ${who.joinToString(" | ")} |")
    println("|---|" + "--:|".repeat(who.size))
    for ((key, group) in rows.groupBy { it.framing to it.size }) {
        val ours = group.firstOrNull { it.who == "socketeer" }
        val cells = who.map { name -> group.first { it.who == name } }.map { row ->
            "%.0f".format(row.time) + if (ours == null || row === ours) "" else " (%.1f)".format(row.time / ours.time)
        }
        println("| ${key.first} | ${cells.joinToString(" | ")} |")
    }
    println()
}

private fun table(title: String, rows: List<Measured>) {
    val what = title.lowercase()
    println("| $what | | ns a message | × ours | million messages/s | MB/s | bytes allocated a message |")
    println("|---|---|--:|--:|--:|--:|--:|")
    for ((key, group) in rows.groupBy { it.framing to it.size }) {
        val ours = group.firstOrNull { it.who == "socketeer" }
        for (row in group) {
            val ratio = if (ours == null) "–" else "%.2f".format(row.time / ours.time)
            val name = if (row === ours) "**socketeer**" else row.who
            val cells = listOf(
                key.first,
                name,
                row.spread,
                ratio,
                "%.1f".format(1_000 / row.time),
                "%.0f".format(1_000 * row.wire / row.time),
                "%.0f".format(row.allocated),
            )
            println(cells.joinToString(" | ", "| ", " |"))
        }
    }
    println()
}

private fun drips(rows: List<Measured>) {
    val sizes = rows.map { it.size }.distinct()
    println("| byte by byte, 4 bytes of length | ${sizes.joinToString(" | ") { "$it bytes: ns a byte" }} |")
    println("|---|" + "--:|".repeat(sizes.size))
    for ((who, group) in rows.groupBy { it.who }) {
        println("| $who | " + group.joinToString(" | ") { "%.1f".format(1_000 * it.time / it.size) } + " |")
    }
    println()
}

private const val HALF = 50.0
private const val SHORT_MILLIS = 400L
