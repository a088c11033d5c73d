package socketeer.chaos

import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.job
import socketeer.Net
import socketeer.loop.SelectLoop
import socketeer.testing.directMemory
import java.io.IOException
import java.lang.management.ManagementFactory
import java.nio.file.Files
import java.nio.file.Path
import kotlin.coroutines.ContinuationInterceptor
import kotlin.io.path.listDirectoryEntries
import kotlin.time.Duration.Companion.milliseconds

/** What a process holds on to when nobody is connected, and what it works meanwhile: counted in it, judged outside. */
suspend fun Net.holds(): Counts {
    val loop = coroutineContext[ContinuationInterceptor] as SelectLoop
    return mapOf(
        // First, because it takes longer than the server's next look at who is overdue: that finds nobody and waits for
        // somebody to come, without a timer.
        "cpuMillis" to cpuMillis(),
        "descriptors" to descriptors(),
        "keys" to loop.poller.selector.keys().count { it.isValid }.toLong(),
        "coroutines" to coroutineContext.job.family() + loop.coroutineContext.job.family(),
        "timers" to loop.timerCount.toLong(),
        "directMiB" to (directMemory() shr 20),
        "heap" to heap(),
    )
}

/**
 * What is wrong with what a process holds [after] as many [connections] as told, compared with what it held [before].
 *
 * What can be counted must be the same. The heap can't be: classes, caches and what the collector makes of both differ
 * by a MiB or two between any two moments, so that a leak shows in many connections and not in few.
 */
fun leaks(before: Counts, after: Counts, connections: Long): List<String> {
    val counted = listOf("descriptors", "keys", "coroutines", "timers", "directMiB")
        .filter { after(it) != before(it) }
        .map { "$it: ${before(it)} before, ${after(it)} after" }
    val grown = after("heap") - before("heap")
    val allowed = HEAP_NOISE + HEAP_A_CONNECTION * connections
    return counted +
        listOfNotNull(
            "heap: grown by $grown bytes, ${grown / connections} a connection".takeIf { grown > allowed },
            "CPU: ${after("cpuMillis")} ms of $IDLE in which nothing happens".takeIf { after("cpuMillis") > BUSY },
        )
}

/** All but files, which are the class path's. */
private fun descriptors(): Long = Path.of("/proc/self/fd").listDirectoryEntries().count {
    try {
        !Files.readSymbolicLink(it).toString().startsWith("/")
    } catch (_: IOException) {
        // The one that listed the directory.
        false
    }
}.toLong()

private fun Job.family(): Long = children.sumOf { 1 + it.family() }

/** Collected until nothing more comes of it: what one round frees may hold what the next one can. */
private fun heap(): Long {
    var used = Long.MAX_VALUE
    while (true) {
        System.gc()
        val now = ManagementFactory.getMemoryMXBean().heapMemoryUsage.used
        if (now > used - COLLECTED) return now
        used = now
    }
}

/** What this thread, the loop's, works while nothing happens: who spins has a third of a busy processor at least. */
private suspend fun cpuMillis(): Long {
    val threads = ManagementFactory.getThreadMXBean()
    val before = threads.currentThreadCpuTime
    delay(IDLE)
    return (threads.currentThreadCpuTime - before) / 1_000_000
}

private val IDLE = 300.milliseconds
private const val BUSY = 30
private const val HEAP_NOISE = 4L shl 20
private const val HEAP_A_CONNECTION = 20L
private const val COLLECTED = 16L shl 10
