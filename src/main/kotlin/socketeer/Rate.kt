package socketeer

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.delay
import java.util.concurrent.atomic.AtomicLong
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.TimeSource

/**
 * So much in a time: `512.kiB per 1.seconds`, `10 per 1.minutes`.
 *
 * As a limit it is a bucket that holds [amount] and fills in [per]: after silence that much passes at once, from then
 * on it comes evenly. The same rate over a shorter time is a smoother one.
 *
 * @property amount how much, 1 to 2^40.
 * @property per a microsecond to a day.
 * @throws IllegalArgumentException naming the broken inequality.
 */
public data class Rate(val amount: Long, val per: Duration) {
    private val window = per.inWholeNanoseconds

    init {
        require(amount in 1..MAX_AMOUNT) { "a rate's amount is 1..$MAX_AMOUNT, was $amount" }
        require(per in 1.microseconds..1.days) { "a rate's time is ${1.microseconds}..${1.days}, was $per" }
    }

    /*
     * The bucket, as pure functions of time in nanoseconds. All that is known of one is the moment at which it is full
     * again: to take something moves that moment on, and what it is ahead of now by is what is missing. Rounded against
     * the taker, so that no more than the rate ever passes.
     */

    /** When a bucket that is full again at [full] is, after [n] were taken from it at [now]. [n] is 0 to [AT_ONCE]. */
    internal fun taken(full: Long, n: Int, now: Long): Long = maxOf(full, now) + cost(n)

    /** How long after [now] there is room for [n]; 0: at once. More than the bucket holds find room when it is full. */
    internal fun wait(full: Long, n: Int, now: Long): Long =
        maxOf(0, maxOf(full, now) - now + minOf(cost(n), window) - window)

    /** How much there is room for at [now], at most [AT_ONCE]. */
    internal fun room(full: Long, now: Long): Int {
        val filled = window - maxOf(0, full - now)
        if (filled <= 0) return 0
        return if (filled >= cost(AT_ONCE)) AT_ONCE else (filled * amount / window).toInt()
    }

    private fun cost(n: Int): Long = (n * window + amount - 1) / amount

    override fun toString(): String = "$amount per $per"

    internal companion object {
        /** No product of this and a day in nanoseconds is greater than a Long. */
        const val AT_ONCE = 1 shl 16
        private const val MAX_AMOUNT = 1L shl 40
    }
}

/** So much in the time [per]. */
public infix fun Int.per(per: Duration): Rate = Rate(toLong(), per)

/** So much in the time [per]. */
public infix fun Long.per(per: Duration): Rate = Rate(this, per)

/** So many times 1,024. */
public val Int.kiB: Long get() = this * 1_024L

/** So many times 1,024 × 1,024. */
public val Int.MiB: Long get() = this * 1_048_576L

/**
 * Lets no more pass than [rate] says, of whatever is taken from it: frames, requests, attempts. One for each connection
 * limits each, one for all limits them together. Any thread may take; who came first goes first.
 *
 * @param time what tells the time; in a test, the test's.
 */
public class Throttle(public val rate: Rate, private val time: TimeSource = TimeSource.Monotonic) {
    private val start = time.markNow()
    private val full = AtomicLong(0)

    private fun now() = start.elapsedNow().inWholeNanoseconds

    /** Suspends until one more may pass. A take that is cancelled while it waits has taken nothing. */
    public suspend fun take() {
        val now = now()
        val before = full.getAndUpdate { rate.taken(it, 1, now) }
        val wait = rate.wait(before, 1, now)
        if (wait == 0L) return
        try {
            delay(wait.nanoseconds)
        } catch (cause: CancellationException) {
            full.updateAndGet { it - (rate.taken(0, 1, 0)) }
            throw cause
        }
    }

    /** How long until there is room for [n]; nothing is taken. */
    internal fun waitFor(n: Int): Duration = rate.wait(full.get(), n, now()).nanoseconds

    /** How much there is room for now. */
    internal val room: Int get() = rate.room(full.get(), now())

    /** Takes what has passed. */
    internal fun passed(n: Long) {
        val now = now()
        var left = n
        while (left > 0) {
            val piece = minOf(left, Rate.AT_ONCE.toLong()).toInt()
            full.updateAndGet { rate.taken(it, piece, now) }
            left -= piece
        }
    }

    override fun toString(): String = "throttle of $rate"
}
