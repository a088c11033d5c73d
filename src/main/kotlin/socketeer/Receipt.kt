package socketeer

import java.util.concurrent.atomic.AtomicLong

/**
 * How a server's connections ended: [accepted] is the sum of those that follow, but for [refused], who never got in.
 *
 * @property finished their handlers returned.
 * @property failed their handlers threw, or ran into a limit.
 * @property cancelled their handlers were cancelled when the time to drain was over.
 * @property aborted their handlers didn't end even then; their sockets were reset.
 * @property refused turned away at the door: see [Refusal].
 */
public data class Receipt(
    val accepted: Long,
    val finished: Long,
    val failed: Long,
    val cancelled: Long,
    val aborted: Long,
    val refused: Long = 0,
)

/**
 * A server's counters at one moment: see [Server.statistics].
 *
 * @property open connections it holds now; one whose handler has ended is among them until its socket is closed.
 * @property received bytes from all its connections so far, those closed and those open.
 * @property sent bytes to them.
 */
public data class Statistics(
    val accepted: Long,
    val open: Int,
    val finished: Long,
    val failed: Long,
    val cancelled: Long,
    val refused: Long,
    val received: Long,
    val sent: Long,
)

/** What is counted, always: one increment for each way in and each way out. */
internal class Tally {
    val accepted = AtomicLong()
    val finished = AtomicLong()
    val failed = AtomicLong()
    val cancelled = AtomicLong()
    val refused = AtomicLong()
    val received = AtomicLong()
    val sent = AtomicLong()

    /** Whose handlers have not ended. */
    val open: Long
        get() {
            val ended = finished.get() + failed.get() + cancelled.get()
            return accepted.get() - ended
        }

    /** At the end: who is still open gets no other end. */
    fun receipt(): Receipt =
        Receipt(accepted.get(), finished.get(), failed.get(), cancelled.get(), aborted = open, refused = refused.get())

    fun statistics(open: Collection<Connection>): Statistics = Statistics(
        accepted.get(),
        open.size,
        finished.get(),
        failed.get(),
        cancelled.get(),
        refused.get(),
        received = received.get() + open.sumOf { it.received },
        sent = sent.get() + open.sumOf { it.sent },
    )
}
